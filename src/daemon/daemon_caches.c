/*
 * daemon_caches: the session caches, from main.cf to open files.
 */
#include "daemon.h"

#include "data_path.h"
#include "log.h"
#include "prng.h"
#include "settings_digest.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Making the index before the first answer, which is due within 0.3 s. */
#define START_BUDGET_US 200000

/* The parameters that each type of cache has. */
struct cache_settings {
	const char *database;
	const char *database_name;
	int64_t timeout_s;
	const char *loglevel;
	const char *loglevel_name;
};

#define CACHE_SETTINGS(settings, side)                                     \
	{                                                                  \
		(settings)->side##_tls_session_cache_database,             \
		    #side "_tls_session_cache_database",                   \
		    (settings)->side##_tls_session_cache_timeout,          \
		    (settings)->side##_tls_loglevel, #side "_tls_loglevel" \
	}

/* A cache that cannot be used is off, with one warning; the others go on. */
static void
warn_of_database(const struct daemon *daemon,
    const struct cache_settings *settings, char *problem)
{
	char *text = config_describe_problem(daemon->config,
	    settings->database_name, settings->database, problem);

	log_warning("%s", text);
	free(text);
	free(problem);
}

static const struct store_kind *
find_store(const struct daemon *daemon, const struct cache_settings *settings,
    const char *type, const char *path)
{
	const struct store_kind *kind = store_kind_find(type);
	char *types;

	if (kind == NULL) {
		types = store_types();
		warn_of_database(daemon, settings,
		    xasprintf(
			"unsupported type \"%s\" (supported are: %s): this "
			"cache is off",
			type, types));
		free(types);
	} else if (*path == '\0' && !kind->in_memory) {
		warn_of_database(daemon, settings,
		    xstrdup("there is no path behind the type: this "
			    "cache is off"));
		kind = NULL;
	}
	return kind;
}

/*
 * Two caches in one file would replace each other's entries. In memory each has
 * its own, whatever stands behind the type.
 */
static void
check_same_database(const struct daemon *daemon, enum cache_type type,
    const struct store_kind *const *kinds, char *const *paths)
{
	for (int other = 0; other < (int)type; other++)
		if (paths[other] != NULL && !kinds[other]->in_memory &&
		    !kinds[type]->in_memory &&
		    strcmp(paths[other], paths[type]) == 0)
			log_fatal("do not use the same TLS cache file %s for "
				  "%s and %s",
			    paths[type], daemon->caches[other].name,
			    daemon->caches[type].name);
}

static void
open_store(struct daemon *daemon, struct cache *cache,
    const struct store_kind *kind, const char *path, unsigned enabled_count)
{
	const struct settings *settings = daemon->settings;
	struct store_config config = {
		.name = cache->name,
		.kind = kind,
		.path = path,
		.timeout_s = cache->timeout_s,
		.entries_max = (uint64_t)settings->tlsmgr_cache_max_entries,
		.bytes_max = (uint64_t)settings->tlsmgr_cache_max_size,
		.memory =
		    (uint64_t)settings->tlsmgr_cache_memory / enabled_count,
		.persist = settings->tlsmgr_cache_persist,
		.start_budget_us = START_BUDGET_US / enabled_count,
	};
	char *cause = NULL;

	settings_digest(daemon->config, cache->name, config.fingerprint);
	/* Without random numbers, which is logged, others may guess hashes. */
	(void)prng_generate(config.hash_key, sizeof(config.hash_key));
	if (kind->ops->open(&config, &cache->store, &cause) != ERROR_NONE) {
		log_warning(
		    "%s:%s is unavailable. %s", kind->type, path, cause);
		free(cause);
		return;
	}
	if (cache->log_activity)
		log_info(
		    "open %s TLS cache %s:%s", cache->name, kind->type, path);
	if (kind->is_alias)
		log_info("%s TLS cache %s:%s is kept in the file %s.journal",
		    cache->name, kind->type, path, path);
}

static void
configure_cache(struct cache *cache, enum cache_type type,
    const struct cache_settings *from)
{
	char *cause = NULL;

	cache_init(cache, type, from->timeout_s);
	if (*from->database != '\0')
		cache->database = xstrdup(from->database);
	if (settings_log_cache_activity(
		from->loglevel, &cache->log_activity, &cause) != ERROR_NONE) {
		log_warning("parameter %s: %s", from->loglevel_name, cause);
		free(cause);
	}
	/* Nothing is looked up or written where there is no cache. */
	cache->log_activity &= cache_is_enabled(cache);
}

void
daemon_open_caches(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	const struct cache_settings from[CACHE_TYPES] = {
#define CACHE_TYPE(name, symbol) \
	[CACHE_##symbol] = CACHE_SETTINGS(settings, name),
#include "cache_types.def"
	};
	const struct store_kind *kinds[CACHE_TYPES] = { NULL };
	char *type, *paths[CACHE_TYPES] = { NULL };
	unsigned enabled_count = 0;

	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *path;

		configure_cache(
		    &daemon->caches[i], (enum cache_type)i, &from[i]);
		if (!cache_is_enabled(&daemon->caches[i]))
			continue;
		type =
		    settings_database_type(settings, from[i].database, &path);
		kinds[i] = find_store(daemon, &from[i], type, path);
		if (kinds[i] == NULL) {
			free(type);
			continue;
		}
		enabled_count++;
		paths[i] = kinds[i]->in_memory
		               ? xstrdup(path)
		               : data_path(type, path, daemon->owner.uid,
				     settings->data_directory);
		free(type);
		check_same_database(daemon, (enum cache_type)i, kinds, paths);
	}
	for (int i = 0; i < CACHE_TYPES; i++) {
		if (kinds[i] != NULL)
			open_store(daemon, &daemon->caches[i], kinds[i],
			    paths[i], enabled_count);
		free(paths[i]);
	}
}

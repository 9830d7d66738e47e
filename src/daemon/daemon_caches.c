/*
 * daemon_caches: the session caches, from main.cf to open files.
 */
#include "daemon.h"

#include "data_path.h"
#include "log.h"
#include "settings_digest.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Making tables again before the first answer, which is due within 0.3 s. */
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

/* In memory; its path is but a name. */
static bool
is_internal(const char *type)
{
	return strcmp(type, "internal") == 0;
}

/* A cache of no use is off, with one warning; the others are not worth less. */
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

static const struct store_ops *
find_store(const struct daemon *daemon, const struct cache_settings *settings,
    const char *type, const char *path)
{
	const struct store_ops *ops = store_find(type);
	char *types;

	if (ops == NULL) {
		types = store_types();
		warn_of_database(daemon, settings,
		    xasprintf(
			"unsupported type \"%s\" (supported are: %s): this "
			"cache is off",
			type, types));
		free(types);
	} else if (*path == '\0' && !is_internal(type)) {
		warn_of_database(daemon, settings,
		    xstrdup("there is no path behind the type: this "
			    "cache is off"));
		ops = NULL;
	}
	return ops;
}

/* Two caches in one file would replace each other's entries. */
static void
check_same_database(const struct daemon *daemon, enum cache_type type,
    char *const *types, char *const *paths)
{
	for (int other = 0; other < (int)type; other++)
		if (paths[other] != NULL &&
		    is_internal(types[other]) == is_internal(types[type]) &&
		    strcmp(paths[other], paths[type]) == 0)
			log_fatal("do not use the same TLS cache file %s for "
				  "%s and %s",
			    paths[type], daemon->caches[other].name,
			    daemon->caches[type].name);
}

static void
read_boot_id(char boot_id[STORE_BOOT_ID_LEN])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(boot_id, 0, STORE_BOOT_ID_LEN);
	if (file == NULL)
		return;
	if (fread(boot_id, 1, STORE_BOOT_ID_LEN, file) != STORE_BOOT_ID_LEN)
		memset(boot_id, 0, STORE_BOOT_ID_LEN);
	fclose(file);
}

static void
open_store(struct daemon *daemon, struct cache *cache,
    const struct store_ops *ops, const char *type, const char *path,
    unsigned enabled_count)
{
	const struct settings *settings = daemon->settings;
	struct store_config config = {
		.name = cache->name,
		.type = type,
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

	settings_digest(daemon->config, cache->name, config.digest);
	read_boot_id(config.boot_id);
	if (ops->open(&config, &cache->store, &cause) != ERROR_NONE) {
		log_warning("%s:%s is unavailable. %s", type, path, cause);
		free(cause);
		return;
	}
	if (cache->log_activity)
		log_info("open %s TLS cache %s:%s", cache->name, type, path);
	if (strcmp(type, "lmdb") == 0 || strcmp(type, "sdbm") == 0)
		log_info("%s TLS cache %s:%s is kept in the Berkeley DB file "
			 "%s.db",
		    cache->name, type, path, path);
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
		[CACHE_SMTPD] = CACHE_SETTINGS(settings, smtpd),
		[CACHE_SMTP] = CACHE_SETTINGS(settings, smtp),
		[CACHE_LMTP] = CACHE_SETTINGS(settings, lmtp),
	};
	const struct store_ops *ops[CACHE_TYPES] = { NULL };
	char *types[CACHE_TYPES] = { NULL }, *paths[CACHE_TYPES] = { NULL };
	unsigned enabled_count = 0;

	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *path;

		configure_cache(
		    &daemon->caches[i], (enum cache_type)i, &from[i]);
		if (!cache_is_enabled(&daemon->caches[i]))
			continue;
		types[i] =
		    settings_database_type(settings, from[i].database, &path);
		ops[i] = find_store(daemon, &from[i], types[i], path);
		if (ops[i] == NULL)
			continue;
		enabled_count++;
		paths[i] = is_internal(types[i])
		               ? xstrdup(path)
		               : data_path(types[i], path, daemon->owner.uid,
				     settings->data_directory);
		check_same_database(daemon, (enum cache_type)i, types, paths);
	}
	for (int i = 0; i < CACHE_TYPES; i++) {
		if (ops[i] != NULL)
			open_store(daemon, &daemon->caches[i], ops[i], types[i],
			    paths[i], enabled_count);
		free(types[i]);
		free(paths[i]);
	}
}

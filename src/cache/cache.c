/*
 * cache: the rules of a TLS session cache, over whatever store holds it.
 * Owns the store; never looks into a session or an identifier.
 */
#include "cache.h"

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_names[CACHE_TYPES] = {
#define CACHE_TYPE(name, symbol) [CACHE_##symbol] = #name,
#include "cache_types.def"
};

const char *
cache_type_name(enum cache_type type)
{
	return type_names[type];
}

enum error
cache_type_parse(const char *name, enum cache_type *type)
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		if (strcmp(type_names[i], name) == 0) {
			*type = (enum cache_type)i;
			return ERROR_NONE;
		}
	}
	return ERROR_NOT_FOUND;
}

int64_t
cache_timeout_adjust(int64_t configured_s)
{
	if (configured_s <= 0)
		return 0;
	return configured_s < CACHE_TIMEOUT_MIN_S ? CACHE_TIMEOUT_MIN_S
	                                          : configured_s;
}

void
cache_init(
    struct cache *cache, enum cache_type type, int64_t configured_timeout_s)
{
	*cache = (struct cache){
		.type = type,
		.name = cache_type_name(type),
		.timeout_s = cache_timeout_adjust(configured_timeout_s),
	};
}

void
cache_fini(struct cache *cache)
{
	if (cache->store != NULL)
		cache->store->ops->close(cache->store);
	cache->store = NULL;
	free(cache->database);
	cache->database = NULL;
}

bool
cache_is_enabled(const struct cache *cache)
{
	return cache->database != NULL && cache->timeout_s > 0;
}

bool
cache_is_cachable(const struct cache *cache)
{
	return cache_is_enabled(cache) && cache->store != NULL &&
	       cache->store->ops->is_usable(cache->store);
}

static void
request_begin(struct cache *cache, struct cache_request *request,
    const char *id, size_t id_len, cache_done_fn *done, void *arg)
{
	*request = (struct cache_request){
		.cache = cache,
		.id = cache->log_activity ? xstrndup(id, id_len) : NULL,
		.done = done,
		.arg = arg,
	};
}

static void
request_end(struct cache_request *request, enum error error,
    const void *session, size_t len)
{
	struct cache *cache = request->cache;

	if (error != ERROR_NONE && error != ERROR_NOT_FOUND)
		cache->counters.failures++;
	free(request->id);
	request->id = NULL;
	request->done(request->arg, error, session, len);
}

/* Whether the store can be asked, and with what error not. */
static enum error
cache_check(const struct cache *cache)
{
	if (!cache_is_enabled(cache))
		return ERROR_DISABLED;
	if (cache->store == NULL)
		return ERROR_IO;
	return ERROR_NONE;
}

/* Can the store be asked? If not, the request ends here. */
static bool
request_check(struct cache_request *request)
{
	enum error error = cache_check(request->cache);

	if (error != ERROR_NONE)
		request_end(request, error, NULL, 0);
	return error == ERROR_NONE;
}

/*
 * What was asked of the store may have left work behind: changes, but also a
 * search that met damage, a removal that failed, or a session in memory that is
 * to be wiped. Without a call the store would wait for the next change, and
 * where it is broken none may come: the clients are told that they cannot store
 * anything.
 */
static void
wake_upkeep(struct cache *cache)
{
	if (cache->store != NULL)
		cache->wake(cache->wake_arg);
}

static void
lookup_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	struct cache_request *request = arg;
	struct cache *cache = request->cache;

	if (error == ERROR_NONE &&
	    store_is_expired(put_at, clock_wall_s(), cache->timeout_s))
		error = ERROR_NOT_FOUND;
	if (error != ERROR_NONE) {
		request_end(request, error, NULL, 0);
		wake_upkeep(cache);
		return;
	}
	/* What counts is whether it was to be logged when it was asked for. */
	if (request->id != NULL)
		log_info(
		    "read %s TLS cache entry %s: time=%lld [data %zu bytes]",
		    cache->name, request->id, (long long)put_at, len);
	cache->counters.hits++;
	request_end(request, ERROR_NONE, value, len);
	wake_upkeep(cache);
}

void
cache_lookup(struct cache *cache, struct cache_request *request, const char *id,
    size_t id_len, cache_done_fn *done, void *arg)
{
	request_begin(cache, request, id, id_len, done, arg);
	if (cache->log_activity)
		log_info("lookup %s session id=%s", cache->name, request->id);
	cache->counters.lookups++;
	if (request_check(request))
		cache->store->ops->get(
		    cache->store, id, id_len, lookup_done, request);
}

static void
change_done(void *arg, enum error error)
{
	request_end(arg, error, NULL, 0);
}

void
cache_update(struct cache *cache, struct cache_request *request, const char *id,
    size_t id_len, const void *session, size_t len, cache_done_fn *done,
    void *arg)
{
	time_t now = clock_wall_s();

	request_begin(cache, request, id, id_len, done, arg);
	if (cache->log_activity) {
		log_info("put %s session id=%s [data %zu bytes]", cache->name,
		    request->id, len);
		log_info(
		    "write %s TLS cache entry %s: time=%lld [data %zu bytes]",
		    cache->name, request->id, (long long)now, len);
	}
	cache->counters.updates++;
	if (request_check(request))
		cache->store->ops->put(cache->store, id, id_len, session, len,
		    now, change_done, request);
	wake_upkeep(cache);
}

void
cache_delete(struct cache *cache, struct cache_request *request, const char *id,
    size_t id_len, cache_done_fn *done, void *arg)
{
	request_begin(cache, request, id, id_len, done, arg);
	if (cache->log_activity)
		log_info("delete %s session id=%s", cache->name, request->id);
	cache->counters.deletes++;
	if (request_check(request))
		cache->store->ops->remove(
		    cache->store, id, id_len, change_done, request);
	wake_upkeep(cache);
}

void
cache_clear(struct cache *cache, struct cache_request *request,
    cache_done_fn *done, void *arg)
{
	request_begin(cache, request, "", 0, done, arg);
	if (request_check(request))
		cache->store->ops->clear(cache->store, change_done, request);
	wake_upkeep(cache);
}

/* Between the cache and who asked: what has expired is not shown. */
struct listing {
	const struct cache *cache;
	time_t now;
	store_each_fn *each;
	void *arg;
};

static bool
list_entry(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	struct listing *listing = arg;

	if (store_is_expired(put_at, listing->now, listing->cache->timeout_s))
		return true;
	return listing->each(listing->arg, key, key_len, value_len, put_at);
}

enum error
cache_list(struct cache *cache, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *each, void *arg)
{
	struct listing listing = { cache, clock_wall_s(), each, arg };
	enum error error = cache_check(cache);

	*is_complete = false;
	if (error != ERROR_NONE)
		return error;
	error = cache->store->ops->each(
	    cache->store, cursor, budget_us, is_complete, list_entry, &listing);
	wake_upkeep(cache);
	return error;
}

enum error
cache_write_out(struct cache *cache)
{
	enum error error = cache_check(cache);

	if (error != ERROR_NONE)
		return error;
	return cache->store->ops->write_out(cache->store);
}

void
cache_statistics(const struct cache *cache, struct store_statistics *statistics)
{
	*statistics = (struct store_statistics){ 0 };
	if (cache->store != NULL)
		cache->store->ops->statistics(cache->store, statistics);
}

uint64_t
cache_maintain(struct cache *cache, uint64_t budget_us)
{
	if (cache->store == NULL)
		return UINT64_MAX;
	return cache->store->ops->maintain(
	    cache->store, clock_wall_s(), budget_us);
}

void
cache_save(struct cache *cache, bool durable)
{
	if (cache->store != NULL)
		cache->store->ops->save(cache->store, durable);
}

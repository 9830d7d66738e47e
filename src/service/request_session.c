/*
 * requests lookup, update and delete: the entries of the session caches.
 * Identifiers and sessions are bytes; neither is ever interpreted.
 */
#include "checksum.h"
#include "prng.h"
#include "request.h"
#include "trace.h"

#include <string.h>

_Static_assert(
    ATTR_SESSION_MAX == STORE_VALUE_MAX, "what the wire takes can be stored");

/* One session in so many that are found is mixed into the random pool. */
#define GATHER_EVERY_HITS 64

static void
lookup_reply(struct service_call *call, enum service_status status,
    const void *session, size_t len)
{
	attr_put_int(call->reply, "status", status);
	attr_put_data(call->reply, "session", session, len);
	service_call_done(call);
}

/* For what an administrator may want to see; nothing depends on it. */
static void
count_request(struct service_call *call, const struct cache *cache,
    const char *id, size_t id_len, bool is_lookup)
{
	struct destinations *destinations =
	    call->service->destinations[cache->type];

	call->destination = 0;
	if (destinations != NULL && cache_is_enabled(cache))
		call->destination =
		    destinations_request(destinations, id, id_len, is_lookup);
}

/* Those of a call that was counted. */
static struct destinations *
destinations_of(const struct service_call *call)
{
	return call->service->destinations[call->cache_request.cache->type];
}

/* cache_type and cache_id, with which all three requests begin. */
static enum error
get_cache_and_id(struct service *service, struct attr_list *request,
    struct service_call *call, struct cache **cache, const char **id,
    size_t *id_len)
{
	if (service_get_cache(service, request, call, cache) != ERROR_NONE)
		return ERROR_PROTOCOL;
	if (attr_get_string(request, "cache_id", id, id_len) != ERROR_NONE) {
		service_call_complain(call, "no cache_id where it belongs");
		return ERROR_PROTOCOL;
	}
	return ERROR_NONE;
}

/* A checksum, since the bytes themselves would stay in memory for a while. */
static void
gather_session(const struct cache *cache, const void *session, size_t len)
{
	uint64_t sum;

	if (cache->counters.hits % GATHER_EVERY_HITS != 0)
		return;
	sum = checksum64(0, session, len);
	prng_gather(&sum, sizeof(sum));
}

static void
lookup_done(void *arg, enum error error, const void *session, size_t len)
{
	struct service_call *call = arg;

	trace_end(call, error, len);
	if (error != ERROR_NONE) {
		lookup_reply(call, service_status_of(error), NULL, 0);
		return;
	}
	if (call->destination != 0)
		destinations_hit(destinations_of(call), call->destination);
	gather_session(call->cache_request.cache, session, len);
	lookup_reply(call, STATUS_OK, session, len);
}

void
request_lookup(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct cache *cache;
	const char *id;
	size_t id_len;

	if (get_cache_and_id(service, request, call, &cache, &id, &id_len) !=
	    ERROR_NONE) {
		lookup_reply(call, STATUS_FAIL, NULL, 0);
	} else {
		service_pass_over_rest(request, call);
		count_request(call, cache, id, id_len, true);
		trace_begin(call, cache, id, id_len, 0);
		cache_lookup(
		    cache, &call->cache_request, id, id_len, lookup_done, call);
	}
}

static void
update_done(void *arg, enum error error, const void *session, size_t len)
{
	struct service_call *call = arg;

	(void)session;
	trace_end(call, error, len);
	if (error == ERROR_NONE && call->destination != 0)
		destinations_stored(destinations_of(call), call->destination);
	service_call_reply(call, service_status_of(error));
}

void
request_update(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct cache *cache;
	const char *id;
	size_t id_len, len = 0;

	if (get_cache_and_id(service, request, call, &cache, &id, &id_len) !=
	    ERROR_NONE) {
		service_call_reply(call, STATUS_FAIL);
	} else if (attr_get_data(request, "session", service->session,
		       ATTR_SESSION_MAX, &len) != ERROR_NONE) {
		service_call_complain(call, "no proper session");
		service_call_reply(call, STATUS_FAIL);
		len = ATTR_SESSION_MAX; /* some of it may be decoded */
	} else {
		service_pass_over_rest(request, call);
		count_request(call, cache, id, id_len, false);
		trace_begin(call, cache, id, id_len, len);
		cache_update(cache, &call->cache_request, id, id_len,
		    service->session, len, update_done, call);
	}
	explicit_bzero(service->session, len);
}

static void
delete_done(void *arg, enum error error, const void *session, size_t len)
{
	struct service_call *call = arg;

	(void)session;
	trace_end(call, error, len);
	service_call_reply(call, service_status_of(error));
}

void
request_delete(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct cache *cache;
	const char *id;
	size_t id_len;

	if (get_cache_and_id(service, request, call, &cache, &id, &id_len) !=
	    ERROR_NONE) {
		service_call_reply(call, STATUS_FAIL);
	} else {
		service_pass_over_rest(request, call);
		trace_begin(call, cache, id, id_len, 0);
		cache_delete(
		    cache, &call->cache_request, id, id_len, delete_done, call);
	}
}

/*
 * statistics: the rows of counters.def, as attributes; and those that are of
 * most interest later, as log lines. Owns nothing.
 */
#include "statistics.h"

#include "clock.h"
#include "log.h"
#include "prng.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE 64

/* "name", or "scope.name". */
static void
make_name(char out[NAME_SIZE], const char *scope, const char *name)
{
	snprintf(
	    out, NAME_SIZE, "%s%s%s", scope, *scope != '\0' ? "." : "", name);
}

static void
put_number(
    struct buffer *reply, const char *scope, const char *name, uint64_t value)
{
	char full_name[NAME_SIZE];

	make_name(full_name, scope, name);
	attr_put_number(reply, full_name, value);
}

static void
put_text(struct buffer *reply, const char *scope, const char *name,
    const char *value)
{
	char full_name[NAME_SIZE];

	make_name(full_name, scope, name);
	attr_put_string(reply, full_name, value != NULL ? value : "");
}

/* How a value of each kind is put; the kinds are said in counters.def. */
#define PUT_NUMBER(scope, name, expression) \
	put_number(reply, scope, name, (uint64_t)(expression))
#define PUT_COUNTER      PUT_NUMBER
#define PUT_GAUGE        PUT_NUMBER
#define PUT_BYTES        PUT_NUMBER
#define PUT_TIME         PUT_NUMBER
#define PUT_SECONDS      PUT_NUMBER
#define PUT_MICROSECONDS PUT_NUMBER
#define PUT_FLAG         PUT_NUMBER
#define PUT_TEXT(scope, name, expression) \
	put_text(reply, scope, name, expression)

static void
put_process(const struct daemon *daemon, struct buffer *reply)
{
	const struct prng_schedule_statistics *prng =
	    prng_schedule_statistics(daemon->prng);
	const struct prng_statistics *pool = prng_statistics();

#define PROCESS(name, kind, expression, help) PUT_##kind("", #name, expression);
#include "counters.def"
}

/* In few buckets whose bounds stay, as those of requests. */
static void
put_round_trip(const struct histogram *round_trip, struct buffer *reply)
{
	static const uint64_t bounds_us[] = { 50, 100, 200, 500, 1000, 2000,
		5000, 10000, 20000, 50000, 100000, 500000 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < sizeof(bounds_us) / sizeof(bounds_us[0]); i++) {
		snprintf(name, sizeof(name), "shared.round_trip.le.%" PRIu64,
		    bounds_us[i]);
		attr_put_number(reply, name,
		    histogram_count_up_to(round_trip, bounds_us[i]));
	}
	attr_put_number(reply, "shared.round_trip.count", round_trip->count);
	attr_put_number(reply, "shared.round_trip.sum_us", round_trip->sum);
}

static void
put_shared(const struct daemon *daemon, struct buffer *reply)
{
	const struct shared_group *group = &daemon->group;
	struct shared_statistics numbers;
	const struct shared_statistics *engine = &numbers;

	statistics_read_engine(daemon, &numbers);
#define SHARED(name, kind, expression, help) \
	PUT_##kind("shared", #name, expression);
#include "counters.def"
	put_round_trip(engine->round_trip, reply);
}

static void
put_cache(const struct daemon *daemon, const struct cache *cache,
    struct buffer *reply)
{
	struct store_statistics statistics, *store = &statistics;
	const char *scope = cache->name;

	cache_statistics(cache, store);
#define CACHE(name, kind, expression, help) \
	PUT_##kind(scope, #name, expression);
#include "counters.def"
}

void
statistics_put(const struct daemon *daemon, struct buffer *reply)
{
	put_process(daemon, reply);
	put_shared(daemon, reply);
	service_put_request_counts(&daemon->service, reply);
	service_put_latencies(&daemon->service, reply);
	for (int i = 0; i < CACHE_TYPES; i++)
		put_cache(daemon, &daemon->caches[i], reply);
}

static void
log_process(const struct daemon *daemon)
{
	const struct server *server = &daemon->server;
	const struct histogram *latency = &server->latency;

	log_info("statistics: requests=%" PRIu64 " complaints=%" PRIu64
		 " in %lld s, clients=%zu accepted=%" PRIu64
		 " refused=%" PRIu64,
	    daemon->service.requests, daemon->service.complaint_count,
	    (long long)(clock_wall_s() - daemon->started_at),
	    server->client_count, server->accepted, server->refused);
	log_info("statistics: latency median=%" PRIu64 "us 99%%=%" PRIu64
		 "us 99.9%%=%" PRIu64 "us max=%" PRIu64 "us",
	    histogram_quantile(latency, 0.5), histogram_quantile(latency, 0.99),
	    histogram_quantile(latency, 0.999), latency->max);
}

static void
log_cache(const struct cache *cache)
{
	const struct cache_counters *counters = &cache->counters;
	struct store_statistics store;

	if (counters->lookups + counters->updates + counters->deletes == 0)
		return;
	cache_statistics(cache, &store);
	log_info("statistics: %s lookups=%" PRIu64 " hits=%" PRIu64
		 " success=%" PRIu64 "%% updates=%" PRIu64 " deletes=%" PRIu64
		 " failures=%" PRIu64 " entries=%" PRIu64 " bytes=%" PRIu64
		 " expired=%" PRIu64 " evicted=%" PRIu64,
	    cache->name, counters->lookups, counters->hits,
	    counters->lookups > 0 ? 100 * counters->hits / counters->lookups
				  : 0,
	    counters->updates, counters->deletes, counters->failures,
	    store.entries, store.bytes, store.expired, store.evicted);
}

void
statistics_log(const struct daemon *daemon)
{
	log_process(daemon);
	for (int i = 0; i < CACHE_TYPES; i++)
		log_cache(&daemon->caches[i]);
}

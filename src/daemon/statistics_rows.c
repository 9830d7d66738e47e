/*
 * statistics_rows: the rows of counters.def that the history keeps, and those
 * of requests; once as names, and then each minute as values. Owns nothing.
 */
#include "statistics.h"

#include "histogram.h"
#include "log.h"
#include "prng.h"

#include <stdio.h>
#include <string.h>

/* Where a row goes: one of the two is NULL. */
struct rows {
	struct history *history;
	uint64_t *values;
	size_t count;
};

static void
take_row(struct rows *rows, const char *scope, const char *name,
    enum history_kind kind, uint64_t value)
{
	char full_name[64];

	if (rows->values != NULL) {
		rows->values[rows->count++] = value;
		return;
	}
	snprintf(full_name, sizeof(full_name), "%s%s%s", scope,
	    *scope != '\0' ? "." : "", name);
	history_add_row(rows->history, full_name, kind);
}

/* What the kinds of counters.def are here; others are not kept. */
#define KIND_COUNTER HISTORY_COUNTER
#define KIND_GAUGE   HISTORY_GAUGE
#define KIND_FLAG    HISTORY_GAUGE
#define KIND_BYTES   HISTORY_BYTES

static void
take_process(const struct daemon *daemon, struct rows *rows)
{
	const struct prng_schedule_statistics *prng =
	    prng_schedule_statistics(daemon->prng);
	const struct prng_statistics *pool = prng_statistics();

#define PROCESS_KEPT(name, kind, expression, help) \
	take_row(rows, "", #name, KIND_##kind, (uint64_t)(expression));
#include "counters.def"
}

void
statistics_read_engine(
    const struct daemon *daemon, struct shared_statistics *numbers)
{
	static const struct histogram nothing;

	*numbers = (struct shared_statistics){
		.server = "",
		.state = "",
		.round_trip = &nothing,
	};
	if (daemon->shared != NULL)
		shared_statistics(daemon->shared, numbers);
}

static void
take_shared(const struct daemon *daemon, struct rows *rows)
{
	struct shared_statistics numbers;
	const struct shared_statistics *engine = &numbers;

	statistics_read_engine(daemon, &numbers);
#define SHARED_KEPT(name, kind, expression, help) \
	take_row(rows, "shared", #name, KIND_##kind, (uint64_t)(expression));
#include "counters.def"
}

static void
take_cache(const struct cache *cache, struct rows *rows)
{
	struct store_statistics statistics, *store = &statistics;
	const char *scope = cache->name;

	cache_statistics(cache, store);
#define CACHE_KEPT(name, kind, expression, help) \
	take_row(rows, scope, #name, KIND_##kind, (uint64_t)(expression));
#include "counters.def"
}

static void
take_figure(void *arg, const char *name, uint64_t value)
{
	take_row(arg, "", name, HISTORY_COUNTER, value);
}

static void
take_all(const struct daemon *daemon, struct rows *rows)
{
	take_process(daemon, rows);
	take_shared(daemon, rows);
	service_each_figure(&daemon->service, take_figure, rows);
	for (int i = 0; i < CACHE_TYPES; i++)
		take_cache(&daemon->caches[i], rows);
}

void
statistics_add_rows(const struct daemon *daemon, struct history *history)
{
	struct rows rows = { .history = history };

	take_all(daemon, &rows);
}

void
statistics_read_rows(
    const struct daemon *daemon, uint64_t values[HISTORY_ROWS_MAX])
{
	struct rows rows = { .values = values };

	take_all(daemon, &rows);
}

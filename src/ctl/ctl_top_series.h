/*
 * ctl_top_series: what was counted, second by second, of the counters that
 * `top` shows. Pure.
 */
#ifndef CTL_TOP_SERIES_H
#define CTL_TOP_SERIES_H

#include "cache.h"
#include "ctl_reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of requests; the last stands for all others but what `top` asks. */
enum ctl_top_kind {
	CTL_TOP_LOOKUP,
	CTL_TOP_UPDATE,
	CTL_TOP_DELETE,
	CTL_TOP_SEED,
	CTL_TOP_TICKET_KEY,
	CTL_TOP_OTHER,
	CTL_TOP_KINDS,
};

/* As shown. */
extern const char *const ctl_top_kind_names[CTL_TOP_KINDS];

/* Of latency: up to so many microseconds; and one for what took longer. */
#define CTL_TOP_BOUNDS 16
extern const int ctl_top_bounds_us[CTL_TOP_BOUNDS];

/* Of a cache. */
enum ctl_top_cache_counter {
	CTL_TOP_CACHE_LOOKUPS,
	CTL_TOP_CACHE_HITS,
	CTL_TOP_CACHE_UPDATES,
	CTL_TOP_CACHE_EVICTED,
	CTL_TOP_CACHE_FAILURES,
	CTL_TOP_CACHE_COUNTERS,
};

/* The number of each counter. */
enum {
	CTL_TOP_REQUESTS = 0,
	CTL_TOP_LATENCIES = CTL_TOP_REQUESTS + CTL_TOP_KINDS,
	CTL_TOP_CACHES = CTL_TOP_LATENCIES + CTL_TOP_BOUNDS + 1,
	CTL_TOP_ENGINE_LOOKUPS =
	    CTL_TOP_CACHES + CACHE_TYPES * CTL_TOP_CACHE_COUNTERS,
	CTL_TOP_ENGINE_HITS,
	CTL_TOP_COMPLAINTS,
	CTL_TOP_COUNTERS,
};

/* The number of a counter of that cache. */
static inline int
ctl_top_cache(enum cache_type type, enum ctl_top_cache_counter counter)
{
	return CTL_TOP_CACHES + (int)type * CTL_TOP_CACHE_COUNTERS +
	       (int)counter;
}

#define CTL_TOP_STEPS 256 /* kept */

/* From one look to the next. */
struct ctl_top_step {
	double seconds; /* 0: another process answered, nothing is known */
	int64_t counts[CTL_TOP_COUNTERS];
};

/* All zero is an empty one. */
struct ctl_top_series {
	struct ctl_top_step steps[CTL_TOP_STEPS];
	size_t count;                     /* of all, also those overwritten */
	int64_t totals[CTL_TOP_COUNTERS]; /* at the last look */
	int64_t pid;                      /* 0: there was none */
	uint64_t at_us;
};

/* An answer to `stats`, at that time (monotonic). */
void ctl_top_series_add(
    struct ctl_top_series *, const struct ctl_reply *, uint64_t at_us);

/* Over the last `steps` of them: the count, and the seconds in all. */
int64_t ctl_top_series_sum(
    const struct ctl_top_series *, int counter, size_t steps, double *seconds);
/* The same as a rate; negative: nothing is known. */
double ctl_top_series_rate(
    const struct ctl_top_series *, int counter, size_t steps);
/*
 * The last `count` rates, the newest last; negative where nothing is known, as
 * before the first look.
 */
void ctl_top_series_rates(
    const struct ctl_top_series *, int counter, double *rates, size_t count);

#endif

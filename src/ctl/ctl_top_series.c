/*
 * ctl_top_series: counters by number, read from an answer and subtracted from
 * those before. Owns nothing.
 */
#include "ctl_top_series.h"

#include "ctl_statistics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const ctl_top_kind_names[CTL_TOP_KINDS] = { "lookup", "update",
	"delete", "seed", "ticket key", "other" };

/* Their names on the wire. */
static const char *const requests[CTL_TOP_OTHER] = { "lookup", "update",
	"delete", "seed", "tktkey" };

const int ctl_top_bounds_us[CTL_TOP_BOUNDS] = { 10, 20, 50, 100, 200, 500, 1000,
	2000, 5000, 10000, 20000, 50000, 100000, 500000, 1000000, 5000000 };

static int
kind_of(const char *request)
{
	int kind = 0;

	while (kind < CTL_TOP_OTHER && strcmp(requests[kind], request) != 0)
		kind++;
	return kind;
}

/* So that sums have room. */
static bool
is_sane(int64_t count)
{
	return count >= 0 && count <= INT64_MAX / 1024;
}

static void
read_requests(int64_t *totals, const struct ctl_reply *reply)
{
	struct ctl_reply walk = ctl_reply_from_start(reply);
	struct ctl_statistics_entry entry;

	while (ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry))
		if (!ctl_statistics_is_look(entry.name) &&
		    is_sane(entry.number))
			totals[CTL_TOP_REQUESTS + kind_of(entry.name)] +=
			    entry.number;
}

/* What is answered up to a bound counts for all that are larger. */
static void
read_latency(int64_t *totals, const struct ctl_statistics_latency *latency)
{
	char bound[32];

	if (strcmp(latency->part, "count") == 0)
		totals[CTL_TOP_LATENCIES + CTL_TOP_BOUNDS] += latency->number;
	for (int i = 0; i < CTL_TOP_BOUNDS; i++) {
		snprintf(bound, sizeof(bound), "le.%d", ctl_top_bounds_us[i]);
		if (strcmp(latency->part, bound) == 0)
			totals[CTL_TOP_LATENCIES + i] += latency->number;
	}
}

static void
read_latencies(int64_t *totals, const struct ctl_reply *reply)
{
	struct ctl_reply walk = ctl_reply_from_start(reply);
	struct ctl_statistics_latency latency;

	while (ctl_statistics_next_latency(&walk, &latency))
		if (!ctl_statistics_is_look(latency.request) &&
		    is_sane(latency.number))
			read_latency(totals, &latency);
	for (int i = CTL_TOP_BOUNDS; i > 0; i--)
		totals[CTL_TOP_LATENCIES + i] -=
		    totals[CTL_TOP_LATENCIES + i - 1];
}

static void
read_caches(int64_t *totals, const struct ctl_reply *reply)
{
	static const char *const names[CTL_TOP_CACHE_COUNTERS] = { "lookups",
		"hits", "updates", "evicted", "failures" };

	for (int type = 0; type < CACHE_TYPES; type++)
		for (int i = 0; i < CTL_TOP_CACHE_COUNTERS; i++)
			totals[ctl_top_cache((enum cache_type)type,
			    (enum ctl_top_cache_counter)i)] =
			    ctl_statistics_get(reply,
				cache_type_name((enum cache_type)type),
				names[i]);
}

static void
read_totals(int64_t totals[CTL_TOP_COUNTERS], const struct ctl_reply *reply)
{
	memset(totals, 0, CTL_TOP_COUNTERS * sizeof(*totals));
	read_requests(totals, reply);
	read_latencies(totals, reply);
	read_caches(totals, reply);
	totals[CTL_TOP_ENGINE_LOOKUPS] =
	    ctl_statistics_get(reply, CTL_SHARED, "lookups");
	totals[CTL_TOP_ENGINE_HITS] =
	    ctl_statistics_get(reply, CTL_SHARED, "hits");
	totals[CTL_TOP_COMPLAINTS] =
	    ctl_statistics_get(reply, NULL, "complaints");
}

void
ctl_top_series_add(struct ctl_top_series *series, const struct ctl_reply *reply,
    uint64_t at_us)
{
	int64_t totals[CTL_TOP_COUNTERS], pid, difference;
	struct ctl_top_step *step;

	pid = ctl_statistics_get(reply, NULL, "pid");
	read_totals(totals, reply);
	if (series->pid != 0) {
		step = &series->steps[series->count++ % CTL_TOP_STEPS];
		*step = (struct ctl_top_step){ 0 };
		if (pid == series->pid && at_us > series->at_us)
			step->seconds = (double)(at_us - series->at_us) / 1e6;
		for (int i = 0; i < CTL_TOP_COUNTERS && step->seconds > 0; i++)
			if (!__builtin_sub_overflow(
				totals[i], series->totals[i], &difference) &&
			    difference > 0)
				step->counts[i] = difference;
	}
	memcpy(series->totals, totals, sizeof(totals));
	series->pid = pid;
	series->at_us = at_us;
}

/* The step before `back` others; NULL: that is not kept. */
static const struct ctl_top_step *
find_step(const struct ctl_top_series *series, size_t back)
{
	if (back >= series->count || back >= CTL_TOP_STEPS)
		return NULL;
	return &series->steps[(series->count - 1 - back) % CTL_TOP_STEPS];
}

int64_t
ctl_top_series_sum(const struct ctl_top_series *series, int counter,
    size_t steps, double *seconds)
{
	const struct ctl_top_step *step;
	int64_t sum = 0;

	*seconds = 0;
	for (size_t back = 0;
	     back < steps && (step = find_step(series, back)) != NULL; back++) {
		if (__builtin_add_overflow(sum, step->counts[counter], &sum))
			sum = INT64_MAX;
		*seconds += step->seconds;
	}
	return sum;
}

double
ctl_top_series_rate(
    const struct ctl_top_series *series, int counter, size_t steps)
{
	double seconds;
	int64_t sum = ctl_top_series_sum(series, counter, steps, &seconds);

	return seconds > 0 ? (double)sum / seconds : -1;
}

void
ctl_top_series_rates(const struct ctl_top_series *series, int counter,
    double *rates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct ctl_top_step *step =
		    find_step(series, count - 1 - i);

		rates[i] = step != NULL && step->seconds > 0
		               ? (double)step->counts[counter] / step->seconds
		               : -1;
	}
}

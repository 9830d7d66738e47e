/*
 * destinations: two sketches, and what their keys mean. Owns both.
 */
#include "destinations.h"

#include "clock.h"
#include "destination.h"
#include "sketch.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(
    DESTINATIONS_MAX == 2 * SKETCH_COUNTERS, "each counter has a row");

/* In a hash: the key is an id of no known form, and not a part of one. */
#define IS_RAW (UINT64_C(1) << 63)

enum { TALLY_LOOKUPS, TALLY_HITS, TALLY_STORES };

/* Of one period. */
struct period {
	struct sketch sketch;
	uint64_t begun_us; /* monotonic */
};

struct destinations {
	struct period periods[2];
	struct period *now, *before;
	unsigned char key[SIPHASH_KEY_LEN];
	uint64_t requests; /* in this period */
	uint64_t times;    /* that a request counts for, which is looked at */
	uint64_t random;
};

static void
begin(struct period *period)
{
	sketch_init(&period->sketch);
	period->begun_us = clock_monotonic_us();
}

struct destinations *
destinations_new(const unsigned char key[SIPHASH_KEY_LEN])
{
	struct destinations *destinations = xcalloc(1, sizeof(*destinations));

	memcpy(destinations->key, key, SIPHASH_KEY_LEN);
	destinations->now = &destinations->periods[0];
	destinations->before = &destinations->periods[1];
	begin(destinations->before);
	begin(destinations->now);
	destinations->times = 1;
	return destinations;
}

void
destinations_free(struct destinations *destinations)
{
	free(destinations);
}

void
destinations_end_period(struct destinations *destinations)
{
	struct period *before = destinations->before;

	destinations->before = destinations->now;
	destinations->now = before;
	begin(before);
	destinations->requests = 0;
	destinations->times = 1;
}

/*
 * Not each n-th: clients ask in a pattern of their own. Knuth's generator, of
 * which the high bits are good enough for that.
 */
static bool
is_passed_over(struct destinations *destinations)
{
	if (++destinations->requests <= DESTINATIONS_EXACT)
		return false;
	destinations->times = DESTINATIONS_SAMPLE;
	destinations->random =
	    destinations->random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (destinations->random >> 32) % DESTINATIONS_SAMPLE != 0;
}

uint64_t
destinations_request(struct destinations *destinations, const char *id,
    size_t id_len, bool is_lookup)
{
	struct destination_part part = { 0, id_len };
	uint64_t hash;
	bool is_known;

	if (is_passed_over(destinations))
		return 0;
	is_known = destination_find(id, id_len, &part);
	hash = siphash(destinations->key, id + part.offset, part.len);
	hash = is_known ? hash & ~IS_RAW : hash | IS_RAW;
	sketch_add(&destinations->now->sketch, hash, id + part.offset, part.len,
	    destinations->times)
	    ->tallies[TALLY_LOOKUPS] += is_lookup ? destinations->times : 0;
	return hash;
}

static void
count(struct destinations *destinations, uint64_t destination, int tally)
{
	struct sketch_counter *counter =
	    sketch_find(&destinations->now->sketch, destination);

	if (counter != NULL)
		counter->tallies[tally] += destinations->times;
}

void
destinations_hit(struct destinations *destinations, uint64_t destination)
{
	count(destinations, destination, TALLY_HITS);
}

void
destinations_stored(struct destinations *destinations, uint64_t destination)
{
	count(destinations, destination, TALLY_STORES);
}

static void
add_tallies(struct destinations_row *row, const struct sketch_counter *counter)
{
	row->count += counter->count;
	row->error += counter->error;
	row->lookups += counter->tallies[TALLY_LOOKUPS];
	row->hits += counter->tallies[TALLY_HITS];
	row->stores += counter->tallies[TALLY_STORES];
}

/* What one sketch has, and what the other has of the same or may have had. */
static void
make_row(struct destinations_row *row, const struct sketch *sketch,
    const struct sketch_counter *counter, const struct sketch *other)
{
	const struct sketch_counter *same = sketch_find(other, counter->hash);

	*row = (struct destinations_row){
		.text = sketch_text(sketch, counter),
		.text_len = counter->text_len,
		.is_raw = (counter->hash & IS_RAW) != 0,
	};
	add_tallies(row, counter);
	if (same != NULL) {
		add_tallies(row, same);
	} else {
		row->count += sketch_least(other);
		row->error += sketch_least(other);
	}
}

/* Those of both periods once. */
static size_t
make_rows(struct destinations_row *rows, const struct sketch *now,
    const struct sketch *before)
{
	size_t count = 0;

	for (size_t i = 0; i < SKETCH_COUNTERS; i++)
		if (now->counters[i].count > 0)
			make_row(
			    &rows[count++], now, &now->counters[i], before);
	for (size_t i = 0; i < SKETCH_COUNTERS; i++)
		if (before->counters[i].count > 0 &&
		    sketch_find(now, before->counters[i].hash) == NULL)
			make_row(
			    &rows[count++], before, &before->counters[i], now);
	return count;
}

static int
compare_counts(const void *left, const void *right)
{
	const struct destinations_row *a = left, *b = right;

	return (a->count < b->count) - (a->count > b->count);
}

size_t
destinations_list(
    const struct destinations *destinations, struct destinations_row *rows)
{
	size_t count = make_rows(
	    rows, &destinations->now->sketch, &destinations->before->sketch);

	qsort(rows, count, sizeof(*rows), compare_counts);
	return count;
}

char *
destinations_text(const struct destinations_row *row)
{
	if (row->text_len > SKETCH_TEXT_MAX)
		return xasprintf("%.*s...", SKETCH_TEXT_MAX, row->text);
	return row->is_raw ? xstrndup(row->text, row->text_len)
	                   : destination_describe(row->text, row->text_len);
}

uint64_t
destinations_age_s(const struct destinations *destinations)
{
	return (clock_monotonic_us() - destinations->before->begun_us) /
	       1000000;
}

/*
 * sketch: counters, a hash table of those in use, and a heap of all of them
 * with the least count at its root. Owns nothing.
 */
#include "sketch.h"

#include <string.h>

void
sketch_init(struct sketch *sketch)
{
	for (uint16_t i = 0; i < SKETCH_COUNTERS; i++) {
		sketch->counters[i].count = 0;
		sketch->counters[i].heap_at = i;
		sketch->heap[i].count = 0;
		sketch->heap[i].counter = i;
	}
	memset(sketch->buckets, 0, sizeof(sketch->buckets));
}

struct sketch_counter *
sketch_find(const struct sketch *sketch, uint64_t hash)
{
	uint16_t at = sketch->buckets[hash % SKETCH_BUCKETS];

	while (at != 0 && sketch->counters[at - 1].hash != hash)
		at = sketch->counters[at - 1].next;
	return at != 0 ? (struct sketch_counter *)&sketch->counters[at - 1]
	               : NULL;
}

uint64_t
sketch_least(const struct sketch *sketch)
{
	return sketch->heap[0].count;
}

static uint16_t *
bucket_of(struct sketch *sketch, uint64_t hash)
{
	return &sketch->buckets[hash % SKETCH_BUCKETS];
}

static void
unlink_counter(struct sketch *sketch, const struct sketch_counter *counter)
{
	uint16_t self = (uint16_t)(counter - sketch->counters + 1);
	uint16_t *at = bucket_of(sketch, counter->hash);

	while (*at != self)
		at = &sketch->counters[*at - 1].next;
	*at = counter->next;
}

static void
link_counter(struct sketch *sketch, struct sketch_counter *counter)
{
	uint16_t *bucket = bucket_of(sketch, counter->hash);

	counter->next = *bucket;
	*bucket = (uint16_t)(counter - sketch->counters + 1);
}

/* The one with the least count is another key's from now on. */
static struct sketch_counter *
take_over(struct sketch *sketch, uint64_t hash, const char *text, size_t len)
{
	struct sketch_counter *counter =
	    &sketch->counters[sketch->heap[0].counter];

	if (counter->count > 0)
		unlink_counter(sketch, counter);
	counter->hash = hash;
	counter->error = counter->count;
	memset(counter->tallies, 0, sizeof(counter->tallies));
	counter->text_len = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
	memcpy(
	    counter->text, text, len < SKETCH_TEXT_MAX ? len : SKETCH_TEXT_MAX);
	link_counter(sketch, counter);
	return counter;
}

/* The child with the lesser count; SKETCH_COUNTERS or more: there is none. */
static size_t
lesser_child(const struct sketch *sketch, size_t at)
{
	size_t child = 2 * at + 1;

	if (child + 1 < SKETCH_COUNTERS &&
	    sketch->heap[child + 1].count < sketch->heap[child].count)
		child++;
	return child;
}

/* Its count has risen: those below it that have less go up. */
static void
sift_down(struct sketch *sketch, struct sketch_counter *counter)
{
	size_t at = counter->heap_at, child;

	while ((child = lesser_child(sketch, at)) < SKETCH_COUNTERS &&
	       sketch->heap[child].count < counter->count) {
		sketch->heap[at] = sketch->heap[child];
		sketch->counters[sketch->heap[at].counter].heap_at =
		    (uint16_t)at;
		at = child;
	}
	sketch->heap[at].count = counter->count;
	sketch->heap[at].counter = (uint16_t)(counter - sketch->counters);
	counter->heap_at = (uint16_t)at;
}

struct sketch_counter *
sketch_add(struct sketch *sketch, uint64_t hash, const char *text, size_t len)
{
	struct sketch_counter *counter = sketch_find(sketch, hash);

	if (counter == NULL)
		counter = take_over(sketch, hash, text, len);
	counter->count++;
	sift_down(sketch, counter);
	return counter;
}

/*
 * sketch: counters, a hash table of those in use, and a heap of all of them.
 * Counts only rise, so a count in the heap is never too high: the root has the
 * least one when its own is up to date. Owns nothing.
 */
#include "sketch.h"

#include "minmax.h"

#include <string.h>

void
sketch_init(struct sketch *sketch)
{
	for (uint16_t i = 0; i < SKETCH_COUNTERS; i++) {
		sketch->counters[i].count = 0;
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
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < SKETCH_COUNTERS; i++)
		least = min_u64(least, sketch->counters[i].count);
	return least;
}

const char *
sketch_text(const struct sketch *sketch, const struct sketch_counter *counter)
{
	return sketch->texts[counter - sketch->counters];
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

/* The root has that count now: those that have less go up. */
static void
sift_down(struct sketch *sketch, uint64_t count)
{
	uint16_t counter = sketch->heap[0].counter;
	size_t at = 0, child;

	while ((child = lesser_child(sketch, at)) < SKETCH_COUNTERS &&
	       sketch->heap[child].count < count) {
		sketch->heap[at] = sketch->heap[child];
		at = child;
	}
	sketch->heap[at].count = count;
	sketch->heap[at].counter = counter;
}

/* Each round is paid for by what came since that counter's last one. */
static struct sketch_counter *
find_least(struct sketch *sketch)
{
	for (;;) {
		struct sketch_counter *root =
		    &sketch->counters[sketch->heap[0].counter];

		if (root->count == sketch->heap[0].count)
			return root;
		sift_down(sketch, root->count);
	}
}

/* The one with the least count is another key's from now on. */
static struct sketch_counter *
take_over(struct sketch *sketch, uint64_t hash, const char *text, size_t len)
{
	struct sketch_counter *counter = find_least(sketch);

	if (counter->count > 0)
		unlink_counter(sketch, counter);
	counter->hash = hash;
	counter->error = counter->count;
	memset(counter->tallies, 0, sizeof(counter->tallies));
	counter->text_len = (uint16_t)min_size(len, UINT16_MAX);
	memcpy(sketch->texts[counter - sketch->counters], text,
	    min_size(len, SKETCH_TEXT_MAX));
	link_counter(sketch, counter);
	return counter;
}

struct sketch_counter *
sketch_add(struct sketch *sketch, uint64_t hash, const char *text, size_t len,
    uint64_t times)
{
	struct sketch_counter *counter = sketch_find(sketch, hash);

	if (counter == NULL)
		counter = take_over(sketch, hash, text, len);
	counter->count += times;
	return counter;
}

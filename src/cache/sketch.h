/*
 * sketch: which keys come most often, in constant memory: the space-saving
 * algorithm (A. Metwally, D. Agrawal, A. El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams", 2005). There are so many
 * counters; a key that has none takes over the one with the least count, and
 * adds to that. So a key that came more often than one SKETCH_COUNTERS-th of
 * all is in it for certain, and no count is too low, nor by more than `error`
 * too high.
 *
 * Keys are known by their hash alone, which should be a keyed one. Work is
 * bounded: a key that has a counter costs a look into a hash table. The least
 * count is found by a heap that is put in order only when it is asked for.
 */
#ifndef SKETCH_H
#define SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SKETCH_COUNTERS 256
#define SKETCH_BUCKETS  512
#define SKETCH_TALLIES  3
#define SKETCH_TEXT_MAX 128

/* What each request touches, close together. */
struct sketch_counter {
	uint64_t hash;
	uint64_t count; /* of its key, and `error` of others; 0: free */
	uint64_t error;
	uint64_t tallies[SKETCH_TALLIES]; /* the user's; of its key alone */
	uint16_t next;                    /* of its bucket, plus 1; 0: none */
	uint16_t text_len;
};

struct sketch {
	uint16_t buckets[SKETCH_BUCKETS]; /* a counter, plus 1; 0: none */
	struct sketch_counter counters[SKETCH_COUNTERS];
	struct {
		uint64_t count; /* at some time: it has risen since, maybe */
		uint16_t counter;
	} heap[SKETCH_COUNTERS];
	char texts[SKETCH_COUNTERS][SKETCH_TEXT_MAX]; /* beginnings of keys */
};

/* Empty, whatever it was; owns nothing. */
void sketch_init(struct sketch *);

/* The counter of that key; NULL: it has none. As const as the sketch is. */
struct sketch_counter *sketch_find(const struct sketch *, uint64_t hash);

/* No key without a counter came more often than that. */
uint64_t sketch_least(const struct sketch *);

/*
 * A key came so many times more; it has a counter then. The text is
 * that of the key, and kept with it; what is longer than SKETCH_TEXT_MAX is
 * cut, but text_len says how long it was, up to UINT16_MAX.
 */
struct sketch_counter *sketch_add(struct sketch *, uint64_t hash,
    const char *text, size_t len, uint64_t times);

/* What is kept of the key's text; no NUL is behind it. */
const char *sketch_text(const struct sketch *, const struct sketch_counter *);

#endif

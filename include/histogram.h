/*
 * histogram: how often which value came, in constant memory. Values below
 * HISTOGRAM_EXACT have a bucket each; above that, each doubling is divided
 * into HISTOGRAM_SUB_BUCKETS equal parts. So a quantile is never too low, and
 * too high by at most one part in HISTOGRAM_SUB_BUCKETS, about 3%.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS    5
#define HISTOGRAM_SUB_BUCKETS (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_EXACT       (2 * HISTOGRAM_SUB_BUCKETS)

/* Values from 2^32 on, more than an hour in microseconds, are one bucket. */
#define HISTOGRAM_VALUE_BITS 32
#define HISTOGRAM_BUCKETS \
	((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* All zero is an empty one. */
struct histogram {
	uint64_t count;
	uint64_t max; /* exact, as the sum */
	uint64_t sum;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* The value came so many times. A few nanoseconds. */
void histogram_add(struct histogram *, uint64_t value, uint64_t times);

/*
 * The least value that a share (above 0, up to 1) of all do not exceed, with
 * the error said above; 0 of an empty one. Share 1 is the largest, exactly.
 */
uint64_t histogram_quantile(const struct histogram *, double share);

/*
 * How many values did not exceed this one. Values that exceed it by less than
 * the error said above may count, too.
 */
uint64_t histogram_count_up_to(const struct histogram *, uint64_t value);

#endif

/*
 * histogram: how long things took, in buckets of 1.6% width, so that any
 * number of requests costs the same memory and a few instructions each.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6 /* 64 buckets for each doubling */
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *, uint64_t value);
void histogram_merge(struct histogram *, const struct histogram *from);

/* The value that `share` (0 to 1) of all do not exceed. */
uint64_t histogram_quantile(const struct histogram *, double share);

#endif

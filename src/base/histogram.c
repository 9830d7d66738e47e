/*
 * histogram: counts in buckets whose width grows with the value. Owns nothing,
 * and knows nothing of what is counted.
 */
#include "histogram.h"

#define VALUE_MAX ((UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

/* How many low bits of a value its bucket does not tell apart. */
static unsigned
dropped_bits(uint64_t value)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);

	return bits > HISTOGRAM_SUB_BITS + 1 ? bits - HISTOGRAM_SUB_BITS - 1
	                                     : 0;
}

static unsigned
bucket_of(uint64_t value)
{
	unsigned shift;

	if (value > VALUE_MAX)
		value = VALUE_MAX;
	shift = dropped_bits(value);
	return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift);
}

/* The largest value that falls into a bucket. */
static uint64_t
bucket_end(unsigned bucket)
{
	unsigned shift = 0;

	if (bucket >= HISTOGRAM_EXACT)
		shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
	bucket -= shift << HISTOGRAM_SUB_BITS;
	return (((uint64_t)bucket + 1) << shift) - 1;
}

void
histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
	histogram->buckets[bucket_of(value)] += times;
	histogram->count += times;
	histogram->sum += value * times;
	if (value > histogram->max && times > 0)
		histogram->max = value;
}

/* The place in order, from 1 on, of the value that is looked for. */
static uint64_t
rank_of(const struct histogram *histogram, double share)
{
	double exact = share * (double)histogram->count;
	uint64_t rank = (uint64_t)exact;

	if ((double)rank < exact)
		rank++;
	return rank > 0 ? rank : 1;
}

uint64_t
histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t rank = rank_of(histogram, share), seen = 0, end;

	if (histogram->count == 0 || rank >= histogram->count)
		return histogram->max;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += histogram->buckets[i];
		if (seen < rank)
			continue;
		end = bucket_end(i);
		return end < histogram->max ? end : histogram->max;
	}
	return histogram->max;
}

uint64_t
histogram_count_up_to(const struct histogram *histogram, uint64_t value)
{
	unsigned last = bucket_of(value);
	uint64_t count = 0;

	for (unsigned i = 0; i <= last; i++)
		count += histogram->buckets[i];
	return count;
}

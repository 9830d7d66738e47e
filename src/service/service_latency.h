/*
 * service_latency: how long requests of one kind took, in a few buckets.
 */
#ifndef SERVICE_LATENCY_H
#define SERVICE_LATENCY_H

#include "buffer.h"
#include "service.h"

#include <stddef.h>
#include <stdint.h>

#define SERVICE_LATENCY_BOUNDS 16

struct service_latency {
	uint64_t pending; /* begun, and not ended */
	uint64_t count, sum_us;
	uint64_t counts[SERVICE_LATENCY_BOUNDS]; /* up to the bound, and above
	                                            the one before */
};

/* So many empty ones, for free(). */
struct service_latency *service_latencies_new(size_t count);

/* One more has begun; all that have begun end, after so many microseconds. */
void service_latency_begin(struct service_latency *);
void service_latency_end(struct service_latency *, uint64_t latency_us);

/* Add the counts of one to those of another. */
void service_latency_add(
    struct service_latency *, const struct service_latency *more);

/* Its part of service_each_figure(). */
void service_latency_each(
    const struct service_latency *, service_figure_fn *figure, void *arg);

/* service_put_latencies() of one; nothing where there was none. */
void service_latency_put(
    const struct service_latency *, const char *name, struct buffer *);

#endif

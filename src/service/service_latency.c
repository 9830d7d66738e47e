/*
 * service_latency: histograms with few buckets, whose bounds stay as they are,
 * for a program that adds them up over hosts and time. Owns nothing.
 */
#include "service_latency.h"

#include "attr.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdio.h>

/* Microseconds, from a lookup in memory to what no client waits for. */
static const uint64_t bounds_us[] = { 10, 20, 50, 100, 200, 500, 1000, 2000,
	5000, 10000, 20000, 50000, 100000, 500000, 1000000, 5000000 };

_Static_assert(
    sizeof(bounds_us) / sizeof(bounds_us[0]) == SERVICE_LATENCY_BOUNDS,
    "as many as there are counts");

struct service_latency *
service_latencies_new(size_t count)
{
	return xcalloc(count, sizeof(struct service_latency));
}

void
service_latency_begin(struct service_latency *latency)
{
	latency->pending++;
}

void
service_latency_end(struct service_latency *latency, uint64_t latency_us)
{
	size_t i = 0;

	while (i < SERVICE_LATENCY_BOUNDS && latency_us > bounds_us[i])
		i++;
	if (i < SERVICE_LATENCY_BOUNDS)
		latency->counts[i] += latency->pending;
	latency->count += latency->pending;
	latency->sum_us += latency->pending * latency_us;
	latency->pending = 0;
}

void
service_latency_add(
    struct service_latency *latency, const struct service_latency *more)
{
	latency->count += more->count;
	for (size_t i = 0; i < SERVICE_LATENCY_BOUNDS; i++)
		latency->counts[i] += more->counts[i];
}

void
service_latency_each(
    const struct service_latency *latency, service_figure_fn *figure, void *arg)
{
	char name[32];
	uint64_t sum = 0;

	for (size_t i = 0; i < SERVICE_LATENCY_BOUNDS; i++) {
		sum += latency->counts[i];
		snprintf(
		    name, sizeof(name), "latency.le.%" PRIu64, bounds_us[i]);
		figure(arg, name, sum);
	}
	figure(arg, "latency.count", latency->count);
}

void
service_latency_put(const struct service_latency *latency, const char *name,
    struct buffer *reply)
{
	char full_name[64];
	uint64_t sum = 0;

	if (latency->count == 0)
		return;
	for (size_t i = 0; i < SERVICE_LATENCY_BOUNDS; i++) {
		sum += latency->counts[i];
		snprintf(full_name, sizeof(full_name), "latency.%s.le.%" PRIu64,
		    name, bounds_us[i]);
		attr_put_number(reply, full_name, sum);
	}
	snprintf(full_name, sizeof(full_name), "latency.%s.count", name);
	attr_put_number(reply, full_name, latency->count);
	snprintf(full_name, sizeof(full_name), "latency.%s.sum_us", name);
	attr_put_number(reply, full_name, latency->sum_us);
}

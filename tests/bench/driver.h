/*
 * driver: asks a server over some connections, with one request outstanding on
 * each, as fast as it answers or so many times a second, and counts.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "histogram.h"
#include "workload.h"

#include <stdbool.h>
#include <stdint.h>

struct driver_config {
	struct workload_config workload;
	const char *socket_path;
	enum operation shares[100]; /* which operation, for each per cent */
	uint64_t connections;
	uint64_t first_key;
	uint64_t key_count; /* less than 2^32 */
	bool sequential_keys;
	uint64_t miss_percent; /* of lookups */
	double seconds;
	double warmup_seconds;  /* before that, not counted */
	uint64_t request_limit; /* instead of seconds; 0: none */
	uint64_t rate;          /* requests a second; 0: as answered */
	bool announced;
};

struct driver_result {
	double seconds;
	uint64_t issued; /* in the warm-up as well */
	uint64_t hits;
	uint64_t misses;          /* status ERR where that can be */
	uint64_t wrong;           /* replies that are not in order */
	uint64_t closed;          /* connections that the server closed */
	uint64_t lost;            /* requests that were never answered */
	struct histogram latency; /* nanoseconds */
};

/* Exits where it cannot so much as connect. */
void driver_run(const struct driver_config *, struct driver_result *);

#endif

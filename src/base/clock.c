/*
 * clock: clock_gettime(2), displaced by what tests have asked for. Owns the
 * two displacements; both are zero outside of tests.
 */
#include "clock.h"

static int64_t wall_offset_s;
static int64_t monotonic_offset_s;

time_t
clock_wall_s(void)
{
	return clock_wall().tv_sec;
}

struct timespec
clock_wall(void)
{
	struct timespec now;

	/* Cannot fail with a clock that every Linux has. */
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)wall_offset_s;
	return now;
}

uint64_t
clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec + (uint64_t)monotonic_offset_s) * 1000000 +
	       (uint64_t)now.tv_nsec / 1000;
}

void
clock_advance(int64_t seconds)
{
	wall_offset_s += seconds;
	if (seconds > 0)
		monotonic_offset_s += seconds;
}

/*
 * clock: the time of day and the time since some start. All of the daemon
 * asks here, so that a test can move the clock instead of waiting.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds since the epoch; may step either way when the clock is set. */
time_t clock_wall_s(void);

/* The time of day with its nanoseconds, as material for the generator. */
struct timespec clock_wall(void);

/* Microseconds since an arbitrary point; never steps back. */
uint64_t clock_monotonic_us(void);

/* Tests only: move both clocks by `seconds` (negative: wall clock only). */
void clock_advance(int64_t seconds);

#endif

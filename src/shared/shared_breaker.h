/*
 * shared_breaker: a circuit breaker: when an engine that is slow, gone or
 * refuses commands is given up, and when it is tried again. Times (monotonic)
 * and random numbers are parameters. Pure.
 */
#ifndef SHARED_BREAKER_H
#define SHARED_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define SHARED_BREAKER_WINDOW       100 /* the last lookups, which count */
#define SHARED_BREAKER_LATE_MAX     10  /* late ones among these */
#define SHARED_BREAKER_ROW          3   /* late ones in a row */
#define SHARED_BREAKER_ERRORS       10  /* refused commands in a row */
#define SHARED_BREAKER_DELAY_US     UINT64_C(100000)
#define SHARED_BREAKER_DELAY_MAX_US UINT64_C(30000000)
#define SHARED_BREAKER_STABLE_US    UINT64_C(60000000)

struct shared_breaker {
	bool was_late[SHARED_BREAKER_WINDOW];
	unsigned next;
	unsigned late; /* in the window */
	unsigned late_in_row;
	unsigned errors_in_row;
	uint64_t up_at_us; /* 0: it is not up */
	uint64_t delay_us; /* 0: it has not failed recently */
};

/* All counters and the delay are 0. */
void shared_breaker_init(struct shared_breaker *);

/* The engine is up: counters are 0 again, the delay stays. */
void shared_breaker_up(struct shared_breaker *, uint64_t now_us);

/*
 * A lookup was answered in time, or late. True: too many were late, give the
 * engine up.
 */
bool shared_breaker_lookup(struct shared_breaker *, bool is_late);

/*
 * A command was carried out, or refused. True: too many were refused in a row,
 * give the engine up.
 */
bool shared_breaker_command(struct shared_breaker *, bool is_refused);

/*
 * It failed, or could not be reached: in how many microseconds to try again.
 * Twice as long each time, up to a bound; anew after a while of being up.
 * `random` makes it half to one and a half times that.
 */
uint64_t shared_breaker_failed(
    struct shared_breaker *, uint64_t now_us, uint16_t random);

#endif

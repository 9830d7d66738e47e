/*
 * shared_breaker: when an engine that is slow or gone is left alone, and when
 * it is tried again. Times are given (monotonic); random numbers too. Pure.
 */
#ifndef SHARED_BREAKER_H
#define SHARED_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define SHARED_BREAKER_WINDOW       100 /* lookups that are looked back on */
#define SHARED_BREAKER_LATE_MAX     10  /* of these */
#define SHARED_BREAKER_ROW          3   /* that were late without a break */
#define SHARED_BREAKER_ERRORS       10  /* that failed without a break */
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
	uint64_t delay_us; /* 0: it has not failed of late */
};

/* Nothing is held against an engine. */
void shared_breaker_init(struct shared_breaker *);

/* It is up: nothing is held against it any more, but for the delay. */
void shared_breaker_up(struct shared_breaker *, uint64_t now_us);

/* A lookup was answered in time, or not. True: enough, leave it alone. */
bool shared_breaker_lookup(struct shared_breaker *, bool is_late);

/* It carried a command out, or refused it. True: enough, as above. */
bool shared_breaker_command(struct shared_breaker *, bool is_refused);

/*
 * It failed, or could not be reached: in how many microseconds to try again.
 * Twice as long each time, up to a bound; anew after a while of being up.
 * `random` makes it half to one and a half times that.
 */
uint64_t shared_breaker_failed(
    struct shared_breaker *, uint64_t now_us, uint16_t random);

#endif

/*
 * shared_breaker: counters, and a window over the last lookups.
 */
#include "shared_breaker.h"

#include "minmax.h"

void
shared_breaker_init(struct shared_breaker *breaker)
{
	*breaker = (struct shared_breaker){ .up_at_us = 0 };
}

void
shared_breaker_up(struct shared_breaker *breaker, uint64_t now_us)
{
	*breaker = (struct shared_breaker){ .up_at_us = now_us,
		.delay_us = breaker->delay_us };
}

bool
shared_breaker_lookup(struct shared_breaker *breaker, bool is_late)
{
	bool *place = &breaker->was_late[breaker->next];

	breaker->next = (breaker->next + 1) % SHARED_BREAKER_WINDOW;
	breaker->late -= *place;
	breaker->late += is_late;
	*place = is_late;
	breaker->late_in_row = is_late ? breaker->late_in_row + 1 : 0;
	return breaker->late_in_row >= SHARED_BREAKER_ROW ||
	       breaker->late > SHARED_BREAKER_LATE_MAX;
}

bool
shared_breaker_command(struct shared_breaker *breaker, bool is_refused)
{
	breaker->errors_in_row = is_refused ? breaker->errors_in_row + 1 : 0;
	return breaker->errors_in_row >= SHARED_BREAKER_ERRORS;
}

uint64_t
shared_breaker_failed(
    struct shared_breaker *breaker, uint64_t now_us, uint16_t random)
{
	bool is_stable = breaker->up_at_us != 0 &&
	                 now_us - breaker->up_at_us >= SHARED_BREAKER_STABLE_US;

	if (is_stable || breaker->delay_us == 0)
		breaker->delay_us = SHARED_BREAKER_DELAY_US;
	else
		breaker->delay_us =
		    min_u64(2 * breaker->delay_us, SHARED_BREAKER_DELAY_MAX_US);
	breaker->up_at_us = 0;
	return breaker->delay_us / 2 + breaker->delay_us * random / UINT16_MAX;
}

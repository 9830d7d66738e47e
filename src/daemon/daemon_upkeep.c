/*
 * daemon_upkeep: when the work of the caches is done that no client should
 * wait for: expiry, write-back, making room on disk.
 */
#include "daemon.h"

#include "clock.h"
#include "secret.h"

/* One slice of background work. */
#define UPKEEP_BUDGET_US 400

/* A pause for clients is no longer than this, where none of them asks. */
#define UPKEEP_PAUSE_MAX_US 1000

/* How soon after a change background work looks at what it left. */
#define UPKEEP_DELAY_US 100000

static void
upkeep_slice(struct daemon_upkeep *upkeep)
{
	uint64_t delay_us = cache_maintain(upkeep->cache, UPKEEP_BUDGET_US);

	upkeep->is_pausing = false;
	upkeep->paused_until_us = clock_monotonic_us() + UPKEEP_BUDGET_US;
	upkeep->requests = upkeep->service->requests;
	upkeep->is_soon = delay_us <= UPKEEP_DELAY_US;
	/* It moves sessions, also where nobody asks. */
	if (delay_us > 0)
		secret_wipe_leftovers();
	if (delay_us != UINT64_MAX)
		loop_timer_set(&upkeep->timer, delay_us);
	else
		loop_timer_cancel(&upkeep->timer);
}

/* Clients that ask get half of the time: after a slice, its budget. */
static void
upkeep_cb(void *arg)
{
	struct daemon_upkeep *upkeep = arg;

	if (upkeep->is_pausing ||
	    upkeep->requests == upkeep->service->requests ||
	    clock_monotonic_us() >= upkeep->paused_until_us) {
		upkeep_slice(upkeep);
		return;
	}
	upkeep->is_pausing = true;
	loop_timer_set(&upkeep->timer, UPKEEP_PAUSE_MAX_US);
}

/*
 * The loop's timers are too coarse for a pause: it ends at the next turn of the
 * loop, which the requests of clients bring about.
 */
void
daemon_end_upkeep_pauses(struct daemon *daemon)
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		struct daemon_upkeep *upkeep = &daemon->upkeep[i];

		if (upkeep->is_pausing &&
		    clock_monotonic_us() >= upkeep->paused_until_us)
			upkeep_slice(upkeep);
	}
}

/* Called for each request, so it must cost nothing. */
void
daemon_wake_upkeep(void *arg)
{
	struct daemon_upkeep *upkeep = arg;

	if (upkeep->is_soon)
		return;
	upkeep->is_soon = true;
	loop_timer_set(&upkeep->timer, UPKEEP_DELAY_US);
}

void
daemon_init_upkeep(struct daemon *daemon)
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		struct daemon_upkeep *upkeep = &daemon->upkeep[i];

		upkeep->cache = &daemon->caches[i];
		upkeep->service = &daemon->service;
		upkeep->cache->wake = daemon_wake_upkeep;
		upkeep->cache->wake_arg = upkeep;
		loop_timer_init(
		    &upkeep->timer, daemon->loop, upkeep_cb, upkeep);
	}
}

/*
 * schedule_fixture: a schedule on a generator whose bytes are all the same: 0
 * makes every random time come at once, 255 makes it the whole period. Included
 * once, after fake_rand.h and cmocka.h.
 */
#ifndef SCHEDULE_FIXTURE_H
#define SCHEDULE_FIXTURE_H

#include "loop.h"
#include "prng.h"
#include "prng_schedule.h"

#include <fcntl.h>

#include "unit.h"

#define SOON      0
#define LATE      255
#define PERIOD_S  3600
#define TURNS_MAX 100
#define HANG_S    30

static struct loop *loop;
static struct prng_schedule *schedule;
static const struct prng_schedule_statistics *statistics;
static struct prng_schedule_config config;

/* What was asked of us. */
static unsigned restarts;
static bool is_restart_pressing;
static char restart_why[PATH_MAX];

static inline void
restart_wanted(void *arg, const char *why, bool is_urgent)
{
	assert_ptr_equal(arg, &restarts);
	++restarts;
	is_restart_pressing = is_urgent;
	snprintf(restart_why, sizeof(restart_why), "%s", why);
}

static inline int
setup(void **state)
{
	prng_fini();
	fake_rand_reset();
	fake_rand.is_constant = true;
	fake_rand.next = LATE;
	loop = loop_new();
	schedule = NULL;
	restarts = 0;
	config = (struct prng_schedule_config){
		.source_name = "",
		.source_len = 32,
		.reseed_period_s = PERIOD_S,
		.exchange_path = "",
		.update_period_s = PERIOD_S,
		.restart_wanted = restart_wanted,
		.restart_arg = &restarts,
	};
	return unit_setup(state);
}

static inline int
teardown(void **state)
{
	prng_schedule_free(schedule);
	loop_free(loop);
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

static inline void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* All but the start, in the daemon's order. */
static inline void
open_schedule(void)
{
	schedule = prng_schedule_new(&config);
	statistics = prng_schedule_statistics(schedule);
	prng_schedule_open_source(schedule);
	prng_schedule_open_exchange(schedule);
}

static inline void
start_schedule(void)
{
	open_schedule();
	prng_schedule_start(schedule, loop);
}

static inline void
stop_loop(void *arg)
{
	loop_stop(arg);
}

/* Let timers come that are due within the time given. */
static inline void
run_for(uint64_t us)
{
	struct loop_timer timer;

	loop_timer_init(&timer, loop, stop_loop, loop);
	loop_timer_set(&timer, us);
	loop_run(loop);
	loop_timer_fini(&timer);
}

/* Turn the loop until a counter has reached a value. */
static inline void
turn_until(const uint64_t *counter, uint64_t value)
{
	for (int i = 0; i < TURNS_MAX && *counter < value; ++i)
		loop_run_once(loop);
	assert_true(*counter >= value);
}

#endif

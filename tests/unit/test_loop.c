/*
 * Unit tests of loop: watchers, timers and signals, and what a callback may do
 * to its own. A timer of no delay stands for time that passes.
 */
#include "loop.h"

#include "clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit.h"

static struct loop *loop;
static int ends[2]; /* what is sent to one arrives at the other */

/* What callbacks have seen. */
static struct {
	unsigned calls;
	unsigned ready;
	int signal_number;
	uint64_t turn_began_us;
} seen;

static int
setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	loop = loop_new();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		return -1;
	return unit_setup(state);
}

static int
teardown(void **state)
{
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
	return unit_teardown(state);
}

static void
ready_cb(void *arg, unsigned ready)
{
	seen.calls++;
	seen.ready = ready;
	seen.turn_began_us = loop_turn_began_us(arg);
}

static void
timer_cb(void *arg)
{
	seen.calls++;
	seen.turn_began_us = loop_turn_began_us(arg);
}

static void
a_watcher_hears_of_what_it_watches_and_of_nothing_else(void **state)
{
	struct loop_watch watch;

	loop_watch_init(&watch, loop, ends[0], ready_cb, loop);
	loop_watch_set(&watch, LOOP_READ);
	assert_int_equal(write(ends[1], "x", 1), 1);
	loop_run_once(loop);
	assert_int_equal(seen.ready, LOOP_READ);
	loop_watch_set(&watch, LOOP_WRITE);
	loop_run_once(loop);
	assert_int_equal(seen.ready, LOOP_WRITE);
	loop_watch_set(&watch, LOOP_READ | LOOP_WRITE);
	loop_run_once(loop);
	assert_int_equal(seen.ready, LOOP_READ | LOOP_WRITE);
	assert_int_equal(seen.calls, 3);
	loop_watch_fini(&watch);
	loop_watch_fini(&watch);
}

static void
a_watcher_of_nothing_is_not_called(void **state)
{
	struct loop_watch watch;
	struct loop_timer timer;

	loop_watch_init(&watch, loop, ends[0], ready_cb, loop);
	loop_watch_set(&watch, LOOP_WRITE);
	loop_watch_set(&watch, 0);
	loop_timer_init(&timer, loop, timer_cb, loop);
	loop_timer_set(&timer, 0);
	loop_run_once(loop);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.ready, 0);
	loop_timer_fini(&timer);
	loop_watch_fini(&watch);
}

static void
a_timer_comes_once_after_its_delay(void **state)
{
	struct loop_timer timer;
	uint64_t set_us;

	loop_timer_init(&timer, loop, timer_cb, loop);
	assert_false(loop_timer_is_set(&timer));
	set_us = clock_monotonic_us();
	loop_timer_set(&timer, 20000);
	assert_true(loop_timer_is_set(&timer));
	while (seen.calls == 0)
		loop_run_once(loop);
	assert_true(clock_monotonic_us() - set_us >= 19000);
	assert_false(loop_timer_is_set(&timer));
	loop_timer_fini(&timer);
}

static void
a_timer_that_is_set_again_or_cancelled_forgets_the_first(void **state)
{
	struct loop_timer timer, other;

	loop_timer_init(&timer, loop, timer_cb, loop);
	loop_timer_init(&other, loop, timer_cb, loop);
	loop_timer_set(&timer, 0);
	loop_timer_set(&timer, 3600000000);
	loop_timer_set(&other, 0);
	loop_run_once(loop);
	assert_int_equal(seen.calls, 1);
	assert_true(loop_timer_is_set(&timer));
	loop_timer_cancel(&timer);
	assert_false(loop_timer_is_set(&timer));
	loop_timer_fini(&timer);
	loop_timer_fini(&other);
	loop_timer_fini(&other);
}

/* On the heap, as a client is. */
struct owner {
	struct loop_watch watch;
	struct loop_timer timer;
};

static void
free_watch_cb(void *arg, unsigned ready)
{
	struct owner *owner = arg;

	seen.ready = ready;
	loop_watch_fini(&owner->watch);
	loop_timer_fini(&owner->timer);
	free(owner);
}

static void
free_timer_cb(void *arg)
{
	free_watch_cb(arg, 0);
}

static void
a_callback_may_free_what_it_is_embedded_in(void **state)
{
	for (int by_timer = 0; by_timer < 2; by_timer++) {
		struct owner *owner = malloc(sizeof(*owner));

		loop_watch_init(
		    &owner->watch, loop, ends[0], free_watch_cb, owner);
		loop_timer_init(&owner->timer, loop, free_timer_cb, owner);
		if (by_timer)
			loop_timer_set(&owner->timer, 0);
		else
			loop_watch_set(&owner->watch, LOOP_WRITE);
		seen.ready = 77;
		loop_run_once(loop);
		assert_int_equal(seen.ready, by_timer ? 0 : LOOP_WRITE);
	}
}

static struct loop_watch watches[2];

/* Whichever of two that are ready is called first ends the other. */
static void
end_both_cb(void *arg, unsigned ready)
{
	seen.calls++;
	seen.ready = ready;
	loop_watch_fini(&watches[0]);
	loop_watch_fini(&watches[1]);
}

static void
a_watcher_that_another_callback_ends_is_not_called(void **state)
{
	for (int i = 0; i < 2; i++) {
		loop_watch_init(&watches[i], loop, ends[i], end_both_cb, NULL);
		loop_watch_set(&watches[i], LOOP_WRITE);
	}
	loop_run_once(loop);
	assert_int_equal(seen.calls, 1);
}

static void
callbacks_of_a_turn_share_the_time_at_which_it_began(void **state)
{
	struct loop_watch watch;
	struct loop_timer timer;
	uint64_t began_us;

	loop_watch_init(&watch, loop, ends[0], ready_cb, loop);
	loop_watch_set(&watch, LOOP_WRITE);
	loop_run_once(loop);
	began_us = seen.turn_began_us;
	assert_true(began_us > 0);
	assert_true(began_us <= clock_monotonic_us());
	clock_advance(5);
	loop_timer_init(&timer, loop, timer_cb, loop);
	loop_timer_set(&timer, 0);
	loop_run_once(loop);
	assert_true(seen.turn_began_us >= began_us + 5000000);
	loop_timer_fini(&timer);
	loop_watch_fini(&watch);
}

static void
stop_cb(void *arg, int signal_number)
{
	seen.signal_number = signal_number;
	loop_stop(arg);
}

static void
turn_cb(void *arg)
{
	(void)arg;
	seen.calls++;
}

static void
a_signal_is_a_callback_and_ends_the_loop_if_that_says_so(void **state)
{
	loop_set_turn_callback(loop, turn_cb, NULL);
	loop_catch_signal(loop, SIGHUP, stop_cb, loop);
	loop_catch_signal(loop, SIGTERM, stop_cb, loop);
	raise(SIGTERM);
	loop_run(loop);
	assert_int_equal(seen.signal_number, SIGTERM);
	/* At each turn, the last as well. */
	assert_int_equal(seen.calls, 1);
	raise(SIGHUP);
	loop_run(loop);
	assert_int_equal(seen.signal_number, SIGHUP);
}

static void
a_loop_that_is_not_there_can_be_freed(void **state)
{
	loop_free(NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_watcher_hears_of_what_it_watches_and_of_nothing_else),
		TEST(a_watcher_of_nothing_is_not_called),
		TEST(a_timer_comes_once_after_its_delay),
		TEST(a_timer_that_is_set_again_or_cancelled_forgets_the_first),
		TEST(a_callback_may_free_what_it_is_embedded_in),
		TEST(a_watcher_that_another_callback_ends_is_not_called),
		TEST(callbacks_of_a_turn_share_the_time_at_which_it_began),
		TEST(a_signal_is_a_callback_and_ends_the_loop_if_that_says_so),
		TEST(a_loop_that_is_not_there_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

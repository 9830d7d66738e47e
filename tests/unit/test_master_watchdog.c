/*
 * Unit tests of master_watchdog. Its time is real, so the children of all
 * tests run side by side: two seconds in all.
 */
#include "master.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "clock.h"

#define TIMEOUT_S   1
#define ALIVE_UNTIL 7 /* ticks, of which three make up the timeout */

/* Wait for the next tick of the watchdog. */
static void
wait_for_tick(void)
{
	if (poll(NULL, 0, -1) >= 0 || errno != EINTR)
		_exit(126);
}

static void
hang(void *arg)
{
	(void)arg;
	master_watchdog_start(TIMEOUT_S);
	for (;;)
		wait_for_tick();
}

/* A pat, and then no other. */
static void
hang_later(void *arg)
{
	(void)arg;
	master_watchdog_start(TIMEOUT_S);
	wait_for_tick();
	wait_for_tick();
	master_watchdog_pat();
	for (;;)
		wait_for_tick();
}

/* As at the end, which writes to the disk. */
static void
hang_at_the_end(void *arg)
{
	(void)arg;
	master_watchdog_start(TIMEOUT_S);
	master_watchdog_allow(2 * TIMEOUT_S);
	for (;;)
		wait_for_tick();
}

/* As rarely as is allowed. */
static void
live(void *arg)
{
	(void)arg;
	master_watchdog_start(TIMEOUT_S);
	for (unsigned tick = 0; tick < ALIVE_UNTIL; tick++) {
		if (tick % 3 == 2)
			master_watchdog_pat();
		wait_for_tick();
	}
}

static void
stop_and_go_on(void *arg)
{
	(void)arg;
	master_watchdog_start(TIMEOUT_S);
	wait_for_tick();
	raise(SIGSTOP);
	/* Only now may a handler run again. */
	master_watchdog_pat();
	wait_for_tick();
	wait_for_tick();
}

static struct child hanging, hanging_later, ending, living, stopped;
static uint64_t started_us;

static int
start_children(void **state)
{
	started_us = clock_monotonic_us();
	child_start(&hanging, hang, NULL);
	child_start(&hanging_later, hang_later, NULL);
	child_start(&ending, hang_at_the_end, NULL);
	child_start(&living, live, NULL);
	child_start(&stopped, stop_and_go_on, NULL);
	return 0;
}

static void
a_hanging_process_is_aborted(void **state)
{
	uint64_t passed_us;

	child_wait(&hanging);
	passed_us = clock_monotonic_us() - started_us;
	child_assert_killed(&hanging, SIGABRT);
	assert_string_equal(hanging.lines, "fatal: watchdog timeout\n");
	assert_true(passed_us >= 1000000);
	assert_true(passed_us < 10000000);
}

static void
a_pat_gives_it_a_whole_timeout(void **state)
{
	uint64_t passed_us;

	child_wait(&hanging_later);
	passed_us = clock_monotonic_us() - started_us;
	child_assert_killed(&hanging_later, SIGABRT);
	assert_true(passed_us >= 1660000);
}

static void
what_is_allowed_at_the_end_is_waited_for(void **state)
{
	uint64_t passed_us;

	child_wait(&ending);
	passed_us = clock_monotonic_us() - started_us;
	child_assert_killed(&ending, SIGABRT);
	assert_true(passed_us >= 2000000);
}

static void
a_process_that_pats_lives(void **state)
{
	child_wait(&living);
	child_assert_exited(&living, 0);
	assert_string_equal(living.lines, "");
}

/* By now it has been stopped for longer than the timeout. */
static void
a_stopped_process_lives(void **state)
{
	int status;

	assert_int_equal(waitpid(stopped.pid, &status, WUNTRACED), stopped.pid);
	assert_true(WIFSTOPPED(status));
	assert_true(clock_monotonic_us() - started_us > 2000000);
	kill(stopped.pid, SIGCONT);
	child_wait(&stopped);
	child_assert_exited(&stopped, 0);
	assert_string_equal(stopped.lines, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hanging_process_is_aborted),
		cmocka_unit_test(a_pat_gives_it_a_whole_timeout),
		cmocka_unit_test(what_is_allowed_at_the_end_is_waited_for),
		cmocka_unit_test(a_process_that_pats_lives),
		cmocka_unit_test(a_stopped_process_lives),
	};

	return cmocka_run_group_tests(tests, start_children, NULL);
}

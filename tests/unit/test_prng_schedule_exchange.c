/*
 * Unit tests of prng_schedule: when the exchange file is updated.
 */
#include "fake_rand.h"

#include "prng_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "cmocka_range.h"
#include "lock_holder.h"
#include "schedule_fixture.h"

static void
the_file_is_updated_again_and_again(void **state)
{
	struct stat st;

	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->exchange_updates, 5);
	assert_int_equal(stat(unit_path("exch"), &st), 0);
	assert_int_equal(st.st_size, 1024);
}

/* Jail or not: a new file is made with the privileges of a start. */
static void
a_removed_file_asks_for_a_restart(void **state)
{
	uint64_t updates;

	config.source_name = "dev:/dev/zero";
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	unit_log_clear();
	updates = statistics->exchange_updates;
	unlink(unit_path("exch"));
	turn_until(&statistics->exchange_failures, 1);
	assert_true(unit_log_has(
	    "PRNG exchange file was removed -- exiting to reopen"));
	assert_int_equal(restarts, 1);
	assert_string_equal(restart_why, "to reopen the PRNG exchange file");
	assert_true(is_restart_pressing);
	/* It asks once, and goes on with the rest. */
	turn_until(&statistics->source_reads, statistics->source_reads + 20);
	assert_int_equal(restarts, 1);
	assert_int_equal(statistics->exchange_updates, updates);
	prng_schedule_save(schedule);
	assert_int_equal(unit_log_complaints(), 1);
}

static void
a_file_that_is_not_usable_is_named(void **state)
{
	config.exchange_path = unit_path("no/such/directory");
	config.source_name = "dev:/dev/zero";
	fake_rand.next = SOON;
	start_schedule();
	assert_true(unit_log_has("cannot open PRNG exchange file"));
	turn_until(&statistics->source_reads, 20);
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 0);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_int_equal(unit_log_complaints(), 1);
	assert_int_equal(restarts, 0);
}

/* As at a reload, while the old process finishes. */
static void
a_file_that_is_locked_for_a_while_is_waited_for(void **state)
{
	struct lock_holder holder;

	write_file(unit_path("exch"), "content");
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	config.exchange_path = unit_path("exch");
	start_schedule();
	loop_run_once(loop);
	assert_int_equal(statistics->exchange_updates, 0);
	lock_holder_stop(&holder);
	turn_until(&statistics->exchange_updates, 1);
	assert_int_equal(statistics->exchange_failures, 0);
	assert_true(fake_rand_has("content", 7));
}

static void
a_file_that_is_locked_for_good_is_named_and_tried_later(void **state)
{
	struct lock_holder holder;

	write_file(unit_path("source"), "read once");
	write_file(unit_path("exch"), "");
	config.source_name = unit_path("source");
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	start_schedule();
	loop_run_once(loop);
	assert_int_equal(statistics->exchange_failures, 0);
	clock_advance(10);
	turn_until(&statistics->exchange_failures, 1);
	assert_true(unit_log_has("locked by another process"));
	assert_int_equal(unit_log_complaints(), 1);
	/* At the next time it waits as long again, without a line a try. */
	run_for(50000);
	assert_int_equal(statistics->exchange_failures, 1);
	lock_holder_stop(&holder);
	turn_until(&statistics->exchange_updates, 1);
}

static void
saving_updates_the_file(void **state)
{
	config.exchange_path = unit_path("exch");
	start_schedule();
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 2);
	unlink(unit_path("exch"));
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_true(unit_log_has("was removed"));
	assert_int_equal(restarts, 0); /* this is the end anyway */
}

static void
an_update_on_request_waits_for_nothing(void **state)
{
	struct lock_holder holder;

	config.exchange_path = unit_path("exch");
	start_schedule();
	assert_int_equal(prng_schedule_update(schedule), ERROR_NONE);
	assert_int_equal(statistics->exchange_updates, 2);
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	assert_int_equal(prng_schedule_update(schedule), ERROR_LOCKED);
	assert_int_equal(statistics->exchange_updates, 2);
	lock_holder_stop(&holder);
	unlink(unit_path("exch"));
	assert_int_equal(prng_schedule_update(schedule), ERROR_NOT_FOUND);
	assert_int_equal(statistics->exchange_failures, 1);
}

/* None is wanted, so there is nothing that could fail. */
static void
an_update_without_a_file_succeeds(void **state)
{
	start_schedule();
	assert_int_equal(prng_schedule_update(schedule), ERROR_NONE);
	assert_int_equal(statistics->exchange_updates, 0);
}

static void
saving_waits_for_the_lock(void **state)
{
	struct lock_holder holder;

	config.exchange_path = unit_path("exch");
	open_schedule();
	assert_true(lock_holder_start(&holder, unit_path("exch"), 100));
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 1);
	lock_holder_stop(&holder);
}

static void
saving_does_not_wait_for_ever(void **state)
{
	struct lock_holder holder;
	uint64_t start_us;

	config.exchange_path = unit_path("exch");
	open_schedule();
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	start_us = clock_monotonic_us();
	prng_schedule_save(schedule);
	assert_in_range(clock_monotonic_us() - start_us, 200000, 5000000);
	assert_int_equal(statistics->exchange_updates, 0);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_true(unit_log_has("locked by another process"));
	lock_holder_stop(&holder);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_updated_again_and_again),
		TEST(a_removed_file_asks_for_a_restart),
		TEST(a_file_that_is_not_usable_is_named),
		TEST(a_file_that_is_locked_for_a_while_is_waited_for),
		TEST(a_file_that_is_locked_for_good_is_named_and_tried_later),
		TEST(saving_updates_the_file),
		TEST(an_update_on_request_waits_for_nothing),
		TEST(an_update_without_a_file_succeeds),
		TEST(saving_waits_for_the_lock),
		TEST(saving_does_not_wait_for_ever),
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

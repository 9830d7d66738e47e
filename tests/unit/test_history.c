/*
 * Unit tests of the history: what is in a minute, whatever the clock does, and
 * what is added that another process counted.
 */
#include "history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "history_unit.h"

static struct history history;

static int
setup(void **state)
{
	history_unit_init(&history);
	return unit_setup(state);
}

static int
teardown(void **state)
{
	history_fini(&history);
	return unit_teardown(state);
}

static void
expect(int64_t minute, int64_t requests, int64_t duration_ms)
{
	assert_int_equal(
	    history_unit_value(&history, minute, ROW_REQUESTS), requests);
	assert_int_equal(
	    history_unit_duration_ms(&history, minute), duration_ms);
}

static void
a_minute_has_what_came_in_it(void **state)
{
	const struct history_record *record;

	assert_null(history_unit_look(&history, 0, 1000));
	expect(0, -1, -1);
	record = history_unit_look(&history, 60, 1007);
	assert_ptr_equal(record, history_find(&history, MINUTE));
	history_unit_look(&history, 120, 1007);
	history_unit_look(&history, 180, 1010);
	expect(0, 7, 60000);
	expect(1, 0, 60000);
	expect(2, 3, 60000);
	expect(3, -1, -1);
	expect(-1, -1, -1);
}

static void
looks_within_a_minute_add_up(void **state)
{
	history_unit_look(&history, 30, 0);
	for (unsigned i = 31; i <= 60; i++)
		history_unit_look(&history, i, i);
	expect(0, 60, 30000);
	history_unit_look(&history, 90, 70);
	expect(1, 10, 30000);
}

/* As often as somebody looks: nothing is rounded away. */
static void
parts_of_a_millisecond_are_not_lost(void **state)
{
	const uint64_t values[ROWS] = { 0 };

	for (uint64_t us = 0; us <= 1000000; us += 100)
		history_look(&history, START, 5000000 + us, values);
	expect(0, 0, 1000);
}

static void
a_gauge_is_what_it_was_last(void **state)
{
	history_unit_look_at(&history, 0, 0, 0, 5, 1);
	history_unit_look_at(&history, 20, 20, 0, 7, 0);
	assert_int_equal(history_unit_value(&history, 0, ROW_BYTES), 0);
	history_unit_look_at(&history, 40, 40, 0, 3, UINT64_C(5) << 32);
	assert_int_equal(history_unit_value(&history, 0, ROW_CLIENTS), 3);
	assert_int_equal(history_unit_value(&history, 0, ROW_BYTES),
	    (int64_t)(UINT64_C(5) << 32));
	/* To the next kB. */
	history_unit_look_at(&history, 50, 50, 0, 3, 1);
	assert_int_equal(history_unit_value(&history, 0, ROW_BYTES), 1024);
}

static void
what_does_not_fit_is_the_largest_that_does(void **state)
{
	history_unit_look_at(&history, 0, 0, 0, 0, 0);
	history_unit_look_at(
	    &history, 1, 1, UINT32_MAX - 1, UINT64_MAX, UINT64_MAX);
	history_unit_look_at(
	    &history, 2, 2, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_int_equal(
	    history_unit_value(&history, 0, ROW_REQUESTS), UINT32_MAX);
	assert_int_equal(
	    history_unit_value(&history, 0, ROW_CLIENTS), UINT32_MAX);
	assert_int_equal(history_unit_value(&history, 0, ROW_BYTES),
	    INT64_C(1024) * UINT32_MAX);
}

static void
a_counter_that_falls_did_not_rise(void **state)
{
	history_unit_look(&history, 0, 100);
	history_unit_look(&history, 30, 50);
	expect(0, 0, 30000);
	history_unit_look(&history, 60, 60);
	expect(0, 10, 60000);
}

static void
a_full_ring_has_the_last_day(void **state)
{
	uint64_t requests = 0;

	for (unsigned i = 0; i <= 2 * HISTORY_MINUTES + 10; i++) {
		history_unit_look(&history, i * 60, requests);
		requests += i;
	}
	for (int i = 0; i < 2 * HISTORY_MINUTES + 10; i++)
		expect(i, i < HISTORY_MINUTES + 10 ? -1 : i,
		    i < HISTORY_MINUTES + 10 ? -1 : 60000);
}

/* A machine that slept, or a clock that was set forth, leaves a gap. */
static void
minutes_in_which_nothing_ran_are_gaps(void **state)
{
	history_unit_look_at(&history, 0, 0, 0, 1, 1);
	history_unit_look_at(&history, 3660, 60, 6, 1, 1);
	history_unit_look_at(&history, 3720, 120, 8, 1, 1);
	expect(0, 6, 60000);
	for (int i = 1; i < 61; i++)
		expect(i, -1, -1);
	expect(61, 2, 60000);
}

/* The hour that comes twice has both, and so their rate stays right. */
static void
a_clock_set_back_loses_nothing(void **state)
{
	for (unsigned i = 0; i <= 60; i++)
		history_unit_look(&history, i * 60, 10 * i);
	for (unsigned i = 0; i <= 30; i++)
		history_unit_look_at(
		    &history, i * 60, 3600 + i * 60, 600 + 2 * i, 1, 1);
	for (int i = 0; i < 30; i++)
		expect(i, 12, 120000);
	for (int i = 30; i < 60; i++)
		expect(i, 10, 60000);
}

static void
a_time_before_1970_is_no_minute(void **state)
{
	history_unit_look_at(&history, -START - 10000, 0, 0, 1, 1);
	history_unit_look_at(&history, -START - 9000, 60, 5, 1, 1);
	history_unit_look_at(&history, 0, 120, 5, 1, 1);
	history_unit_look_at(&history, 60, 180, 7, 1, 1);
	assert_null(history_find(&history, 0));
	expect(0, 2, 60000);
}

static bool
merge(int64_t minute, uint32_t requests, uint32_t clients)
{
	static const size_t rows[] = { ROW_CLIENTS, HISTORY_ROWS_MAX,
		ROW_REQUESTS };
	const struct history_record record = {
		.minute = MINUTE + minute,
		.duration_ms = 20000,
		.values = { clients, 77, requests },
	};

	return history_merge(&history, &record, rows, 3, START);
}

static void
what_another_process_counted_is_added(void **state)
{
	history_unit_look_at(&history, 20, 20, 0, 4, 1);
	history_unit_look_at(&history, 60, 60, 10, 4, 1);
	assert_true(merge(0, 5, 9));
	assert_true(merge(-1, 8, 2));
	expect(0, 15, 60000);
	assert_int_equal(history_unit_value(&history, 0, ROW_CLIENTS), 4);
	expect(-1, 8, 20000);
	assert_int_equal(history_unit_value(&history, -1, ROW_CLIENTS), 2);
	assert_int_equal(history_unit_value(&history, -1, ROW_BYTES), 0);
	/* It went on with that minute after a clock was set back. */
	history_unit_look_at(&history, -50, 70, 10, 6, 1);
	history_unit_look_at(&history, -40, 80, 11, 6, 1);
	expect(-1, 9, 30000);
}

static void
what_is_a_day_away_is_not_taken(void **state)
{
	assert_false(merge(-HISTORY_MINUTES, 1, 1));
	assert_false(merge(HISTORY_MINUTES, 1, 1));
	assert_false(merge(-MINUTE, 1, 1));
	assert_false(merge(INT64_MAX - MINUTE, 1, 1));
	assert_false(merge(INT64_MIN + 2 * MINUTE, 1, 1));
	assert_true(merge(1 - HISTORY_MINUTES, 1, 1));
	/* Whose place is taken: there is one already. */
	assert_false(merge(1, 1, 1));
	expect(1 - HISTORY_MINUTES, 1, 20000);
}

/* Numbers of a file are anybody's. */
static void
a_minute_that_cannot_be_is_not_taken(void **state)
{
	const struct history_record least = { .minute = INT64_MIN };
	const struct history_record most = { .minute = INT64_MAX };

	assert_false(history_merge(&history, &least, NULL, 0, START));
	assert_false(history_merge(&history, &most, NULL, 0, START));
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_minute_has_what_came_in_it),
		TEST(looks_within_a_minute_add_up),
		TEST(parts_of_a_millisecond_are_not_lost),
		TEST(a_gauge_is_what_it_was_last),
		TEST(what_does_not_fit_is_the_largest_that_does),
		TEST(a_counter_that_falls_did_not_rise),
		TEST(a_full_ring_has_the_last_day),
		TEST(minutes_in_which_nothing_ran_are_gaps),
		TEST(a_clock_set_back_loses_nothing),
		TEST(a_time_before_1970_is_no_minute),
		TEST(what_another_process_counted_is_added),
		TEST(what_is_a_day_away_is_not_taken),
		TEST(a_minute_that_cannot_be_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

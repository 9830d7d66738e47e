/*
 * Unit tests of shared_breaker.
 */
#include "shared_breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define S UINT64_C(1000000)

static void
three_late_lookups_in_a_row_are_enough(void **state)
{
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	for (int i = 0; i < 5; i++) {
		assert_false(shared_breaker_lookup(&breaker, true));
		assert_false(shared_breaker_lookup(&breaker, true));
		assert_false(shared_breaker_lookup(&breaker, false));
	}
	shared_breaker_up(&breaker, S);
	assert_false(shared_breaker_lookup(&breaker, true));
	assert_false(shared_breaker_lookup(&breaker, true));
	assert_true(shared_breaker_lookup(&breaker, true));
}

/* One late lookup in so many; how many lookups until it is enough? */
static unsigned
count_until_enough(unsigned one_in)
{
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	for (unsigned i = 1; i <= 5000; i++)
		if (shared_breaker_lookup(&breaker, i % one_in == 0))
			return i;
	return 0;
}

static void
more_than_a_tenth_of_the_last_hundred_is_enough(void **state)
{
	assert_int_equal(count_until_enough(10), 0);
	assert_int_equal(count_until_enough(11), 0);
	assert_int_equal(count_until_enough(9), 99);
	assert_int_equal(count_until_enough(4), 44);
}

static void
the_window_begins_empty_each_time_that_it_is_up(void **state)
{
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	for (int round = 0; round < 3; round++) {
		shared_breaker_up(&breaker, S);
		for (int i = 0; i < 10; i++) {
			assert_false(shared_breaker_lookup(&breaker, true));
			assert_false(shared_breaker_lookup(&breaker, false));
		}
	}
	assert_true(shared_breaker_lookup(&breaker, true));
}

static void
ten_refused_commands_in_a_row_are_enough(void **state)
{
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	for (int i = 0; i < 9; i++)
		assert_false(shared_breaker_command(&breaker, true));
	assert_false(shared_breaker_command(&breaker, false));
	for (int i = 0; i < 9; i++)
		assert_false(shared_breaker_command(&breaker, true));
	assert_true(shared_breaker_command(&breaker, true));
}

static void
the_delay_doubles_from_a_tenth_of_a_second_to_half_a_minute(void **state)
{
	static const unsigned ms[] = { 100, 200, 400, 800, 1600, 3200, 6400,
		12800, 25600, 30000, 30000 };
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		assert_int_equal(
		    shared_breaker_failed(&breaker, S, 0), ms[i] * 500);
	assert_int_equal(
	    shared_breaker_failed(&breaker, S, UINT16_MAX), 45 * S);
}

static void
only_a_minute_of_being_up_begins_it_anew(void **state)
{
	struct shared_breaker breaker;

	shared_breaker_init(&breaker);
	assert_int_equal(shared_breaker_failed(&breaker, S, 0), 50000);
	shared_breaker_up(&breaker, 2 * S);
	assert_int_equal(shared_breaker_failed(&breaker, 61 * S, 0), 100000);
	shared_breaker_up(&breaker, 100 * S);
	assert_int_equal(shared_breaker_failed(&breaker, 160 * S, 0), 50000);
	/* Down for a minute is not up for a minute. */
	assert_int_equal(shared_breaker_failed(&breaker, 300 * S, 0), 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_late_lookups_in_a_row_are_enough),
		cmocka_unit_test(
		    more_than_a_tenth_of_the_last_hundred_is_enough),
		cmocka_unit_test(
		    the_window_begins_empty_each_time_that_it_is_up),
		cmocka_unit_test(ten_refused_commands_in_a_row_are_enough),
		cmocka_unit_test(
		    the_delay_doubles_from_a_tenth_of_a_second_to_half_a_minute),
		cmocka_unit_test(only_a_minute_of_being_up_begins_it_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of ticket_key: clocks that step, and keys that come in from
 * another process.
 */
#include "ticket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ticket_key_fixture.h"

/* A key is of use from the second in which it is made, and never too long. */
static void
every_lifetime_is_kept_to(void **state)
{
	struct ticket_keys *keys = *state;

	for (int64_t lifetime_s = 1; lifetime_s <= 130; lifetime_s++) {
		int first;
		time_t now;

		ticket_keys_init(keys, lifetime_s);
		first = current_at(keys, START);
		assert_int_equal(current_at(keys, START), first);
		assert_true(is_found_at(keys, START, (unsigned char)first));
		for (now = START; current_at(keys, now) == first; now++)
			;
		assert_true(
		    now - START <= (lifetime_s > 1 ? lifetime_s / 2 : 1));
		for (; is_found_at(keys, now, (unsigned char)first); now++)
			;
		assert_true(now - START <= lifetime_s);
		/* Nor much less than promised. */
		assert_true(now - START >= lifetime_s - 2);
	}
}

static void
a_clock_set_back_by_a_minute_loses_no_key(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	for (int back_s = 1; back_s <= 60; back_s++) {
		assert_int_equal(current_at(keys, START - back_s), 1);
		assert_true(is_found_at(keys, START - back_s, 1));
	}
	assert_int_equal(changes, 1);
}

/* It would live longer than a key may. */
static void
a_clock_set_back_further_retires_keys_from_the_future(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_false(is_found_at(keys, START - 61, 1));
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 2);
	assert_wiped_behind(keys);
}

static void
a_clock_a_day_ahead_and_back_loses_keys_only(void **state)
{
	struct ticket_keys *keys = *state;

	assert_int_equal(current_at(keys, START), 1);
	assert_int_equal(current_at(keys, START + DAY_S), 2);
	assert_int_equal(keys->count, 1);
	assert_int_equal(current_at(keys, START + 1), 3);
	assert_int_equal(keys->count, 1);
	assert_int_equal(current_at(keys, START - DAY_S), 4);
	assert_int_equal(keys->count, 1);
	assert_int_equal(
	    keys->keys[0].encrypt_until, START - DAY_S + HALF_S - 1);
}

/* Ahead by less than a lifetime: the key from before is good again. */
static void
a_clock_ahead_and_back_finds_the_key_from_before(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(current_at(keys, START + HALF_S), 2);
	assert_int_equal(keys->count, 2);
	assert_int_equal(current_at(keys, START + HALF_S - 60), 2);
	assert_int_equal(keys->count, 2);
	assert_int_equal(current_at(keys, START + 10), 1);
	assert_int_equal(keys->count, 1);
	assert_wiped_behind(keys);
}

/* By its clock, no key is used for longer than a lifetime and a minute. */
static void
no_clock_makes_a_key_live_too_long(void **state)
{
	struct ticket_keys *keys = *state;
	time_t now = START;

	for (int i = 0; i < 20000; i++) {
		const struct ticket_key *key;

		now += random() % (4 * HALF_S) - 2 * HALF_S;
		if (random() % 10 == 0)
			now += (random() % 3 - 1) * DAY_S;
		if (random() % 2 == 0)
			ticket_keys_retire(keys, now);
		else
			assert_int_equal(
			    ticket_keys_current(keys, now, &key), ERROR_NONE);
		assert_true(keys->count <= TICKET_KEYS_MAX);
		for (unsigned j = 0; j < keys->count; j++) {
			int64_t until = keys->keys[j].encrypt_until;

			assert_true(until < now + HALF_S + 60);
			assert_true(until + HALF_S > now);
		}
		assert_wiped_behind(keys);
	}
}

static void
adopted_keys_are_in_order_of_their_ends(void **state)
{
	struct ticket_keys *keys = *state;

	assert_int_equal(adopt_at(keys, START, 101, START - 10), ERROR_NONE);
	assert_int_equal(adopt_at(keys, START, 102, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 102);
	assert_true(is_found_at(keys, START, 101));
	assert_int_equal(adopt_at(keys, START, 102, START + 500), ERROR_EXISTS);
	assert_int_equal(adopt_at(keys, START, 104, START + 100), ERROR_NONE);
	assert_int_equal(keys->keys[1].name[0], 104);
	assert_int_equal(keys->keys[2].name[0], 101);
	/* Of the same time: the one that is there stays in front. */
	assert_int_equal(adopt_at(keys, START, 105, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 102);
	assert_int_equal(keys->keys[1].name[0], 105);
	assert_int_equal(keys->count, 4);
	assert_int_equal(keys->rotations, 0);
	assert_int_equal(changes, 0);
}

/* Whatever the order in which they come. */
static void
of_too_many_keys_the_one_that_ends_first_goes(void **state)
{
	struct ticket_keys *keys = *state;

	for (unsigned i = 0; i < TICKET_KEYS_MAX; i++)
		assert_int_equal(adopt_at(keys, START, (unsigned char)(101 + i),
				     START + 100 * ((int)i * 7 % 16)),
		    ERROR_NONE);
	assert_int_equal(adopt_at(keys, START, 1, START - 1), ERROR_EXISTS);
	assert_false(is_found_at(keys, START, 1));
	assert_true(is_found_at(keys, START, 101));
	assert_int_equal(adopt_at(keys, START, 2, START + 50), ERROR_NONE);
	assert_false(is_found_at(keys, START, 101));
	assert_int_equal(keys->count, TICKET_KEYS_MAX);
	for (unsigned i = 1; i < TICKET_KEYS_MAX; i++)
		assert_true(keys->keys[i - 1].encrypt_until >=
			    keys->keys[i].encrypt_until);
}

static void
an_adopted_key_that_ends_earlier_does_not_encrypt(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(adopt_at(keys, START, 101, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 1);
	assert_true(is_found_at(keys, START, 101));
}

static unsigned refreshes;

/* Another process has made a key meanwhile. */
static void
bring_a_key(void *arg, struct ticket_keys *keys, time_t now)
{
	assert_ptr_equal(arg, &changes);
	refreshes++;
	adopt_at(keys, now, 101, now + 500);
}

static void
keys_of_others_come_before_a_new_key_and_before_an_unknown_name(void **state)
{
	struct ticket_keys *keys = *state;

	refreshes = 0;
	keys->refresh = bring_a_key;
	assert_int_equal(current_at(keys, START), 101);
	assert_int_equal(current_at(keys, START), 101);
	assert_int_equal(refreshes, 1);
	assert_int_equal(keys->rotations, 0);
	assert_int_equal(changes, 0);
	ticket_keys_wipe(keys);
	assert_true(is_found_at(keys, START, 101));
	assert_int_equal(refreshes, 2);
	assert_false(is_found_at(keys, START, 1));
	assert_int_equal(refreshes, 3);
}

static void
a_key_of_another_time_is_not_adopted(void **state)
{
	static const struct {
		int64_t until;
		enum error error;
	} cases[] = {
		{ START - HALF_S, ERROR_TIMED_OUT },
		{ START - HALF_S + 1, ERROR_NONE },
		{ START + HALF_S - 1 + 60, ERROR_NONE },
		{ START + HALF_S + 60, ERROR_INVALID },
		{ 0, ERROR_TIMED_OUT },
		{ INT64_MAX, ERROR_INVALID },
		{ INT64_MIN, ERROR_TIMED_OUT },
	};
	struct ticket_keys *keys = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    adopt_at(keys, START, 101, cases[i].until), cases[i].error);
		assert_int_equal(keys->count, cases[i].error == ERROR_NONE);
		ticket_keys_wipe(keys);
	}
}

static void
a_key_is_adopted_beside_keys_that_are_over(void **state)
{
	struct ticket_keys *keys = *state;
	time_t now = START + DAY_S;

	current_at(keys, START);
	assert_int_equal(adopt_at(keys, now, 101, now), ERROR_NONE);
	assert_int_equal(keys->count, 1);
	assert_true(is_found_at(keys, now, 101));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_lifetime_is_kept_to),
		TEST(a_clock_set_back_by_a_minute_loses_no_key),
		TEST(a_clock_set_back_further_retires_keys_from_the_future),
		TEST(a_clock_a_day_ahead_and_back_loses_keys_only),
		TEST(a_clock_ahead_and_back_finds_the_key_from_before),
		TEST(no_clock_makes_a_key_live_too_long),
		TEST(adopted_keys_are_in_order_of_their_ends),
		TEST(of_too_many_keys_the_one_that_ends_first_goes),
		TEST(an_adopted_key_that_ends_earlier_does_not_encrypt),
		TEST(
		    keys_of_others_come_before_a_new_key_and_before_an_unknown_name),
		TEST(a_key_of_another_time_is_not_adopted),
		TEST(a_key_is_adopted_beside_keys_that_are_over),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_clock", tests, NULL, NULL);
}

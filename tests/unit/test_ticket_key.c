/*
 * Unit tests of ticket_key: which keys are made, handed out and wiped.
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

static void
a_key_is_made_on_demand(void **state)
{
	struct ticket_keys *keys = *state;
	const struct ticket_key *key;
	unsigned char expected[80];

	assert_int_equal(keys->count, 0);
	assert_int_equal(ticket_keys_current(keys, START, &key), ERROR_NONE);
	memset(expected, 1, sizeof(expected));
	assert_memory_equal(key, expected, sizeof(expected));
	assert_int_equal(key->encrypt_until, START + HALF_S - 1);
	assert_int_equal(keys->count, 1);
	assert_int_equal(keys->rotations, 1);
	assert_int_equal(changes, 1);
	assert_int_equal(count_seen, 1);
	assert_wiped_behind(keys);
}

static void
a_key_encrypts_for_half_the_lifetime(void **state)
{
	struct ticket_keys *keys = *state;
	time_t until = START + HALF_S - 1;

	assert_int_equal(current_at(keys, START), 1);
	assert_int_equal(current_at(keys, until - 1), 1);
	assert_int_equal(changes, 1);
	assert_int_equal(current_at(keys, until), 2);
	assert_int_equal(changes, 2);
	assert_int_equal(keys->keys[0].encrypt_until, until + HALF_S - 1);
	assert_int_equal(keys->count, 2);
}

static void
a_key_decrypts_for_the_lifetime(void **state)
{
	struct ticket_keys *keys = *state;
	time_t end = START + HALF_S - 1 + HALF_S;

	current_at(keys, START);
	assert_true(is_found_at(keys, START, 1));
	assert_true(is_found_at(keys, START + HALF_S, 1));
	assert_int_equal(current_at(keys, START + HALF_S), 2);
	assert_true(is_found_at(keys, end - 1, 1));
	assert_true(is_found_at(keys, end - 1, 2));
	assert_int_equal(changes, 2);
	assert_false(is_found_at(keys, end, 1));
	assert_true(is_found_at(keys, end, 2));
	assert_int_equal(changes, 3);
	assert_int_equal(count_seen, 1);
	assert_int_equal(keys->count, 1);
	assert_wiped_behind(keys);
	assert_true(end <= START + LIFETIME_S);
}

static void
no_other_names_are_known(void **state)
{
	struct ticket_keys *keys = *state;
	unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key key;

	assert_false(is_found_at(keys, START, 0));
	current_at(keys, START);
	assert_false(is_found_at(keys, START, 2));
	for (size_t i = 0; i < sizeof(name); i++) {
		memset(name, 1, sizeof(name));
		name[i] = 9;
		assert_int_equal(
		    ticket_keys_find(keys, START, name, &key), ERROR_NOT_FOUND);
	}
}

/* A second apart, as often as there is room. */
static void
rotating_loses_no_key_up_to_sixteen(void **state)
{
	struct ticket_keys *keys = *state;

	for (int i = 1; i <= 20; i++) {
		time_t now = START + i;

		assert_int_equal(ticket_keys_rotate(keys, now), ERROR_NONE);
		assert_int_equal(keys->count, i < 16 ? i : 16);
		assert_int_equal(current_at(keys, now), i);
		for (int j = 1; j <= i; j++)
			assert_int_equal(
			    is_found_at(keys, now, (unsigned char)j),
			    j > i - 16);
		assert_int_equal(changes, i);
	}
	assert_int_equal(keys->rotations, 20);
}

static void
rotations_within_a_second_are_one(void **state)
{
	struct ticket_keys *keys = *state;

	assert_int_equal(current_at(keys, START), 1);
	assert_int_equal(ticket_keys_rotate(keys, START), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 2);
	assert_int_equal(ticket_keys_rotate(keys, START), ERROR_EXISTS);
	assert_int_equal(current_at(keys, START), 2);
	assert_int_equal(changes, 2);
	assert_int_equal(ticket_keys_rotate(keys, START + 1), ERROR_NONE);
	assert_int_equal(current_at(keys, START + 1), 3);
	assert_true(is_found_at(keys, START + 1, 1));
	assert_true(is_found_at(keys, START + 1, 2));
	/* Where no key is left there is one to be made. */
	ticket_keys_wipe(keys);
	assert_int_equal(ticket_keys_rotate(keys, START + 1), ERROR_NONE);
	assert_int_equal(current_at(keys, START + 1), 4);
}

/* Server processes encrypt with the one whose time is later. */
static void
only_the_key_that_encrypts_has_a_time_to_come(void **state)
{
	struct ticket_keys *keys = *state;
	time_t now = START + 5;

	current_at(keys, START);
	assert_int_equal(end_told_at(keys, START, 1), START + HALF_S - 1);
	ticket_keys_rotate(keys, now);
	assert_int_equal(end_told_at(keys, now, 2), now + HALF_S - 1);
	assert_int_equal(end_told_at(keys, now, 1), now - 1);
	/* What is kept of it has its own time. */
	assert_int_equal(keys->keys[1].encrypt_until, START + HALF_S - 1);
	now = START + HALF_S + 100;
	assert_int_equal(end_told_at(keys, now, 1), START + HALF_S - 1);
}

/* A key made later in the same second, or by a clock that was set back. */
static void
a_new_key_ends_later_than_all_others(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	for (int back_s = 0; back_s <= 40; back_s += 5) {
		int64_t before = keys->keys[0].encrypt_until;
		time_t now = START - back_s;

		assert_int_equal(ticket_keys_rotate(keys, now), ERROR_NONE);
		assert_true(keys->keys[0].encrypt_until > before);
		assert_true(
		    end_told_at(keys, now, keys->keys[1].name[0]) < now);
	}
	/* But not without end. */
	assert_int_equal(ticket_keys_rotate(keys, START - 60), ERROR_NONE);
	assert_true(keys->keys[0].encrypt_until <= START + HALF_S - 1);
	assert_int_equal(current_at(keys, START - 60), 11);
}

static void
it_is_known_when_keys_were_made(void **state)
{
	struct ticket_keys *keys = *state;
	const struct ticket_key *key;

	assert_int_equal(ticket_keys_made_at(keys, 0), 0);
	assert_int_equal(ticket_keys_encrypts_until(keys, 0), 0);
	ticket_keys_current(keys, START, &key);
	ticket_keys_rotate(keys, START + 7);
	assert_int_equal(ticket_keys_made_at(keys, 0), START + 7);
	assert_int_equal(ticket_keys_made_at(keys, 1), START);
	assert_int_equal(
	    ticket_keys_encrypts_until(keys, 0), keys->keys[0].encrypt_until);
	assert_int_equal(ticket_keys_made_at(keys, 2), 0);
}

static void
old_keys_can_be_rotated_away(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(ticket_keys_rotate(keys, START + DAY_S), ERROR_NONE);
	assert_int_equal(keys->count, 1);
	assert_int_equal(changes, 2);
	assert_int_equal(current_at(keys, START + DAY_S), 2);
}

static void
keys_retire_when_nobody_asks(void **state)
{
	struct ticket_keys *keys = *state;
	time_t end = START + HALF_S - 1 + HALF_S;

	current_at(keys, START);
	ticket_keys_retire(keys, end - 1);
	assert_int_equal(keys->count, 1);
	assert_int_equal(changes, 1);
	ticket_keys_retire(keys, end);
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 2);
	assert_int_equal(count_seen, 0);
	assert_wiped_behind(keys);
	ticket_keys_retire(keys, end);
	assert_int_equal(changes, 2);
}

static void
wiping_leaves_no_key(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	ticket_keys_rotate(keys, START);
	ticket_keys_wipe(keys);
	assert_int_equal(keys->count, 0);
	assert_wiped_behind(keys);
	assert_int_equal(changes, 3);
	assert_false(is_found_at(keys, START, 1));
	ticket_keys_wipe(keys);
	assert_int_equal(changes, 4);
	assert_int_equal(current_at(keys, START), 3);
}

static void
a_broken_generator_leaves_the_keys_that_are_there(void **state)
{
	struct ticket_keys *keys = *state;
	const struct ticket_key *key = NULL;
	time_t later = START + HALF_S, last = START + 2 * HALF_S - 2;

	is_generator_broken = true;
	assert_int_equal(ticket_keys_current(keys, START, &key), ERROR_RANDOM);
	assert_null(key);
	assert_int_equal(keys->count, 0);
	assert_wiped_behind(keys);

	is_generator_broken = false;
	current_at(keys, START);
	is_generator_broken = true;
	assert_int_equal(current_at(keys, START + 1), 1);
	assert_int_equal(ticket_keys_current(keys, later, &key), ERROR_RANDOM);
	assert_int_equal(ticket_keys_rotate(keys, later), ERROR_RANDOM);
	assert_true(is_found_at(keys, last, 1));
	assert_int_equal(changes, 1);
	assert_int_equal(keys->rotations, 1);
	/* What retires meanwhile is told, too. */
	assert_int_equal(
	    ticket_keys_current(keys, last + 1, &key), ERROR_RANDOM);
	assert_int_equal(changes, 2);
	assert_int_equal(count_seen, 0);
	assert_int_equal(ticket_keys_rotate(keys, last + 1), ERROR_RANDOM);
	assert_int_equal(changes, 2);

	is_generator_broken = false;
	current_at(keys, START);
	is_generator_broken = true;
	assert_int_equal(ticket_keys_rotate(keys, last + 1), ERROR_RANDOM);
	assert_int_equal(changes, 4);
	assert_int_equal(count_seen, 0);
}

static void
there_are_no_keys_where_tickets_are_off(void **state)
{
	struct ticket_keys *keys = *state;
	const struct ticket_key *key = NULL;
	static const unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key copy, other = { .encrypt_until = START + 1 };

	for (int64_t lifetime_s = -1; lifetime_s <= 0; lifetime_s++) {
		keys->lifetime_s = lifetime_s;
		assert_int_equal(
		    ticket_keys_current(keys, START, &key), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_find(keys, START, name, &copy), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_rotate(keys, START), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_adopt(keys, START, &other), ERROR_DISABLED);
	}
	assert_null(key);
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_made_on_demand),
		TEST(a_key_encrypts_for_half_the_lifetime),
		TEST(a_key_decrypts_for_the_lifetime),
		TEST(no_other_names_are_known),
		TEST(rotating_loses_no_key_up_to_sixteen),
		TEST(rotations_within_a_second_are_one),
		TEST(only_the_key_that_encrypts_has_a_time_to_come),
		TEST(a_new_key_ends_later_than_all_others),
		TEST(it_is_known_when_keys_were_made),
		TEST(old_keys_can_be_rotated_away),
		TEST(keys_retire_when_nobody_asks),
		TEST(wiping_leaves_no_key),
		TEST(a_broken_generator_leaves_the_keys_that_are_there),
		TEST(there_are_no_keys_where_tickets_are_off),
	};

	return cmocka_run_group_tests_name("ticket_key", tests, NULL, NULL);
}

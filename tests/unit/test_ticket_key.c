/*
 * Unit tests of session ticket keys, with a generator of our own, and times as
 * we like them.
 */
#include "prng.h"
#include "ticket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIFETIME_S 3600L
#define HALF_S     (LIFETIME_S / 2)
#define DAY_S      86400
#define START      1000000000 /* 2001 */

static unsigned char generated; /* each output is full of the next byte */
static bool is_generator_broken;

enum error
prng_generate(void *out, size_t len)
{
	assert_int_equal(len, 80);
	memset(out, is_generator_broken ? 0 : ++generated, len);
	return is_generator_broken ? ERROR_RANDOM : ERROR_NONE;
}

static unsigned changes; /* calls of on_change() */
static unsigned count_seen;

static void
on_change(void *arg, const struct ticket_keys *keys)
{
	assert_ptr_equal(arg, &changes);
	changes++;
	count_seen = keys->count;
}

static int
set_up(void **state)
{
	static struct ticket_keys keys;

	generated = 0;
	is_generator_broken = false;
	changes = 0;
	ticket_keys_init(&keys, LIFETIME_S);
	keys.changed = on_change;
	keys.changed_arg = &changes;
	*state = &keys;
	return 0;
}

static int
tear_down(void **state)
{
	struct ticket_keys *keys = *state;
	unsigned before = changes;
	static const unsigned char zeros[sizeof(keys->keys)];

	ticket_keys_fini(keys);
	assert_int_equal(keys->count, 0);
	assert_memory_equal(keys->keys, zeros, sizeof(zeros));
	assert_int_equal(changes, before);
	return 0;
}

/* The current key at `now`: the first byte of its name. */
static int
current_at(struct ticket_keys *keys, time_t now)
{
	const struct ticket_key *key = NULL;

	assert_int_equal(ticket_keys_current(keys, now, &key), ERROR_NONE);
	assert_ptr_equal(key, &keys->keys[0]);
	assert_true(key->encrypt_until > now);
	return key->name[0];
}

static bool
is_found_at(struct ticket_keys *keys, time_t now, unsigned char byte)
{
	unsigned char name[TICKET_KEY_NAME_LEN];
	const struct ticket_key *key = NULL;
	enum error error;

	memset(name, byte, sizeof(name));
	error = ticket_keys_find(keys, now, name, &key);
	if (error == ERROR_NONE) {
		assert_memory_equal(key->name, name, sizeof(name));
		return true;
	}
	assert_int_equal(error, ERROR_NOT_FOUND);
	assert_null(key);
	return false;
}

/* Places without a key hold nothing. */
static void
assert_wiped_behind(const struct ticket_keys *keys)
{
	static const struct ticket_key nothing;

	for (unsigned i = keys->count; i < TICKET_KEYS_MAX; i++)
		assert_memory_equal(&keys->keys[i], &nothing, sizeof(nothing));
}

static void
makes_a_key_on_demand(void **state)
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
encrypts_with_a_key_for_half_the_lifetime(void **state)
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
decrypts_with_a_key_for_the_lifetime(void **state)
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
knows_no_other_names(void **state)
{
	struct ticket_keys *keys = *state;
	unsigned char name[TICKET_KEY_NAME_LEN];
	const struct ticket_key *key;

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

/* Two keys, whatever happens. */
static void
keeps_no_more_than_two_keys(void **state)
{
	struct ticket_keys *keys = *state;

	for (int i = 1; i <= 5; i++) {
		assert_int_equal(ticket_keys_rotate(keys, START), ERROR_NONE);
		assert_int_equal(keys->count, i == 1 ? 1 : 2);
		assert_int_equal(current_at(keys, START), i);
		assert_int_equal(is_found_at(keys, START, i - 1), i > 1);
		assert_false(is_found_at(keys, START, i - 2));
		assert_int_equal(changes, i);
	}
	assert_int_equal(keys->rotations, 5);
}

static void
tells_when_keys_were_made(void **state)
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
rotates_from_old_keys(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(ticket_keys_rotate(keys, START + DAY_S), ERROR_NONE);
	assert_int_equal(keys->count, 1);
	assert_int_equal(changes, 2);
	assert_int_equal(current_at(keys, START + DAY_S), 2);
}

static void
retires_keys_when_nobody_asks(void **state)
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
flushes_all_keys(void **state)
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
survives_a_broken_generator(void **state)
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
gives_no_keys_where_tickets_are_off(void **state)
{
	struct ticket_keys *keys = *state;
	const struct ticket_key *key = NULL;
	static const unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key other = { .encrypt_until = START + 1 };

	for (int64_t lifetime_s = -1; lifetime_s <= 0; lifetime_s++) {
		keys->lifetime_s = lifetime_s;
		assert_int_equal(
		    ticket_keys_current(keys, START, &key), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_find(keys, START, name, &key), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_rotate(keys, START), ERROR_DISABLED);
		assert_int_equal(
		    ticket_keys_adopt(keys, START, &other), ERROR_DISABLED);
	}
	assert_null(key);
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 0);
}

/* A key is of use from the second in which it is made, and never too long. */
static void
bears_any_lifetime(void **state)
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
retires_keys_from_the_future(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	/* A second earlier than it was made, it would live a second more. */
	assert_false(is_found_at(keys, START - 1, 1));
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 2);
	assert_wiped_behind(keys);
}

static void
survives_a_clock_a_day_ahead_and_back(void **state)
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
returns_to_the_key_of_the_time(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(current_at(keys, START + HALF_S), 2);
	assert_int_equal(keys->count, 2);
	assert_int_equal(current_at(keys, START + 10), 1);
	assert_int_equal(keys->count, 1);
	assert_wiped_behind(keys);
}

/* By its clock, no key is ever used for longer than a lifetime. */
static void
bears_a_clock_that_jumps(void **state)
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

			assert_true(until < now + HALF_S);
			assert_true(until + HALF_S > now);
		}
		assert_wiped_behind(keys);
	}
}

static enum error
adopt_at(struct ticket_keys *keys, time_t now, unsigned char byte, time_t until)
{
	struct ticket_key key;

	memset(&key, byte, sizeof(key));
	key.encrypt_until = until;
	return ticket_keys_adopt(keys, now, &key);
}

static void
adopts_keys_by_their_age(void **state)
{
	struct ticket_keys *keys = *state;

	assert_int_equal(adopt_at(keys, START, 101, START - 10), ERROR_NONE);
	assert_int_equal(adopt_at(keys, START, 102, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 102);
	assert_true(is_found_at(keys, START, 101));
	/* Known, or too old beside the two that there are. */
	assert_int_equal(adopt_at(keys, START, 102, START + 500), ERROR_EXISTS);
	assert_int_equal(adopt_at(keys, START, 103, START - 20), ERROR_EXISTS);
	assert_int_equal(keys->count, 2);
	/* Between the two: the older one gives way. */
	assert_int_equal(adopt_at(keys, START, 104, START + 100), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 102);
	assert_true(is_found_at(keys, START, 104));
	assert_false(is_found_at(keys, START, 101));
	/* Of the same time: the one that is there stays in front. */
	assert_int_equal(adopt_at(keys, START, 105, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 102);
	assert_true(is_found_at(keys, START, 105));
	assert_int_equal(keys->count, 2);
	assert_int_equal(keys->rotations, 0);
	assert_int_equal(changes, 0);
}

static void
puts_an_adopted_key_behind_its_own(void **state)
{
	struct ticket_keys *keys = *state;

	current_at(keys, START);
	assert_int_equal(adopt_at(keys, START, 101, START + 500), ERROR_NONE);
	assert_int_equal(current_at(keys, START), 1);
	assert_true(is_found_at(keys, START, 101));
}

static void
adopts_no_key_of_another_time(void **state)
{
	static const struct {
		int64_t until;
		enum error error;
	} cases[] = {
		{ START - HALF_S, ERROR_TIMED_OUT },
		{ START - HALF_S + 1, ERROR_NONE },
		{ START + HALF_S - 1, ERROR_NONE },
		{ START + HALF_S, ERROR_INVALID },
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
adopts_beside_keys_that_are_over(void **state)
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
		TEST(makes_a_key_on_demand),
		TEST(encrypts_with_a_key_for_half_the_lifetime),
		TEST(decrypts_with_a_key_for_the_lifetime),
		TEST(knows_no_other_names),
		TEST(keeps_no_more_than_two_keys),
		TEST(tells_when_keys_were_made),
		TEST(rotates_from_old_keys),
		TEST(retires_keys_when_nobody_asks),
		TEST(flushes_all_keys),
		TEST(survives_a_broken_generator),
		TEST(gives_no_keys_where_tickets_are_off),
		TEST(bears_any_lifetime),
		TEST(retires_keys_from_the_future),
		TEST(survives_a_clock_a_day_ahead_and_back),
		TEST(returns_to_the_key_of_the_time),
		TEST(bears_a_clock_that_jumps),
		TEST(adopts_keys_by_their_age),
		TEST(puts_an_adopted_key_behind_its_own),
		TEST(adopts_no_key_of_another_time),
		TEST(adopts_beside_keys_that_are_over),
	};

	return cmocka_run_group_tests_name("ticket_key", tests, NULL, NULL);
}

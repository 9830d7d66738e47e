/*
 * Unit tests of a set of ticket keys on a host of a group: which key is the
 * group's, which this host's own, and which of them may encrypt.
 */
#include "shared_ticket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ticket_key_fixture.h"

/* A second before the epoch of START ends. */
#define LAST ((START + 1) / HALF_S * HALF_S + HALF_S - 2)

static struct shared_ticket_keys group;

static void
join_group(struct ticket_keys *keys, unsigned secret_count)
{
	struct shared_secrets secrets = { .count = secret_count };
	unsigned char digest[SHARED_DIGEST_LEN] = { 0 };
	struct shared_context context;

	memset(secrets.keys[0], 1, SHARED_KEY_LEN);
	memset(secrets.keys[1], 2, SHARED_KEY_LEN);
	shared_context_make(&context, "postfix", "smtpd", LIFETIME_S, digest);
	assert_int_equal(
	    shared_ticket_keys_init(&group, &secrets, &context, LIFETIME_S),
	    ERROR_NONE);
	keys->group = &group;
}

static struct ticket_key
current(struct ticket_keys *keys, time_t now)
{
	const struct ticket_key *key = NULL;

	assert_int_equal(ticket_keys_current(keys, now, &key), ERROR_NONE);
	return *key;
}

static struct ticket_key
find(struct ticket_keys *keys, time_t now, const struct ticket_key *wanted)
{
	struct ticket_key key;

	assert_int_equal(
	    ticket_keys_find(keys, now, wanted->name, &key), ERROR_NONE);
	assert_memory_equal(
	    &key, wanted, offsetof(struct ticket_key, encrypt_until));
	return key;
}

static void
a_host_of_a_group_makes_no_key(void **state)
{
	struct ticket_keys *keys = *state;
	struct ticket_key key;

	join_group(keys, 1);
	key = current(keys, START);
	assert_memory_equal(
	    &key, group.keys[0][2].bytes, SHARED_TICKET_KEY_LEN);
	assert_int_equal(key.encrypt_until, group.keys[0][2].encrypt_until);
	assert_int_equal(generated, 0);
	assert_int_equal(keys->count, 0);
	assert_int_equal(changes, 0);
	assert_int_equal(ticket_keys_held(keys), SHARED_EPOCHS);
}

static void
only_the_key_that_encrypts_has_a_time_to_come(void **state)
{
	struct ticket_keys *keys = *state;
	struct ticket_key now_key, next;

	join_group(keys, 2);
	now_key = current(keys, LAST);
	next = current(keys, LAST + 2);
	assert_int_not_equal(now_key.encrypt_until, next.encrypt_until);
	assert_int_equal(
	    find(keys, LAST, &now_key).encrypt_until, now_key.encrypt_until);
	/* A host whose clock is ahead made it, and one whose clock is behind.
	 */
	assert_int_equal(find(keys, LAST, &next).encrypt_until, LAST - 1);
	assert_true(find(keys, LAST + 2, &now_key).encrypt_until < LAST + 2);
	/* One of the second secret. */
	memcpy(&next, group.keys[1][2].bytes, SHARED_TICKET_KEY_LEN);
	assert_int_equal(find(keys, LAST + 2, &next).encrypt_until, LAST + 1);
}

static void
own_keys_of_before_decrypt_and_no_longer_encrypt(void **state)
{
	struct ticket_keys *keys = *state;
	struct ticket_key own = current(keys, START);

	join_group(keys, 1);
	assert_int_not_equal(current(keys, START).name[0], own.name[0]);
	assert_int_equal(find(keys, START + 5, &own).encrypt_until, START + 4);
	assert_int_equal(ticket_keys_held(keys), 1 + SHARED_EPOCHS);
	keys->group = NULL;
	assert_int_equal(
	    find(keys, START + 5, &own).encrypt_until, own.encrypt_until);
}

static void
one_host_cannot_replace_the_keys_of_all(void **state)
{
	struct ticket_keys *keys = *state;
	struct ticket_key key;

	join_group(keys, 1);
	key = current(keys, START);
	assert_int_equal(ticket_keys_rotate(keys, START), ERROR_SHARED);
	assert_memory_equal(
	    current(keys, START).name, key.name, sizeof(key.name));
	assert_int_equal(generated, 0);
}

static void
times_are_those_of_the_epochs(void **state)
{
	struct ticket_keys *keys = *state;
	struct ticket_key key;

	join_group(keys, 1);
	assert_int_equal(ticket_keys_encrypts_until(keys, 0), 0);
	key = current(keys, START);
	assert_int_equal(
	    ticket_keys_encrypts_until(keys, 0), key.encrypt_until);
	assert_int_equal(
	    ticket_keys_encrypts_until(keys, 1), key.encrypt_until - HALF_S);
	assert_int_equal(ticket_keys_encrypts_until(keys, 3), 0);
	assert_int_equal(ticket_keys_made_at(keys, 0) % HALF_S, 0);
	/* Also when nobody asks. */
	ticket_keys_retire(keys, START + HALF_S);
	assert_int_equal(
	    ticket_keys_encrypts_until(keys, 0), key.encrypt_until + HALF_S);
}

static int
leave_group(void **state)
{
	struct ticket_keys *keys = *state;

	keys->group = NULL;
	shared_ticket_keys_wipe(&group);
	return tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, leave_group)
		TEST(a_host_of_a_group_makes_no_key),
		TEST(only_the_key_that_encrypts_has_a_time_to_come),
		TEST(own_keys_of_before_decrypt_and_no_longer_encrypt),
		TEST(one_host_cannot_replace_the_keys_of_all),
		TEST(times_are_those_of_the_epochs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

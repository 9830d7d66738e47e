/*
 * Unit tests of the ticket keys of a group, with a clock of our own: values of
 * tests/lib/shared_group.py, and which key is for what at which second.
 */
#include "shared_kdf.h"
#include "shared_ticket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_S 3600
#define EPOCH_S   1800
#define SKEW_S    60
#define EPOCH     555555
#define BEGIN     ((time_t)EPOCH * EPOCH_S - 1) /* of that epoch */
#define NOW       1000000000                    /* in it */

static struct shared_ticket_keys keys;

static void
make_secrets(struct shared_secrets *secrets, unsigned count)
{
	unsigned char bytes[34];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	secrets->count = count;
	for (unsigned i = 0; i < count; i++)
		assert_true(shared_kdf_extract(
		    "tlsmgr shared 1", bytes, 32 + i, secrets->keys[i]));
}

/* The context of the vectors. */
static void
make_context(struct shared_context *context)
{
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 0xef, 0x30,
		0xed, 0x39, 0xc2, 0xb6, 0x70, 0x9f, 0x67, 0x7a, 0x02, 0xad,
		0x6a, 0xf9, 0xc0, 0x6d, 0xbd, 0x66, 0xa0, 0x62, 0x0e, 0xd2,
		0x72, 0xda, 0xd7, 0xad, 0x26, 0xbb, 0x19, 0x9b, 0x6a, 0x01 };

	shared_context_make(context, "postfix", "smtpd", TIMEOUT_S, digest);
}

static void
begin(unsigned secret_count, int64_t timeout_s)
{
	struct shared_secrets secrets;
	struct shared_context context;

	make_secrets(&secrets, secret_count);
	make_context(&context);
	assert_int_equal(
	    shared_ticket_keys_init(&keys, &secrets, &context, timeout_s),
	    ERROR_NONE);
}

static int
tear_down(void **state)
{
	static const struct shared_ticket_key zeros[SHARED_SECRETS_MAX]
						   [SHARED_EPOCHS];

	shared_ticket_keys_wipe(&keys);
	assert_memory_equal(keys.keys, zeros, sizeof(zeros));
	return 0;
}

static struct shared_ticket_key
current(time_t now)
{
	const struct shared_ticket_key *key = NULL;

	assert_int_equal(
	    shared_ticket_keys_current(&keys, now, &key), ERROR_NONE);
	return *key;
}

static enum error
find(const struct shared_ticket_key *wanted, time_t now)
{
	const struct shared_ticket_key *key = NULL;
	enum error error =
	    shared_ticket_keys_find(&keys, now, wanted->bytes, &key);

	if (error == ERROR_NONE)
		assert_memory_equal(
		    key->bytes, wanted->bytes, sizeof(key->bytes));
	return error;
}

static void
assert_hex(const unsigned char *bytes, size_t len, const char *wanted)
{
	char text[512];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, wanted);
}

static void
a_key_is_that_of_the_second_implementation(void **state)
{
	struct shared_ticket_key key;

	begin(1, TIMEOUT_S);
	key = current(NOW);
	assert_int_equal(key.epoch, EPOCH);
	assert_hex(key.bytes, sizeof(key.bytes),
	    "512981036962a514bb620ccc30048008d7715f715928fe5834acea2e41a049d5"
	    "cadbcf890cd374551d767fcda3c648be22cfa3a33143c0fd231d5482bf725982"
	    "3d60e9bdb2b2ecab93be1851e23485ea");
}

static void
a_key_with_random_bytes_is_that_of_the_second_implementation(void **state)
{
	unsigned char random[32], out[SHARED_TICKET_KEY_LEN];

	memset(random, 0xff, sizeof(random));
	begin(1, TIMEOUT_S);
	assert_true(shared_ticket_key_derive(
	    keys.parents[0], random, sizeof(random), EPOCH, out));
	assert_hex(out, sizeof(out),
	    "6ef18ef79b371a7f6fe7e4ba0a299a3b18dbcb33b1ed4a74d495731a6323350c"
	    "3b4f62b93e7aaabfb48a3a5dfff5dfd4389d6d864ab0709894bdf51212a0be02"
	    "c4529f9d05e8751a1277a8ce9e58e274");
}

static void
a_key_is_never_given_in_the_second_in_which_its_time_ends(void **state)
{
	begin(1, TIMEOUT_S);
	for (time_t now = BEGIN - 3; now < BEGIN + 2 * EPOCH_S + 3; now++) {
		struct shared_ticket_key key = current(now);

		assert_true(key.encrypt_until > now);
		assert_true(key.encrypt_until <= now + EPOCH_S);
	}
	assert_int_equal(current(BEGIN - 1).epoch, EPOCH - 1);
	assert_int_equal(current(BEGIN).epoch, EPOCH);
	assert_int_equal(current(BEGIN).encrypt_until, BEGIN + EPOCH_S);
}

static void
a_key_decrypts_an_epoch_and_the_skew_past_its_own(void **state)
{
	struct shared_ticket_key key;
	time_t end = (time_t)(EPOCH + 2) * EPOCH_S + SKEW_S;

	begin(1, TIMEOUT_S);
	key = current(NOW);
	assert_int_equal(key.decrypt_until, end);
	assert_int_equal(find(&key, end - 1), ERROR_NONE);
	assert_int_equal(find(&key, end), ERROR_NOT_FOUND);
	assert_int_equal(find(&key, end + EPOCH_S), ERROR_NOT_FOUND);
}

static void
test_a_key_decrypts_an_epoch_before_its_own_where_a_clock_is_behind(
    void **state)
{
	struct shared_ticket_key key;

	begin(1, TIMEOUT_S);
	key = current(NOW);
	assert_int_equal(find(&key, BEGIN - 1), ERROR_NONE);
	assert_int_equal(find(&key, BEGIN - EPOCH_S), ERROR_NONE);
	assert_int_equal(find(&key, BEGIN - EPOCH_S - 1), ERROR_NOT_FOUND);
}

static void
what_can_be_used_follows_from_the_time_alone(void **state)
{
	struct shared_ticket_key key, again;

	begin(1, TIMEOUT_S);
	key = current(NOW);
	current(NOW + 86400);
	assert_int_equal(find(&key, NOW + 86400), ERROR_NOT_FOUND);
	again = current(NOW);
	assert_memory_equal(&again, &key, sizeof(key));
	assert_int_equal(find(&key, NOW), ERROR_NONE);
	current(0);
	current(-86400);
	again = current(NOW);
	assert_memory_equal(&again, &key, sizeof(key));
}

static void
the_first_secret_encrypts_and_both_decrypt(void **state)
{
	struct shared_ticket_key first, second;

	begin(1, TIMEOUT_S);
	first = current(NOW);
	shared_ticket_keys_wipe(&keys);
	begin(2, TIMEOUT_S);
	assert_memory_equal(
	    current(NOW).bytes, first.bytes, sizeof(first.bytes));
	second = keys.keys[1][2];
	assert_int_equal(second.epoch, EPOCH);
	assert_memory_not_equal(second.bytes, first.bytes, sizeof(first.bytes));
	assert_int_equal(find(&first, NOW), ERROR_NONE);
	assert_int_equal(find(&second, NOW), ERROR_NONE);
}

static void
an_unknown_name_is_not_found(void **state)
{
	struct shared_ticket_key key = { .bytes = "no such name" };

	begin(2, TIMEOUT_S);
	assert_int_equal(find(&key, NOW), ERROR_NOT_FOUND);
}

static void
keys_of_epochs_that_are_over_are_wiped(void **state)
{
	struct shared_ticket_key key;

	begin(1, TIMEOUT_S);
	key = current(NOW);
	assert_int_equal(
	    shared_ticket_keys_refresh(&keys, NOW + 4 * (time_t)EPOCH_S),
	    ERROR_NONE);
	for (int i = 0; i < SHARED_EPOCHS; i++)
		assert_memory_not_equal(
		    keys.keys[0][i].bytes, key.bytes, sizeof(key.bytes));
}

static void
the_skew_is_an_eighth_of_a_short_timeout(void **state)
{
	assert_int_equal(shared_ticket_key_skew_s(120), 15);
	assert_int_equal(shared_ticket_key_skew_s(480), 60);
	assert_int_equal(shared_ticket_key_skew_s(8640000), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(a_key_is_that_of_the_second_implementation),
		TEST(
		    a_key_with_random_bytes_is_that_of_the_second_implementation),
		TEST(a_key_is_never_given_in_the_second_in_which_its_time_ends),
		TEST(a_key_decrypts_an_epoch_and_the_skew_past_its_own),
		TEST(
		    test_a_key_decrypts_an_epoch_before_its_own_where_a_clock_is_behind),
		TEST(what_can_be_used_follows_from_the_time_alone),
		TEST(the_first_secret_encrypts_and_both_decrypt),
		TEST(an_unknown_name_is_not_found),
		TEST(keys_of_epochs_that_are_over_are_wiped),
		TEST(the_skew_is_an_eighth_of_a_short_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

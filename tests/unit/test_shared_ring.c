/*
 * Unit tests of shared_ring: the set of keys, and who of two wins. Covers
 * shared_ring_merge.c.
 */
#include "shared_ring_fixture.h"

static void
a_key_is_made_where_nobody_has_one_and_said_to_be_alone(void **state)
{
	struct shared_ticket_key key = current_at(NOW);

	assert_int_equal(unshared, 1);
	assert_int_equal(changes, 1);
	assert_int_equal(key.epoch, EPOCH);
	assert_int_equal(key.encrypt_until, (EPOCH + 1) * EPOCH_S - 1);
	assert_memory_equal(current_at(NOW).bytes, key.bytes, 80);
	assert_int_equal(unshared, 1);
	assert_false(shared_ring_is_common(&ring, NOW));
	assert_int_equal(shared_ring_until(&ring, NOW), 0);
}

static void
a_key_is_that_of_the_derivation(void **state)
{
	unsigned char random[SHARED_RANDOM_LEN], expected[80];
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 1 };
	static const unsigned char secret[SHARED_KEY_LEN] = { 1, 2, 3 };
	unsigned char parent[SHARED_KEY_LEN];
	struct shared_context context;

	merge(EPOCH, theirs(3, 0x77));
	memset(random, 0x77, sizeof(random));
	shared_context_make(&context, "postfix", "smtpd", TIMEOUT_S, digest);
	assert_true(shared_context_derive(&context, secret, "ticket", parent));
	assert_true(shared_ticket_key_derive(
	    parent, random, sizeof(random), EPOCH, expected));
	assert_memory_equal(current_at(NOW).bytes, expected, 80);
}

static void
a_key_encrypts_to_a_second_before_its_end_and_decrypts_an_epoch_longer(
    void **state)
{
	struct shared_ticket_key key = current_at(NOW);
	time_t end = (EPOCH + 2) * EPOCH_S + SKEW_S;

	assert_int_equal(current_at((EPOCH + 1) * EPOCH_S - 2).epoch, EPOCH);
	assert_int_equal(
	    current_at((EPOCH + 1) * EPOCH_S - 1).epoch, EPOCH + 1);
	assert_true(opens_at(&key, end - 1));
	assert_false(opens_at(&key, end));
	assert_false(opens_at(&key, end - 1)); /* it was wiped */
}

static void
the_higher_generation_wins_and_the_other_key_decrypts_on(void **state)
{
	struct shared_ticket_key ours, theirs_key;

	merge(EPOCH, theirs(5, 0x80));
	ours = current_at(NOW);
	assert_int_equal(merge(EPOCH, theirs(4, 0x01)), SHARED_MERGE_OURS);
	assert_memory_equal(current_at(NOW).bytes, ours.bytes, 80);
	assert_int_equal(merge(EPOCH, theirs(6, 0xff)), SHARED_MERGE_THEIRS);
	theirs_key = current_at(NOW);
	assert_memory_not_equal(theirs_key.bytes, ours.bytes, 16);
	assert_true(opens_at(&ours, NOW));
	assert_int_equal(merge(EPOCH, theirs(6, 0xff)), SHARED_MERGE_SAME);
	/* An older record does not bring the previous key back. */
	assert_int_equal(merge(EPOCH, theirs(5, 0x80)), SHARED_MERGE_OURS);
	assert_memory_equal(current_at(NOW).bytes, theirs_key.bytes, 80);
}

static void
the_key_of_whoever_loses_decrypts_here_too(void **state)
{
	struct shared_ticket_key ours, loser;
	struct shared_ring other;

	init_ring(&other, 1);
	shared_ring_merge(&other, NOW, 0, EPOCH, theirs(5, 0x90));
	loser = shared_ring_get(&other, 0, EPOCH)->key;
	merge(EPOCH, theirs(5, 0x80));
	ours = current_at(NOW);
	assert_false(opens_at(&loser, NOW));
	assert_int_equal(merge(EPOCH, theirs(5, 0x90)), SHARED_MERGE_OURS);
	assert_true(opens_at(&loser, NOW));
	assert_memory_equal(current_at(NOW).bytes, ours.bytes, 80);
	shared_ring_wipe(&other);
}

static void
of_equal_generations_the_smaller_bytes_win(void **state)
{
	merge(EPOCH, theirs(5, 0x80));
	assert_int_equal(merge(EPOCH, theirs(5, 0x81)), SHARED_MERGE_OURS);
	assert_int_equal(merge(EPOCH, theirs(5, 0x80)), SHARED_MERGE_SAME);
	assert_int_equal(merge(EPOCH, theirs(5, 0x7f)), SHARED_MERGE_THEIRS);
}

static void
generations_are_unsigned(void **state)
{
	unsigned char value[SHARED_RING_VALUE_LEN];

	memcpy(value, theirs(0, 0x10), sizeof(value));
	value[0] = 0xff;
	merge(EPOCH, theirs(1, 0x10));
	assert_int_equal(merge(EPOCH, value), SHARED_MERGE_THEIRS);
	assert_int_equal(merge(EPOCH, theirs(2, 0x10)), SHARED_MERGE_OURS);
}

static void
where_the_group_has_nothing_it_is_told_of_ours_or_of_a_new_one(void **state)
{
	assert_int_equal(merge(EPOCH, NULL), SHARED_MERGE_OURS);
	assert_int_equal(merge(EPOCH + 1, NULL), SHARED_MERGE_OURS);
	assert_non_null(shared_ring_get(&ring, 0, EPOCH + 1));
	/* Of what is over nothing is made, but what there was is told. */
	assert_int_equal(merge(EPOCH - 1, NULL), SHARED_MERGE_SAME);
	merge(EPOCH - 1, theirs(0, 1));
	assert_int_equal(merge(EPOCH - 1, NULL), SHARED_MERGE_OURS);
	assert_int_equal(unshared, 0);
}

static void
epochs_that_were_not_asked_for_do_not_count(void **state)
{
	assert_int_equal(merge(EPOCH + 2, theirs(1, 1)), SHARED_MERGE_SAME);
	assert_int_equal(merge(EPOCH - 2, theirs(1, 1)), SHARED_MERGE_SAME);
	assert_int_equal(merge(EPOCH + 2, NULL), SHARED_MERGE_SAME);
	assert_int_equal(ring.count, 0);
}

static void
a_key_is_common_when_it_was_read_or_published(void **state)
{
	unsigned char value[SHARED_RING_VALUE_LEN];

	current_at(NOW);
	shared_ring_value(shared_ring_get(&ring, 0, EPOCH), value);
	shared_ring_published(&ring, 0, EPOCH, theirs(0, 1));
	assert_false(shared_ring_is_common(&ring, NOW));
	shared_ring_published(&ring, 0, EPOCH, value);
	assert_true(shared_ring_is_common(&ring, NOW));
	assert_int_equal(
	    shared_ring_until(&ring, NOW), (EPOCH + 1) * EPOCH_S - 1);
	merge(EPOCH + 1, theirs(0, 1));
	assert_int_equal(
	    shared_ring_until(&ring, NOW), (EPOCH + 2) * EPOCH_S - 1);
	shared_ring_rotate(&ring, NOW);
	assert_false(shared_ring_is_common(&ring, NOW));
	assert_int_equal(shared_ring_until(&ring, NOW), 0);
}

static void
a_rotation_wins_and_is_made_once_a_second(void **state)
{
	struct shared_ticket_key before, after;

	merge(EPOCH, theirs(9, 0));
	merge(EPOCH + 1, theirs(4, 0));
	before = current_at(NOW);
	assert_int_equal(shared_ring_rotate(&ring, NOW), ERROR_NONE);
	after = current_at(NOW);
	assert_memory_not_equal(before.bytes, after.bytes, 16);
	assert_true(opens_at(&before, NOW));
	assert_int_equal(shared_ring_get(&ring, 0, EPOCH)->generation, 10);
	assert_int_equal(shared_ring_get(&ring, 0, EPOCH + 1)->generation, 5);
	assert_int_equal(merge(EPOCH, theirs(9, 0)), SHARED_MERGE_OURS);
	assert_int_equal(shared_ring_rotate(&ring, NOW), ERROR_EXISTS);
	assert_memory_equal(current_at(NOW).bytes, after.bytes, 80);
	assert_int_equal(shared_ring_rotate(&ring, NOW + 1), ERROR_NONE);
	assert_int_equal(shared_ring_get(&ring, 0, EPOCH)->generation, 11);
}

static void
never_more_than_sixteen_are_held_and_the_one_that_encrypts_stays(void **state)
{
	struct shared_ticket_key key, first;

	merge(EPOCH - 1, theirs(0, 1));
	merge(EPOCH, theirs(1, 1));
	first = current_at(NOW);
	for (time_t i = 1; i <= 40; i++) {
		assert_int_equal(
		    shared_ring_rotate(&ring, NOW + i), ERROR_NONE);
		assert_true(ring.count <= SHARED_RING_MAX);
		key = current_at(NOW + i);
		assert_int_equal(shared_ring_get(&ring, 0, EPOCH)->generation,
		    1 + (uint32_t)i);
	}
	/* The one that ended first went first. */
	assert_null(shared_ring_get(&ring, 0, EPOCH - 1));
	assert_false(opens_at(&first, NOW + 40));
	assert_true(opens_at(&key, NOW + 40));
	assert_int_equal(shared_ring_get(&ring, 0, EPOCH + 1)->generation, 40);
}

static void
secrets_have_keys_of_their_own_and_the_first_encrypts(void **state)
{
	struct shared_ticket_key first;

	shared_ring_wipe(&ring);
	init_ring(&ring, 2);
	assert_int_equal(shared_ring_merge(&ring, NOW, 1, EPOCH, theirs(9, 1)),
	    SHARED_MERGE_THEIRS);
	assert_int_equal(merge(EPOCH, theirs(1, 1)), SHARED_MERGE_THEIRS);
	first = current_at(NOW);
	assert_memory_equal(
	    shared_ring_get(&ring, 0, EPOCH)->key.bytes, first.bytes, 80);
	assert_memory_not_equal(
	    shared_ring_get(&ring, 1, EPOCH)->key.bytes, first.bytes, 16);
	assert_true(opens_at(&shared_ring_get(&ring, 1, EPOCH)->key, NOW));
	shared_ring_rotate(&ring, NOW);
	assert_int_equal(shared_ring_get(&ring, 1, EPOCH)->generation, 9);
}

static void
a_key_that_was_kept_wins_or_loses_by_the_same_rule(void **state)
{
	struct shared_ticket_key ours;

	merge(EPOCH, theirs(5, 0x80));
	ours = current_at(NOW);
	assert_int_equal(
	    shared_ring_adopt(&ring, NOW, 0, EPOCH, theirs(5, 0x80), true),
	    ERROR_EXISTS);
	assert_int_equal(
	    shared_ring_adopt(&ring, NOW, 0, EPOCH, theirs(4, 0x90), true),
	    ERROR_NONE);
	assert_memory_equal(current_at(NOW).bytes, ours.bytes, 80);
	assert_int_equal(ring.count, 2);
	assert_int_equal(
	    shared_ring_adopt(&ring, NOW, 0, EPOCH, theirs(6, 0x70), false),
	    ERROR_NONE);
	assert_memory_not_equal(current_at(NOW).bytes, ours.bytes, 16);
	assert_false(shared_ring_is_common(&ring, NOW));
	assert_int_equal(
	    shared_ring_adopt(&ring, NOW, 0, EPOCH - 3, theirs(6, 0x80), true),
	    ERROR_TIMED_OUT);
	assert_int_equal(
	    shared_ring_adopt(&ring, NOW, 1, EPOCH, theirs(6, 0x80), true),
	    ERROR_TIMED_OUT);
}

static void
keys_far_ahead_of_a_clock_that_was_set_back_are_wiped(void **state)
{
	struct shared_ticket_key ahead = current_at(NOW + 10 * EPOCH_S);

	assert_false(opens_at(&ahead, NOW));
	assert_int_equal(current_at(NOW).epoch, EPOCH);
	assert_int_equal(ring.count, 1);
}

static void
without_a_generator_there_is_no_new_key_and_the_old_ones_stay(void **state)
{
	const struct shared_ticket_key *key;
	struct shared_ticket_key before = current_at(NOW);

	prng_fini();
	fake_rand.result = 0;
	assert_int_equal(
	    shared_ring_current(&ring, NOW + EPOCH_S, &key), ERROR_RANDOM);
	assert_true(opens_at(&before, NOW + EPOCH_S));
	assert_int_equal(shared_ring_rotate(&ring, NOW), ERROR_RANDOM);
	assert_memory_equal(current_at(NOW).bytes, before.bytes, 80);
}

static void
the_bytes_of_an_epoch_are_of_use_as_long_as_its_key(void **state)
{
	assert_int_equal(shared_ring_ttl_ms(&ring, NOW, EPOCH),
	    1000 * (EPOCH_S + 900 + SKEW_S));
	assert_int_equal(
	    shared_ring_ttl_ms(&ring, NOW, EPOCH - 1), 1000 * (900 + SKEW_S));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_made_where_nobody_has_one_and_said_to_be_alone),
		TEST(a_key_is_that_of_the_derivation),
		TEST(
		    a_key_encrypts_to_a_second_before_its_end_and_decrypts_an_epoch_longer),
		TEST(the_higher_generation_wins_and_the_other_key_decrypts_on),
		TEST(the_key_of_whoever_loses_decrypts_here_too),
		TEST(of_equal_generations_the_smaller_bytes_win),
		TEST(generations_are_unsigned),
		TEST(
		    where_the_group_has_nothing_it_is_told_of_ours_or_of_a_new_one),
		TEST(epochs_that_were_not_asked_for_do_not_count),
		TEST(a_key_is_common_when_it_was_read_or_published),
		TEST(a_rotation_wins_and_is_made_once_a_second),
		TEST(
		    never_more_than_sixteen_are_held_and_the_one_that_encrypts_stays),
		TEST(secrets_have_keys_of_their_own_and_the_first_encrypts),
		TEST(a_key_that_was_kept_wins_or_loses_by_the_same_rule),
		TEST(keys_far_ahead_of_a_clock_that_was_set_back_are_wiped),
		TEST(
		    without_a_generator_there_is_no_new_key_and_the_old_ones_stay),
		TEST(the_bytes_of_an_epoch_are_of_use_as_long_as_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

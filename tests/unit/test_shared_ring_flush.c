/*
 * Unit tests of shared_ring_merge.c: a flush, and what others still have of the
 * keys before it.
 */
#include "shared_ring_fixture.h"

static void
a_flush_leaves_nothing_but_new_keys(void **state)
{
	struct shared_ticket_key before = current_at(NOW);

	merge(EPOCH - 1, theirs(1, 1));
	merge(EPOCH, theirs(1, 1));
	assert_int_equal(shared_ring_flush(&ring, NOW), ERROR_NONE);
	assert_false(opens_at(&before, NOW));
	assert_int_equal(ring.count, 4);
	assert_int_equal(current_at(NOW).epoch, EPOCH);
	assert_int_equal(ring.count, 4);
	/* Another one counts as well, also in the same second. */
	before = current_at(NOW);
	assert_int_equal(shared_ring_flush(&ring, NOW), ERROR_NONE);
	assert_false(opens_at(&before, NOW));
	assert_int_equal(ring.count, 4);
}

/* Where a host has both secrets, and the engine what was before a flush. */
static struct shared_ticket_key flushed[2];

static void
flush_two_secrets(void)
{
	shared_ring_wipe(&ring);
	init_ring(&ring, 2);
	merge(EPOCH - 1, theirs(1, 1));
	flushed[0] = shared_ring_get(&ring, 0, EPOCH - 1)->key;
	shared_ring_merge(&ring, NOW, 1, EPOCH, theirs(1, 2));
	flushed[1] = shared_ring_get(&ring, 1, EPOCH)->key;
	assert_int_equal(shared_ring_flush(&ring, NOW), ERROR_NONE);
	assert_int_equal(ring.count, 8);
}

static void
expect_flushed_keys_stay_away(struct shared_ring *from)
{
	assert_int_equal(
	    shared_ring_merge(from, NOW, 0, EPOCH - 1, theirs(1, 1)),
	    SHARED_MERGE_OURS);
	assert_int_equal(shared_ring_merge(from, NOW, 1, EPOCH, theirs(1, 2)),
	    SHARED_MERGE_OURS);
	for (int i = 0; i < 2; i++) {
		const struct shared_ticket_key *found;

		assert_int_equal(
		    shared_ring_find(from, NOW, flushed[i].bytes, &found),
		    ERROR_NOT_FOUND);
	}
}

/* The engine has them, and is asked at once. */
static void
what_was_flushed_is_not_taken_back_from_the_group(void **state)
{
	unsigned char rotated[SHARED_RING_VALUE_LEN];

	flush_two_secrets();
	expect_flushed_keys_stay_away(&ring);
	/* But for what somebody made after that. */
	memcpy(rotated, theirs(1, 1), sizeof(rotated));
	rotated[1] = 1;
	assert_int_equal(merge(EPOCH, rotated), SHARED_MERGE_THEIRS);
}

/* It has the new keys from a file, or from the engine. */
static void
what_was_flushed_is_not_taken_back_by_the_next_process(void **state)
{
	unsigned char value[SHARED_RING_VALUE_LEN];
	struct shared_ring from_file, from_engine;

	flush_two_secrets();
	init_ring(&from_file, 2);
	init_ring(&from_engine, 2);
	for (unsigned i = 0; i < ring.count; i++) {
		const struct shared_ring_key *key = &ring.keys[i];

		shared_ring_value(key, value);
		assert_int_equal(shared_ring_adopt(&from_file, NOW, key->secret,
				     key->key.epoch, value, false),
		    ERROR_NONE);
		(void)shared_ring_merge(
		    &from_engine, NOW, key->secret, key->key.epoch, value);
	}
	expect_flushed_keys_stay_away(&from_file);
	expect_flushed_keys_stay_away(&from_engine);
	shared_ring_wipe(&from_file);
	shared_ring_wipe(&from_engine);
}

static void
a_host_that_did_not_flush_goes_on_decrypting(void **state)
{
	struct shared_ticket_key before;
	unsigned char value[SHARED_RING_VALUE_LEN];
	struct shared_ring other;

	init_ring(&other, 1);
	merge(EPOCH, theirs(5, 0x90));
	before = current_at(NOW);
	shared_ring_merge(&other, NOW, 0, EPOCH, theirs(5, 0x90));
	shared_ring_flush(&other, NOW);
	shared_ring_value(shared_ring_get(&other, 0, EPOCH), value);
	assert_int_equal(merge(EPOCH, value), SHARED_MERGE_THEIRS);
	assert_memory_not_equal(current_at(NOW).bytes, before.bytes, 16);
	assert_true(opens_at(&before, NOW));
	shared_ring_wipe(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flush_leaves_nothing_but_new_keys),
		TEST(what_was_flushed_is_not_taken_back_from_the_group),
		TEST(what_was_flushed_is_not_taken_back_by_the_next_process),
		TEST(a_host_that_did_not_flush_goes_on_decrypting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

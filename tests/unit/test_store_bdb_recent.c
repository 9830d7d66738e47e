/*
 * Unit tests of store_bdb_recent.
 */
#include "store_bdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLOT_LEN 32
#define SLOTS    8

static int
setup(void **state)
{
	struct store_bdb_recent *recent = calloc(1, sizeof(*recent));

	store_bdb_recent_init(recent, SLOTS * SLOT_LEN);
	*state = recent;
	return 0;
}

static int
teardown(void **state)
{
	store_bdb_recent_fini(*state);
	free(*state);
	return 0;
}

static struct place
place_of(uint64_t sequence)
{
	return (struct place){
		.sequence = sequence,
		.position = sequence * 100,
		.key_len = 7,
		.value_len = 9,
	};
}

static void
set(struct store_bdb_recent *recent, uint64_t slot, uint64_t tag,
    uint64_t sequence)
{
	struct place place = place_of(sequence);

	store_bdb_recent_set(recent, (uint64_t[2]){ slot, tag }, &place);
}

/* The sequence number found, or 0. */
static uint64_t
find(const struct store_bdb_recent *recent, uint64_t slot, uint64_t tag)
{
	struct place place, expected;

	if (!store_bdb_recent_find(recent, (uint64_t[2]){ slot, tag }, &place))
		return 0;
	expected = place_of(place.sequence);
	assert_memory_equal(&place, &expected, sizeof(place));
	return place.sequence;
}

static void
test_memory_is_not_exceeded(void **state)
{
	struct store_bdb_recent recent;
	uint64_t memory;

	(void)state;
	for (memory = SLOT_LEN; memory < 100 * SLOT_LEN; memory += 8) {
		store_bdb_recent_init(&recent, memory);
		assert_true((recent.mask + 1) * SLOT_LEN <= memory);
		assert_true((recent.mask + 1) * SLOT_LEN * 2 > memory);
		store_bdb_recent_fini(&recent);
	}
	store_bdb_recent_init(&recent, 0);
	assert_int_equal(find(&recent, 5, 5), 0);
	store_bdb_recent_fini(&recent);
}

static void
test_what_is_set_is_found(void **state)
{
	struct store_bdb_recent *recent = *state;

	/* An empty slot is all zero, and so may a digest be. */
	assert_int_equal(find(recent, 0, 0), 0);
	set(recent, 0, 0, 1);
	set(recent, 3, 33, 2);
	assert_int_equal(find(recent, 0, 0), 1);
	assert_int_equal(find(recent, 3, 33), 2);
	set(recent, 3, 33, 4);
	assert_int_equal(find(recent, 3, 33), 4);
}

static void
test_another_digest_takes_the_slot(void **state)
{
	struct store_bdb_recent *recent = *state;

	set(recent, 3, 33, 1);
	assert_int_equal(find(recent, 3, 34), 0);
	set(recent, 3 + SLOTS, 34, 2);
	assert_int_equal(find(recent, 3, 33), 0);
	assert_int_equal(find(recent, 3 + SLOTS, 34), 2);
}

static void
test_only_the_digest_itself_is_forgotten(void **state)
{
	struct store_bdb_recent *recent = *state;

	set(recent, 3, 33, 1);
	store_bdb_recent_forget(recent, (uint64_t[2]){ 3, 34 });
	assert_int_equal(find(recent, 3, 33), 1);
	store_bdb_recent_forget(recent, (uint64_t[2]){ 3, 33 });
	assert_int_equal(find(recent, 3, 33), 0);
}

static void
test_clear(void **state)
{
	struct store_bdb_recent *recent = *state;
	uint64_t slot;

	for (slot = 0; slot < SLOTS; ++slot)
		set(recent, slot, slot, slot + 1);
	store_bdb_recent_clear(recent);
	for (slot = 0; slot < SLOTS; ++slot)
		assert_int_equal(find(recent, slot, slot), 0);
	assert_int_equal(recent->mask, SLOTS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_not_exceeded),
		cmocka_unit_test_setup_teardown(
		    test_what_is_set_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_another_digest_takes_the_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_only_the_digest_itself_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

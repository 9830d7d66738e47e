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

#define SLOT_LEN sizeof(struct store_bdb_slot)
#define SLOTS    8

/* Two digests of the same upper bits may have to share a slot; three must. */
#define PART(n)      ((uint64_t)(n) << 62)
#define DIGEST(n, i) (PART(n) + (i))

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

/* As its owner does, but for the table: what was in the slot is lost. */
static void
set(struct store_bdb_recent *recent, uint64_t digest, uint64_t sequence,
    enum store_bdb_slot_state slot_state)
{
	struct place place = place_of(sequence);
	struct store_bdb_slot *slot = store_bdb_recent_find(recent, digest);

	if (slot == NULL)
		slot = store_bdb_recent_victim(recent, digest);
	store_bdb_recent_set(recent, slot, digest, &place, slot_state);
}

/* The sequence number found, or 0. */
static uint64_t
find(const struct store_bdb_recent *recent, uint64_t digest)
{
	const struct store_bdb_slot *slot =
	    store_bdb_recent_find(recent, digest);
	struct place place, expected;

	if (slot == NULL)
		return 0;
	place = store_bdb_slot_place(slot);
	expected = place_of(place.sequence);
	assert_memory_equal(&place, &expected, sizeof(place));
	return place.sequence;
}

static void
test_memory_is_not_exceeded(void **state)
{
	struct store_bdb_recent recent;
	uint64_t memory;

	for (memory = 2 * SLOT_LEN; memory < 100 * SLOT_LEN; memory += 8) {
		store_bdb_recent_init(&recent, memory);
		assert_true(recent.count * SLOT_LEN <= memory);
		assert_true(recent.count * SLOT_LEN * 2 > memory);
		store_bdb_recent_fini(&recent);
	}
}

static void
test_least_memory(void **state)
{
	struct store_bdb_recent recent;

	store_bdb_recent_init(&recent, 0);
	assert_int_equal(find(&recent, UINT64_MAX), 0);
	set(&recent, UINT64_MAX, 1, SLOT_SAME);
	set(&recent, 0, 2, SLOT_SAME);
	assert_int_equal(find(&recent, UINT64_MAX), 1);
	assert_int_equal(find(&recent, 0), 2);
	store_bdb_recent_fini(&recent);
}

static void
test_what_is_set_is_found(void **state)
{
	struct store_bdb_recent *recent = *state;

	/* An empty slot is all zero, and so may a digest be. */
	assert_int_equal(find(recent, 0), 0);
	set(recent, 0, 1, SLOT_SAME);
	set(recent, DIGEST(3, 33), 2, SLOT_NEW);
	set(recent, DIGEST(3, 34), 3, SLOT_CHANGED);
	assert_int_equal(find(recent, 0), 1);
	assert_int_equal(find(recent, DIGEST(3, 33)), 2);
	assert_int_equal(find(recent, DIGEST(3, 34)), 3);
	set(recent, DIGEST(3, 33), 4, SLOT_NEW);
	assert_int_equal(find(recent, DIGEST(3, 33)), 4);
	assert_int_equal(find(recent, DIGEST(3, 35)), 0);
}

static void
test_one_search_is_one_line_of_memory(void **state)
{
	const struct store_bdb_recent *recent = *state;

	assert_int_equal((uintptr_t)recent->slots % 64, 0);
}

/* The one least missed: empty, then known to the table, then the oldest. */
static void
test_victim(void **state)
{
	struct store_bdb_recent *recent = *state;
	uint64_t a = DIGEST(2, 1), b = DIGEST(2, 2), c = DIGEST(2, 3);

	set(recent, a, 1, SLOT_SAME);
	assert_int_equal(store_bdb_recent_victim(recent, b)->state, SLOT_EMPTY);
	set(recent, b, 2, SLOT_SAME);
	assert_int_equal(store_bdb_recent_victim(recent, c)->digest, a);
	set(recent, a, 3, SLOT_SAME);
	assert_int_equal(store_bdb_recent_victim(recent, c)->digest, b);
	set(recent, b, 2, SLOT_CHANGED);
	assert_int_equal(store_bdb_recent_victim(recent, c)->digest, a);
	set(recent, a, 3, SLOT_GONE);
	assert_int_equal(store_bdb_recent_victim(recent, c)->digest, b);
	store_bdb_recent_mark(
	    recent, store_bdb_recent_find(recent, a), SLOT_EMPTY);
	assert_int_equal(store_bdb_recent_victim(recent, c)->state, SLOT_EMPTY);
	assert_int_equal(find(recent, a), 0);
	assert_int_equal(find(recent, b), 2);
}

static void
test_dirty_slots_are_counted(void **state)
{
	struct store_bdb_recent *recent = *state;
	uint64_t digest = DIGEST(1, 1);

	set(recent, digest, 1, SLOT_SAME);
	assert_int_equal(recent->dirty_count, 0);
	set(recent, digest, 2, SLOT_CHANGED);
	set(recent, digest, 3, SLOT_CHANGED);
	assert_int_equal(recent->dirty_count, 1);
	set(recent, DIGEST(3, 1), 4, SLOT_NEW);
	assert_int_equal(recent->dirty_count, 2);
	store_bdb_recent_mark(
	    recent, store_bdb_recent_find(recent, digest), SLOT_GONE);
	assert_int_equal(recent->dirty_count, 2);
	store_bdb_recent_mark(
	    recent, store_bdb_recent_find(recent, digest), SLOT_EMPTY);
	assert_int_equal(recent->dirty_count, 1);
	store_bdb_recent_clear(recent);
	assert_int_equal(recent->dirty_count, 0);
}

/* In order of their digests, which is the order of the table. */
static void
test_dirty_slots_in_order(void **state)
{
	struct store_bdb_recent *recent = *state;
	uint64_t cursor = 0;

	set(recent, DIGEST(3, 7), 3, SLOT_GONE);
	set(recent, DIGEST(0, 9), 1, SLOT_NEW);
	set(recent, DIGEST(2, 5), 4, SLOT_SAME);
	set(recent, DIGEST(1, 8), 2, SLOT_CHANGED);
	for (uint64_t i = 1; i <= 3; i++) {
		const struct store_bdb_slot *slot =
		    store_bdb_recent_next_dirty(recent, &cursor, SLOTS);

		assert_non_null(slot);
		assert_int_equal(slot->sequence, i);
	}
	assert_null(store_bdb_recent_next_dirty(recent, &cursor, SLOTS));
	assert_int_equal(cursor, SLOTS);
}

static void
test_search_for_dirty_slots_is_limited(void **state)
{
	struct store_bdb_recent *recent = *state;
	uint64_t cursor = 0;

	set(recent, DIGEST(3, 7), 3, SLOT_NEW);
	assert_null(store_bdb_recent_next_dirty(recent, &cursor, 3));
	assert_int_equal(cursor, 3);
	assert_non_null(store_bdb_recent_next_dirty(recent, &cursor, SLOTS));
}

static void
test_clear(void **state)
{
	struct store_bdb_recent *recent = *state;

	for (uint64_t i = 0; i < SLOTS; ++i)
		set(recent, DIGEST(i / 2, i), i + 1, SLOT_SAME);
	store_bdb_recent_clear(recent);
	for (uint64_t i = 0; i < SLOTS; ++i)
		assert_int_equal(find(recent, DIGEST(i / 2, i)), 0);
	assert_int_equal(recent->count, SLOTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_not_exceeded),
		cmocka_unit_test(test_least_memory),
		cmocka_unit_test_setup_teardown(
		    test_what_is_set_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_one_search_is_one_line_of_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_victim, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_dirty_slots_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_dirty_slots_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_search_for_dirty_slots_is_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

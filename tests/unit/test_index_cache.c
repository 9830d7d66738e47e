/*
 * Unit tests of index_cache: two slots for each part of the range of hashes.
 */
#include "index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLOT_LEN sizeof(struct index_slot)
#define SLOTS    8

/* Two hashes of the same upper bits may have to share a slot; three must. */
#define PART(n)    ((uint64_t)(n) << 62)
#define HASH(n, i) (PART(n) + (i))

static int
setup(void **state)
{
	struct index_cache *cache = calloc(1, sizeof(*cache));

	index_cache_init(cache, SLOTS * SLOT_LEN);
	*state = cache;
	return 0;
}

static int
teardown(void **state)
{
	index_cache_fini(*state);
	free(*state);
	return 0;
}

static struct index_entry
entry_of(uint64_t sequence)
{
	return (struct index_entry){
		.sequence = sequence,
		.location = sequence * 100,
	};
}

/* As its owner does, but for the table: what was in the slot is lost. */
static void
set(struct index_cache *cache, uint64_t hash, uint64_t sequence,
    enum index_state slot_state)
{
	struct index_entry entry = entry_of(sequence);
	struct index_slot *slot = index_cache_find(cache, hash);

	if (slot == NULL)
		slot = index_cache_victim(cache, hash);
	index_cache_set(cache, slot, hash, &entry, slot_state);
}

/* The sequence number found, or 0. */
static uint64_t
find(const struct index_cache *cache, uint64_t hash)
{
	const struct index_slot *slot = index_cache_find(cache, hash);

	if (slot == NULL)
		return 0;
	assert_int_equal(
	    slot->entry.location, entry_of(slot->entry.sequence).location);
	return slot->entry.sequence;
}

static void
memory_is_not_exceeded(void **state)
{
	struct index_cache cache;
	uint64_t memory;

	for (memory = 2 * SLOT_LEN; memory < 100 * SLOT_LEN; memory += 8) {
		index_cache_init(&cache, memory);
		assert_true(cache.count * SLOT_LEN <= memory);
		assert_true(cache.count * SLOT_LEN * 2 > memory);
		index_cache_fini(&cache);
	}
}

static void
the_least_memory_is_enough(void **state)
{
	struct index_cache cache;

	index_cache_init(&cache, 0);
	assert_int_equal(find(&cache, UINT64_MAX), 0);
	set(&cache, UINT64_MAX, 1, INDEX_CLEAN);
	set(&cache, 0, 2, INDEX_CLEAN);
	assert_int_equal(find(&cache, UINT64_MAX), 1);
	assert_int_equal(find(&cache, 0), 2);
	index_cache_fini(&cache);
}

static void
what_is_set_is_found(void **state)
{
	struct index_cache *cache = *state;

	/* An empty slot is all zero, and so may a hash be. */
	assert_int_equal(find(cache, 0), 0);
	set(cache, 0, 1, INDEX_CLEAN);
	set(cache, HASH(3, 33), 2, INDEX_DIRTY_INSERT);
	set(cache, HASH(3, 34), 3, INDEX_DIRTY_UPDATE);
	assert_int_equal(find(cache, 0), 1);
	assert_int_equal(find(cache, HASH(3, 33)), 2);
	assert_int_equal(find(cache, HASH(3, 34)), 3);
	set(cache, HASH(3, 33), 4, INDEX_DIRTY_INSERT);
	assert_int_equal(find(cache, HASH(3, 33)), 4);
	assert_int_equal(find(cache, HASH(3, 35)), 0);
}

static void
one_search_is_one_line_of_memory(void **state)
{
	const struct index_cache *cache = *state;

	assert_int_equal((uintptr_t)cache->slots % 64, 0);
}

/* The one least missed: empty, then known to the table, then the oldest. */
static void
the_slot_that_matters_least_gives_way(void **state)
{
	struct index_cache *cache = *state;
	uint64_t a = HASH(2, 1), b = HASH(2, 2), c = HASH(2, 3);

	set(cache, a, 1, INDEX_CLEAN);
	assert_int_equal(index_cache_victim(cache, b)->state, INDEX_EMPTY);
	set(cache, b, 2, INDEX_CLEAN);
	assert_int_equal(index_cache_victim(cache, c)->hash, a);
	set(cache, a, 3, INDEX_CLEAN);
	assert_int_equal(index_cache_victim(cache, c)->hash, b);
	set(cache, b, 2, INDEX_DIRTY_UPDATE);
	assert_int_equal(index_cache_victim(cache, c)->hash, a);
	set(cache, a, 3, INDEX_TOMBSTONE);
	assert_int_equal(index_cache_victim(cache, c)->hash, b);
	index_cache_mark(cache, index_cache_find(cache, a), INDEX_EMPTY);
	assert_int_equal(index_cache_victim(cache, c)->state, INDEX_EMPTY);
	assert_int_equal(find(cache, a), 0);
	assert_int_equal(find(cache, b), 2);
}

static void
dirty_slots_are_counted(void **state)
{
	struct index_cache *cache = *state;
	uint64_t hash = HASH(1, 1);

	set(cache, hash, 1, INDEX_CLEAN);
	assert_int_equal(cache->dirty_count, 0);
	set(cache, hash, 2, INDEX_DIRTY_UPDATE);
	set(cache, hash, 3, INDEX_DIRTY_UPDATE);
	assert_int_equal(cache->dirty_count, 1);
	set(cache, HASH(3, 1), 4, INDEX_DIRTY_INSERT);
	assert_int_equal(cache->dirty_count, 2);
	index_cache_mark(cache, index_cache_find(cache, hash), INDEX_TOMBSTONE);
	assert_int_equal(cache->dirty_count, 2);
	index_cache_mark(cache, index_cache_find(cache, hash), INDEX_EMPTY);
	assert_int_equal(cache->dirty_count, 1);
}

/* In order of their hashes, which is the order of the table. */
static void
dirty_slots_are_found_in_order(void **state)
{
	struct index_cache *cache = *state;
	uint64_t cursor = 0;

	set(cache, HASH(3, 7), 3, INDEX_TOMBSTONE);
	set(cache, HASH(0, 9), 1, INDEX_DIRTY_INSERT);
	set(cache, HASH(2, 5), 4, INDEX_CLEAN);
	set(cache, HASH(1, 8), 2, INDEX_DIRTY_UPDATE);
	for (uint64_t i = 1; i <= 3; i++) {
		const struct index_slot *slot =
		    index_cache_next_dirty(cache, &cursor, SLOTS);

		assert_non_null(slot);
		assert_int_equal(slot->entry.sequence, i);
	}
	assert_null(index_cache_next_dirty(cache, &cursor, SLOTS));
	assert_int_equal(cursor, SLOTS);
}

static void
search_for_dirty_slots_is_limited(void **state)
{
	struct index_cache *cache = *state;
	uint64_t cursor = 0;

	set(cache, HASH(3, 7), 3, INDEX_DIRTY_INSERT);
	assert_null(index_cache_next_dirty(cache, &cursor, 3));
	assert_int_equal(cursor, 3);
	assert_non_null(index_cache_next_dirty(cache, &cursor, SLOTS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_not_exceeded),
		cmocka_unit_test(the_least_memory_is_enough),
		cmocka_unit_test_setup_teardown(
		    what_is_set_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_search_is_one_line_of_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_slot_that_matters_least_gives_way, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    dirty_slots_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    dirty_slots_are_found_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    search_for_dirty_slots_is_limited, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

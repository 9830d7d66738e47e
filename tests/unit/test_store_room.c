/*
 * Unit tests of the store where more sessions come than there is room for,
 * while a start is still at work: none is refused, the oldest leave. Covers
 * store_journal_expire.c.
 */
#include "clock.h"
#include "journal_private.h"
#include "store_journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "unit.h"

#include "store_unit.h"

#define OLD       100000 /* keys from here on are of the process before */
#define OLD_COUNT 8000
#define NEW_COUNT 80000

static struct store *store;

static enum store_journal_state
state_of(void)
{
	return ((const struct store_journal *)store)->state;
}

static uint64_t
capacity(void)
{
	return ((const struct store_journal *)store)->index.capacity;
}

/* Less than a megabyte of sessions, and more. */
static int
setup(void **state)
{
	store_unit_setup(state);
	memset(&disk, 0, sizeof(disk));
	config.memory = 1 << 20; /* for 12,697 sessions */
	store = open_store();
	put_many(store, OLD, OLD + OLD_COUNT);
	close_store(store);
	config.start_budget_us = 0;
	return 0;
}

static int
teardown(void **state)
{
	store->ops->close(store);
	return unit_teardown(state);
}

static void
start(void)
{
	store = store_unit_open();
	assert_int_equal(store->ops->start(store), ERROR_NONE);
}

/* Until it is there, in the smallest steps. */
static void
go_on_to(enum store_journal_state state)
{
	for (int i = 0; i < 10000 && state_of() != state; i++)
		store->ops->maintain(store, clock_wall_s(), 0);
	assert_int_equal(state_of(), state);
}

static void
assert_newest_are_kept(int count)
{
	int kept;

	assert_in_range(statistics(store).entries, 0, capacity() * 4);
	store_unit_maintain(store);
	assert_true(statistics(store).is_ready);
	assert_in_range(statistics(store).entries, 1, capacity());
	kept = count_many(store, 0, count);
	assert_in_range(kept, capacity() - 100, capacity());
	assert_int_equal(count_many(store, count - 10000, count), 10000);
}

static void
none_is_refused_while_segments_are_looked_for(void **state)
{
	start();
	assert_int_equal(state_of(), STORE_JOURNAL_LOADING);
	put_many(store, 0, NEW_COUNT);
	assert_in_range(statistics(store).entries, 1, capacity());
	assert_newest_are_kept(NEW_COUNT);
	assert_int_equal(get(store, "key-100000"), ERROR_NOT_FOUND);
}

static void
none_is_refused_while_records_are_read(void **state)
{
	start();
	go_on_to(STORE_JOURNAL_REPLAYING);
	put_many(store, 0, NEW_COUNT);
	assert_in_range(statistics(store).entries, 1, capacity());
	assert_newest_are_kept(NEW_COUNT);
	/* And that is so at the next start. */
	close_store(store);
	start();
	assert_newest_are_kept(NEW_COUNT);
}

static void
none_is_refused_while_the_index_is_filled(void **state)
{
	const struct store_journal *inner;

	start();
	inner = (const struct store_journal *)store;
	go_on_to(STORE_JOURNAL_REPLAYING);
	for (int i = 0; i < 10000 && !inner->is_collected; i++)
		store->ops->maintain(store, clock_wall_s(), 0);
	assert_true(inner->is_collected);
	put_many(store, 0, NEW_COUNT);
	assert_newest_are_kept(NEW_COUNT);
}

/* A part of the file that could not be read at the start. */
static void
none_is_refused_while_more_is_read_late(void **state)
{
	disk.fail_from = 4096 + 500000;
	disk.fail_to = disk.fail_from + 100000;
	start();
	for (int i = 0; i < 20; i++) {
		store_unit_maintain(store);
		clock_advance(1);
	}
	assert_int_equal(state_of(), STORE_JOURNAL_READY);
	disk.fail_to = 0;
	clock_advance(11);
	go_on_to(STORE_JOURNAL_REPLAYING);
	put_many(store, 0, NEW_COUNT);
	/* It begins again; until it is over, what it may supersede waits. */
	assert_int_equal(state_of(), STORE_JOURNAL_READY);
	store->ops->maintain(store, clock_wall_s(), 0);
	assert_true(((struct store_journal *)store)->doubt_sequence > 0);
	assert_newest_are_kept(NEW_COUNT);
	assert_false(
	    journal_is_replay_due(((struct store_journal *)store)->journal));
}

/* Nobody sees more sessions than there may be but where it says so. */
static void
a_start_that_is_ready_keeps_the_bounds(void **state)
{
	config.entries_max = 1000;
	start();
	for (int i = 0; i < 100000 && !statistics(store).is_ready; i++)
		store->ops->maintain(store, clock_wall_s(), 0);
	assert_true(statistics(store).is_ready);
	assert_int_equal(statistics(store).entries, 1000);
	assert_int_equal(statistics(store).retained, 1000);
	assert_int_equal(
	    count_many(store, OLD + OLD_COUNT - 1000, OLD + OLD_COUNT), 1000);
}

/* Between two starts there is a gap in the sequence numbers. */
static void
with_less_memory_the_newest_sessions_stay(void **state)
{
	int count = 2 * 12697 + 600, kept;

	config.memory = 64 << 20;
	start();
	put_many(store, 0, count - 6000);
	close_store(store);
	start();
	put_many(store, count - 6000, count);
	close_store(store);
	config.memory = 1 << 20;
	start();
	store_unit_maintain(store);
	kept = (int)capacity();
	assert_int_equal(statistics(store).entries, kept);
	assert_int_equal(count_many(store, count - kept, count), kept);
	/* With more again, those that left are not back. */
	close_store(store);
	config.memory = 64 << 20;
	start();
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, kept);
}

/*
 * The next to leave stands behind what was moved, which can be read. A few are
 * over where that is first found behind dead records.
 */
static void
the_bounds_are_kept_while_a_compaction_moves_sessions(void **state)
{
	static const char large[60000];
	const struct journal *journal;
	int moved = 0;

	config.entries_max = OLD_COUNT + 1;
	start();
	store_unit_maintain(store);
	journal = ((const struct store_journal *)store)->journal;
	for (int i = 0; i < 200; i++)
		assert_int_equal(
		    put_bytes(store, "key", large, sizeof(large)), ERROR_NONE);
	for (int i = 0; i < 30000; i++) {
		store->ops->maintain(store, clock_wall_s(), 0);
		moved += journal->compaction.phase == JOURNAL_COMPACT_MOVING;
		if (i % 10 == 0)
			put_many(store, i, i + 1);
		assert_in_range(
		    statistics(store).entries, 1, config.entries_max + 20);
	}
	assert_true(moved > OLD_COUNT / 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(none_is_refused_while_segments_are_looked_for),
		TEST(none_is_refused_while_records_are_read),
		TEST(none_is_refused_while_the_index_is_filled),
		TEST(none_is_refused_while_more_is_read_late),
		TEST(a_start_that_is_ready_keeps_the_bounds),
		TEST(with_less_memory_the_newest_sessions_stay),
		TEST(the_bounds_are_kept_while_a_compaction_moves_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of journal_fault and journal_replay: what cannot be read at
 * present is tried again, and nothing is lost or comes back meanwhile. Covers
 * journal_fault.c, journal_retry.c, journal_replay.c.
 */
#include "journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "journal_model.h"
#include "unit.h"

/* Keys of 60 kB: 17 of them fill a segment. */
#define KEYS     60
#define MEBIBYTE (1024 * 1024)
#define FOREVER  UINT64_MAX

static const char *path;
static struct model model;

static int
setup(void **state)
{
	unsigned key;

	memset(&disk, 0, sizeof(disk));
	unit_setup(state);
	path = model_memory_path();
	model_open(&model, path);
	journal_set_map_limit(model.journal, 0);
	for (key = 0; key < KEYS; ++key)
		assert_int_equal(model_put(&model, key, 60000), ERROR_NONE);
	return journal_flush(model.journal);
}

static int
teardown(void **state)
{
	model_close(&model);
	return unit_teardown(state);
}

/* From here on this segment cannot be read, but for its header. */
static void
break_segment(unsigned number)
{
	disk.fail_from = JOURNAL_HEADER_LEN + (int64_t)number * MEBIBYTE + 40;
	disk.fail_to = disk.fail_from + MEBIBYTE - 40;
}

static void
mend(void)
{
	disk.fail_to = disk.fail_from = 0;
	clock_advance(11);
	while (journal_retry_slice(model.journal, FOREVER) == 0)
		continue;
	assert_true(
	    journal_retry_slice(model.journal, FOREVER) == JOURNAL_IDLE);
}

static enum error
read_key(unsigned key)
{
	const struct model_entry *entry = &model.entries[key];
	struct journal_record record;

	return journal_read(model.journal, entry->position, entry->sequence,
	    entry->key_len + entry->value_len, &record);
}

/* The oldest that can be read; the disk may be asked for another first. */
static unsigned
oldest_key(void)
{
	struct journal_record record;
	enum error error;

	while ((error = journal_oldest(model.journal, &record)) == ERROR_AGAIN)
		clock_advance(1);
	assert_int_equal(error, ERROR_NONE);
	return model_key_of(&record);
}

/* A process that begins now. */
static void
restart(void)
{
	model_close(&model);
	assert_int_equal(model_open(&model, path), ERROR_NONE);
	journal_set_map_limit(model.journal, 0);
}

static void
a_failing_disk_is_left_alone_for_longer_and_longer(void **state)
{
	unsigned reads = 0;

	break_segment(0);
	disk.read_calls = 0;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(read_key(3), ERROR_IO);
	assert_int_equal(disk.read_calls, 1);
	assert_int_equal(unit_log_complaints(), 1);
	/* Others can be read. */
	assert_int_equal(read_key(30), ERROR_NONE);
	for (unsigned second = 0; second < 120; second++) {
		disk.read_calls = 0;
		clock_advance(1);
		read_key(3);
		journal_retry_slice(model.journal, FOREVER);
		reads += disk.read_calls;
	}
	/* 0.1, 0.2, 0.4, ... 6.4, and then each 10 s. */
	assert_in_range(reads, 10, 25);
	mend();
	assert_int_equal(read_key(3), ERROR_NONE);
	model_check(&model);
}

static void
reads_that_fail_in_a_compaction_lose_nothing(void **state)
{
	for (unsigned i = 0; i < 150; i++)
		model_put(&model, 50 + i % 10, 60000);
	break_segment(1);
	for (unsigned i = 0; i < 50; i++) {
		model_compact_steps(&model, 20);
		clock_advance(1);
		journal_retry_slice(model.journal, FOREVER);
	}
	mend();
	model_check(&model);
	clock_advance(2);
	model_compact(&model);
	model_check(&model);
	assert_true(model.moves > 10);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
	assert_int_equal(journal_live(model.journal)->lost, 0);
	restart();
	assert_int_equal(model_replay(&model), 0);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
}

/*
 * The output is in the chain, and some of its records have been moved to it,
 * when it cannot be read for a moment.
 */
static void
reads_that_fail_while_records_are_moved_lose_nothing(void **state)
{
	unsigned steps = 0, moves;

	for (unsigned i = 0; i < 150; i++)
		model_put(&model, 50 + i % 10, 60000);
	while (model.moves < 3 && steps++ < 10000)
		model_compact_steps(&model, 1);
	assert_int_equal(model.moves, 3);
	moves = model.moves;
	disk.fail_from = JOURNAL_HEADER_LEN;
	disk.fail_to = INT64_MAX;
	for (unsigned i = 0; i < 50; i++) {
		model_compact_steps(&model, 20);
		clock_advance(1);
		journal_retry_slice(model.journal, FOREVER);
		/* What is at the front is not taken for dead meanwhile. */
		journal_oldest(model.journal, &(struct journal_record){ 0 });
	}
	assert_in_range(model.moves, moves, moves + 2);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
	mend();
	model_compact(&model);
	model_check(&model);
	assert_true(model.moves > 10);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
	assert_int_equal(journal_live(model.journal)->lost, 0);
	restart();
	assert_int_equal(model_replay(&model), 0);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
}

/* Errors are told, and what is behind them seen; nothing is written. */
static void
a_walk_tells_of_what_it_left_out_and_changes_nothing(void **state)
{
	struct journal_record record;
	uint64_t cursor = 0;
	unsigned seen = 0, errors = 0, calls = 0;
	enum error error;

	break_segment(1);
	disk.read_calls = 0;
	do {
		error = journal_walk_next(model.journal, &cursor, &record);
		seen += error == ERROR_NONE;
		errors += error == ERROR_IO;
		if (error == ERROR_AGAIN)
			clock_advance(1);
		assert_true(++calls < 200);
	} while (cursor != 0);
	assert_int_equal(errors, 1);
	assert_in_range(seen, KEYS - 18, KEYS - 16);
	assert_in_range(disk.read_calls, 1, 80);
	mend();
	model_check(&model);
	for (seen = 0;
	     journal_walk_next(model.journal, &cursor, &record) == ERROR_NONE;
	     seen++)
		continue;
	assert_int_equal(seen, KEYS);
}

static void
the_oldest_behind_what_cannot_be_read_is_dropped(void **state)
{
	unsigned key;

	break_segment(0);
	for (key = 17; key < KEYS - 5; ++key) {
		assert_int_equal(oldest_key(), key);
		assert_true(model_drop_oldest(&model));
	}
	mend();
	/* And then what had been passed by. */
	for (key = 0; key < 17; ++key) {
		assert_int_equal(oldest_key(), key);
		assert_true(model_drop_oldest(&model));
	}
	assert_int_equal(oldest_key(), KEYS - 5);
	model_check(&model);
}

static void
the_oldest_behind_two_segments_that_cannot_be_read_is_found(void **state)
{
	struct journal_record record;
	enum error error = ERROR_AGAIN;

	break_segment(0);
	disk.fail_to += MEBIBYTE;
	for (unsigned i = 0; i < 60 && error == ERROR_AGAIN; i++) {
		clock_advance(1);
		error = journal_oldest(model.journal, &record);
	}
	assert_int_equal(error, ERROR_NONE);
	assert_int_equal(model_key_of(&record), 34);
}

/*
 * The first segment cannot be read, what supersedes it is dropped: then a kill,
 * and it can be read again.
 */
static void
what_was_replaced_or_removed_does_not_come_back(void **state)
{
	unsigned key;

	for (key = 0; key < 5; ++key)
		model_put(&model, key, 60000);
	for (; key < 10; ++key)
		model_remove(&model, key);
	for (unsigned i = 0; i < 100; i++)
		model_put(&model, 20 + i % 30, 60000);
	break_segment(0);
	/* All but the newest leave, and the file is compacted if it may be. */
	for (unsigned i = 0; i < 60; i++) {
		oldest_key();
		assert_true(model_drop_oldest(&model));
		model_compact_steps(&model, 20);
		journal_flush(model.journal);
	}
	disk.fail_to = 0;
	restart();
	assert_int_equal(model_replay(&model), 0);
	for (key = 0; key < 10; ++key)
		if (model.entries[key].version != 0)
			assert_true(model.entries[key].version > KEYS);
}

/* What the replay of a start finds, as bits; faults are passed by. */
static uint64_t
keys_found(void)
{
	uint64_t found = 0;

	for (unsigned key = 0; key < MODEL_KEYS; ++key)
		found |= (uint64_t)(model.entries[key].version != 0) << key;
	return found;
}

static void
a_replay_passes_by_what_cannot_be_read_and_does_so_again_when_it_can(
    void **state)
{
	const uint64_t all = (UINT64_C(1) << KEYS) - 1;
	uint64_t begun_us;

	journal_flush(model.journal);
	break_segment(1);
	restart();
	begun_us = clock_monotonic_us();
	assert_int_equal(model_replay(&model), 1);
	/* A second for the fault, and those that the disk was waited for. */
	assert_true(clock_monotonic_us() - begun_us < 20 * 1000000);
	assert_int_equal(keys_found() & ~all, 0);
	assert_in_range(
	    __builtin_popcountll(keys_found()), KEYS - 18, KEYS - 16);
	model_check(&model);
	assert_false(journal_is_replay_due(model.journal));
	mend();
	assert_true(journal_is_replay_due(model.journal));
	assert_int_equal(model_replay(&model), 0);
	assert_true(keys_found() == all);
	model_check(&model);
}

static void
a_segment_whose_header_cannot_be_read_is_brought_in_later(void **state)
{
	const uint64_t all = (UINT64_C(1) << KEYS) - 1;
	unsigned key;

	disk.fail_from = JOURNAL_HEADER_LEN + MEBIBYTE;
	disk.fail_to = disk.fail_from + 10;
	restart();
	assert_int_equal(model_replay(&model), 0);
	assert_true(keys_found() != all);
	/* Its place in the file is not used for others. */
	for (key = 60; key < MODEL_KEYS; ++key)
		for (unsigned i = 0; i < 20; i++)
			model_put(&model, key, 60000);
	model_compact(&model);
	mend();
	assert_true(journal_is_replay_due(model.journal));
	assert_int_equal(model_replay(&model), 0);
	assert_int_equal(keys_found() & all, all);
	model_check(&model);
}

static const char *killed_path;

/* The first segment of those that were compacted leaves: keep what is there. */
static void
kill_before_void(int fd, const void *data, size_t len, off_t at)
{
	uint32_t kind;

	memcpy(&kind, (const char *)data + 12, sizeof(kind));
	if (len != 40 || kind != 2 || disk.fail_from != 0)
		return;
	model_copy_file(path, killed_path);
	disk.fail_from = at;
}

/* A kill left both: a segment, and the one that stands for it. */
static void
what_was_compacted_away_stays_so_where_a_header_is_read_late(void **state)
{
	struct model before;
	unsigned key;

	killed_path = model_memory_path();
	for (key = 0; key < 10; key++)
		assert_int_equal(model_remove(&model, key), ERROR_NONE);
	for (key = 0; key < 500; key++)
		assert_int_equal(
		    model_put(&model, 20 + key % 40, 60000), ERROR_NONE);
	disk.before_write = kill_before_void;
	model_compact(&model);
	disk.before_write = NULL;
	assert_true(disk.fail_from >= JOURNAL_HEADER_LEN);
	before = model;
	disk.fail_to = disk.fail_from + 1;
	assert_int_equal(model_open(&model, killed_path), ERROR_NONE);
	journal_close(before.journal);
	mend();
	assert_true(journal_is_replay_due(model.journal));
	assert_int_equal(model_replay(&model), 0);
	for (key = 0; key < KEYS; key++)
		assert_int_equal(
		    model.entries[key].version, before.entries[key].version);
}

static void
what_stays_unreadable_is_given_up_in_the_end(void **state)
{
	unsigned key, there = 0;

	break_segment(1);
	read_key(20);
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
	clock_advance(3000);
	journal_retry_slice(model.journal, 3600 * UINT64_C(1000000));
	assert_int_equal(journal_live(model.journal)->entries, KEYS);
	clock_advance(601);
	journal_retry_slice(model.journal, 3600 * UINT64_C(1000000));
	assert_true(unit_log_has("is given up"));
	assert_in_range(journal_live(model.journal)->lost, 16, 18);
	assert_true(journal_is_purge_due(model.journal));
	model_purge(&model);
	for (key = 0; key < KEYS; ++key)
		there += model.entries[key].version != 0;
	assert_int_equal(there, journal_live(model.journal)->entries);
	model_check(&model);
	/* The rest goes on as ever, and that part of the disk is let alone. */
	for (unsigned i = 0; i < 2000; i++) {
		model_put(&model, i % 10, 60000);
		model_compact(&model);
	}
	model_check(&model);
	assert_in_range(journal_file_len(model.journal), 0, 20 * MEBIBYTE);
}

/* Sessions may last for months. */
static void
the_file_does_not_grow_without_bound_for_a_fault(void **state)
{
	break_segment(0);
	for (unsigned i = 0; i < 10000; i++) {
		model_put(&model, 10 + i % 40, 60000);
		model_compact_steps(&model, 10);
		if (i % 10 == 0)
			clock_advance(1);
		if (i % 5 == 0)
			read_key(3);
		journal_retry_slice(model.journal, FOREVER);
		if (journal_is_purge_due(model.journal))
			model_purge(&model);
	}
	assert_in_range(journal_file_len(model.journal), 0, 150 * MEBIBYTE);
	while (model_drop_oldest(&model))
		continue;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_failing_disk_is_left_alone_for_longer_and_longer),
		TEST(reads_that_fail_in_a_compaction_lose_nothing),
		TEST(reads_that_fail_while_records_are_moved_lose_nothing),
		TEST(a_walk_tells_of_what_it_left_out_and_changes_nothing),
		TEST(the_oldest_behind_what_cannot_be_read_is_dropped),
		TEST(
		    the_oldest_behind_two_segments_that_cannot_be_read_is_found),
		TEST(what_was_replaced_or_removed_does_not_come_back),
		TEST(
		    a_replay_passes_by_what_cannot_be_read_and_does_so_again_when_it_can),
		TEST(a_segment_whose_header_cannot_be_read_is_brought_in_later),
		TEST(
		    what_was_compacted_away_stays_so_where_a_header_is_read_late),
		TEST(what_stays_unreadable_is_given_up_in_the_end),
		TEST(the_file_does_not_grow_without_bound_for_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

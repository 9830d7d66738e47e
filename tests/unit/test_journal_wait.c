/*
 * Unit tests of journal: a disk that takes its time. Who can go on later
 * does not wait for it, and nothing is lost for that.
 *
 * Covers journal_cursor.c, journal_io.c, journal_load.c.
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

#define MEBIBYTE (1024 * 1024)

/* Longer than is waited for a disk. */
#define LONG_S 1

#define KEYS 40

/* Some segments on disk, none of them read yet. */
static void
fill(struct model *model)
{
	unsigned key;

	model_open(model, model_memory_path());
	for (key = 0; key < KEYS; ++key)
		assert_int_equal(model_put(model, key, 60000), ERROR_NONE);
	assert_int_equal(journal_flush(model->journal), ERROR_NONE);
}

static void
check_head(struct model *model, unsigned key)
{
	struct journal_record record;

	assert_int_equal(journal_oldest(model->journal, &record), ERROR_NONE);
	assert_int_equal(model_key_of(&record), key);
}

static void
the_head_is_not_waited_for(void **state)
{
	struct journal_record record;
	struct model model;
	unsigned i;

	fill(&model);
	disk.absent_stride = 1;
	for (i = 0; i < 100; ++i) {
		assert_int_equal(
		    journal_oldest(model.journal, &record), ERROR_AGAIN);
		journal_drop_oldest(model.journal);
	}
	disk.absent_stride = 0;
	check_head(&model, 0);
	model_check(&model);
	assert_int_equal(unit_log_complaints(), 0);
	model_close(&model);
}

/* It may be that it never comes by itself, because it cannot be read. */
static void
the_head_is_read_when_it_is_overdue(void **state)
{
	struct journal_record record;
	struct model model;

	fill(&model);
	disk.fail_from = JOURNAL_HEADER_LEN;
	disk.fail_to = JOURNAL_HEADER_LEN + 1000;
	assert_int_equal(journal_oldest(model.journal, &record), ERROR_AGAIN);
	assert_int_equal(unit_log_complaints(), 0);
	clock_advance(LONG_S);
	/* That it cannot be read is known now; what is behind it can. */
	assert_int_equal(journal_oldest(model.journal, &record), ERROR_NONE);
	assert_true(record.position > MEBIBYTE);
	assert_int_equal(unit_log_complaints(), 1);
	disk.fail_to = 0;
	clock_advance(LONG_S);
	assert_int_equal(journal_retry_slice(model.journal, UINT64_MAX), 0);
	check_head(&model, 0);
	model_close(&model);
}

/* Some file systems read nothing before somebody waits. */
static void
what_is_always_overdue_is_waited_for_at_once(void **state)
{
	struct journal_record record;
	struct model model;
	unsigned waits = 0;

	fill(&model);
	disk.absent_stride = 1;
	do {
		while (journal_oldest(model.journal, &record) == ERROR_AGAIN) {
			assert_true(++waits < 100);
			clock_advance(LONG_S);
		}
	} while (model_drop_oldest(&model));
	assert_in_range(waits, 4, 12);
	assert_in_range(disk.cached_calls, 4, 24);
	model_close(&model);
}

static void
what_a_system_cannot_do_is_not_tried_again(void **state)
{
	static const int errors[] = { EOPNOTSUPP, ENOSYS, EPERM, EINVAL };
	struct model model;

	for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fill(&model);
		disk.cached_calls = 0;
		disk.cached_errno = errors[i];
		for (unsigned key = 0; key < KEYS; key++) {
			check_head(&model, key);
			model_drop_oldest(&model);
		}
		assert_int_equal(disk.cached_calls, 1);
		assert_int_equal(unit_log_complaints(), 0);
		model_close(&model);
	}
}

/* Whenever it has to wait, a pass goes on where it was. */
static void
compaction_waits_and_loses_nothing(void **state)
{
	static const unsigned strides[] = { 2, 3, 7 };
	struct model model;
	uint64_t delay_us;
	unsigned i, round, waits = 0;

	fill(&model);
	for (round = 0; round < 3; round++) {
		disk.absent_stride = 0;
		for (i = 0; i < 160; ++i)
			model_put(
			    &model, i % 9 == 0 ? i / 9 : 50 + i % 9, 60000);
		disk.absent_stride = strides[round];
		while ((delay_us = journal_compact_slice(model.journal,
			    &model_ops, &model, UINT64_MAX)) != UINT64_MAX) {
			waits += delay_us == JOURNAL_FETCH_DELAY_US;
			assert_true(waits < 10000);
		}
		model_check(&model);
		assert_true(journal_chain_len(model.journal) <= 12 * MEBIBYTE);
		assert_int_equal(model_replay(&model), 0);
		for (i = 0; i < KEYS; ++i)
			assert_int_not_equal(model.entries[i].version, 0);
	}
	assert_true(waits > 10);
	assert_int_equal(unit_log_complaints(), 0);
	model_close(&model);
}

/* Compact until there is nothing to do; how often time had to pass. */
static unsigned
compact_patiently(struct model *model)
{
	uint64_t delay_us;
	unsigned waits = 0;

	while ((delay_us = journal_compact_slice(model->journal, &model_ops,
		    model, UINT64_MAX)) != UINT64_MAX) {
		if (delay_us == 0)
			continue;
		assert_int_equal(delay_us, JOURNAL_FETCH_DELAY_US);
		assert_true(++waits < 1000);
		clock_advance(LONG_S);
	}
	return waits;
}

/* Its head is in memory, its value never comes: it cannot be read. */
static void
half_a_record_is_not_awaited_for_ever(void **state)
{
	static const size_t sizes[] = { 3000, 60000, 200000 };
	struct model model;
	unsigned i, key;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(&disk, 0, sizeof(disk));
		model_open(&model, model_memory_path());
		for (key = 0; key < 100; ++key)
			model_put(&model, key < 3 ? key : 3 + key % 3,
			    key == 1 ? sizes[i] : 60000);
		journal_flush(model.journal);
		disk.fail_from = (off_t)model.entries[1].position + 1000;
		disk.fail_to = disk.fail_from + 1;
		assert_in_range(compact_patiently(&model), 1, 100);
		/* Nothing is given up for that, and nothing lost. */
		disk.fail_to = 0;
		clock_advance(LONG_S);
		assert_int_equal(
		    journal_retry_slice(model.journal, UINT64_MAX), 0);
		assert_in_range(compact_patiently(&model), 0, 100);
		assert_true(model.moves > 0);
		model_check(&model);
		model_close(&model);
	}
}

/* The key of the head is on two pages, and the second one never comes. */
static void
half_a_head_is_not_awaited_for_ever(void **state)
{
	struct journal_record record;
	struct model model;

	fill(&model);
	disk.absent_from = (off_t)model.entries[0].position + 41;
	assert_int_equal(journal_oldest(model.journal, &record), ERROR_AGAIN);
	clock_advance(LONG_S);
	assert_int_equal(journal_oldest(model.journal, &record), ERROR_NONE);
	model_close(&model);
}

/* Clients must not add faster than a slow disk lets go. */
static void
compaction_waits_itself_when_it_presses(void **state)
{
	struct model model;
	unsigned i;

	fill(&model);
	for (i = 0; i < 600; ++i)
		model_put(&model, i % 4, 60000);
	disk.absent_stride = 1;
	assert_true(journal_chain_len(model.journal) > 30 * MEBIBYTE);
	assert_int_equal(
	    journal_compact_slice(model.journal, &model_ops, &model, 0), 0);
	while (journal_compact_slice(
		   model.journal, &model_ops, &model, UINT64_MAX) == 0)
		continue;
	assert_true(journal_chain_len(model.journal) <= 20 * MEBIBYTE);
	model_check(&model);
	model_close(&model);
}

/* Nobody waits for a walk or a replay, and neither misses anything. */
static void
a_walk_and_a_replay_go_on_later(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0;
	unsigned key = 0, waits = 0;
	enum error error;

	fill(&model);
	disk.absent_stride = 2;
	while ((error = journal_walk_next(model.journal, &cursor, &record)) !=
	       ERROR_NOT_FOUND) {
		assert_int_not_equal(cursor, 0);
		waits += error == ERROR_AGAIN;
		if (error == ERROR_NONE)
			assert_int_equal(model_key_of(&record), key++);
	}
	assert_int_equal(key, KEYS);
	assert_true(waits > 2);
	assert_int_equal(model_replay(&model), 0);
	model_check(&model);
	for (key = 0; key < KEYS; key++)
		assert_int_not_equal(model.entries[key].version, 0);
	model_close(&model);
}

/* The headers of 64 segments are asked for at once. */
static void
loading_does_not_wait_for_the_disk(void **state)
{
	const char *path = model_memory_path();
	struct model model;
	uint64_t delay_us;
	unsigned i, pauses = 0;

	model_open(&model, path);
	for (i = 0; i < 1000; i++)
		model_put(&model, i % MODEL_KEYS, 120000);
	journal_flush(model.journal);
	assert_true(journal_chain_len(model.journal) > 110 * MEBIBYTE);
	model_close(&model);
	memset(disk.there_at, 0, sizeof(disk.there_at));
	disk.seek_us = 8000;
	model = (struct model){
		.journal = journal_new(open(path, O_RDWR | O_CLOEXEC), "cold"),
	};
	assert_int_equal(journal_load(model.journal), ERROR_NONE);
	disk.read_calls = 0;
	while ((delay_us = journal_load_slice(model.journal, 0,
		    clock_monotonic_us() + 400)) != JOURNAL_IDLE)
		if (delay_us > 0) {
			usleep((useconds_t)delay_us);
			pauses++;
		}
	/* Eight milliseconds for all of 64, not for each. */
	assert_in_range(pauses, 1, 200);
	assert_true(disk.read_calls > 110);
	assert_int_equal(model_replay(&model), 0);
	model_check(&model);
	model_close(&model);
}

static void
slow_write(int fd, const void *data, size_t len, off_t at)
{
	clock_advance(LONG_S);
}

/* Each takes a write, and the disk a second for each. */
static void
slots_are_made_free_one_at_a_time_where_writes_are_slow(void **state)
{
	struct model model;
	unsigned key;

	model_open(&model, model_memory_path());
	for (key = 0; key < 10 * KEYS; ++key)
		model_put(&model, key % MODEL_KEYS, 60000);
	while (model_drop_oldest(&model))
		continue;
	disk.before_write = slow_write;
	disk.write_calls = 0;
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	assert_in_range(disk.write_calls, 1, 3);
	for (unsigned i = 0; i < 5; i++) {
		disk.write_calls = 0;
		journal_compact_slice(model.journal, &model_ops, &model, 0);
		assert_in_range(disk.write_calls, 0, 2);
	}
	model_compact(&model);
	assert_in_range(journal_file_len(model.journal), 0, 4 * MEBIBYTE);
	model_close(&model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_head_is_not_waited_for, disk_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(
		    the_head_is_read_when_it_is_overdue, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_always_overdue_is_waited_for_at_once, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    what_a_system_cannot_do_is_not_tried_again, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    compaction_waits_and_loses_nothing, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    half_a_record_is_not_awaited_for_ever, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    half_a_head_is_not_awaited_for_ever, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    compaction_waits_itself_when_it_presses, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    a_walk_and_a_replay_go_on_later, disk_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(
		    loading_does_not_wait_for_the_disk, disk_setup,
		    unit_teardown),
		cmocka_unit_test_setup_teardown(
		    slots_are_made_free_one_at_a_time_where_writes_are_slow,
		    disk_setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

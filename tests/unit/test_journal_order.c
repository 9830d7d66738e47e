/*
 * Unit tests of journal: reading in order: the oldest record, a replay, a walk.
 * Covers journal_cursor.c, journal_replay.c.
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

static void
records_come_in_order(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t last = 0, next;
	unsigned i;

	model_open(&model, unit_path("j"));
	for (i = 0; i < 40; ++i) {
		next = journal_next_sequence(model.journal);
		assert_int_equal(
		    model_append(&model, JOURNAL_PUT, i, 100 + i, &record),
		    ERROR_NONE);
		assert_true(record.sequence > last);
		assert_true(record.sequence >= next);
		last = record.sequence;
		model_set(&model, &record);
		if (i == 17)
			assert_int_equal(
			    journal_flush(model.journal), ERROR_NONE);
	}
	model_check(&model);
	for (i = 0; i < 40; ++i) {
		assert_int_equal(
		    journal_oldest(model.journal, &record), ERROR_NONE);
		assert_int_equal(model_key_of(&record), i);
		assert_int_equal(record.value_len, 100 + i);
		assert_int_equal(record.sequence, model.entries[i].sequence);
		assert_int_equal(record.position, model.entries[i].position);
		journal_drop_oldest(model.journal);
	}
	assert_int_equal(
	    journal_oldest(model.journal, &record), ERROR_NOT_FOUND);
	model_close(&model);
}

static void
replay_sees_what_is_appended_meanwhile(void **state)
{
	struct journal_record record;
	struct model model;
	unsigned i;

	model_open(&model, unit_path("j"));
	journal_replay_begin(model.journal);
	assert_int_equal(
	    journal_replay_next(model.journal, &record), ERROR_NOT_FOUND);
	for (i = 0; i < 40; ++i) {
		model_put(&model, i, 100000);
		assert_int_equal(
		    journal_replay_next(model.journal, &record), ERROR_NONE);
		assert_int_equal(model_key_of(&record), i);
		assert_int_equal(journal_replay_next(model.journal, &record),
		    ERROR_NOT_FOUND);
	}
	model_close(&model);
}

static void
walk_is_taken_up_again(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0, other;
	unsigned i;

	model_open(&model, unit_path("j"));
	for (i = 0; i < 40; ++i)
		model_put(&model, i, 60000);
	for (i = 0; i < 30; ++i) {
		other = 0; /* somebody else's walk in between */
		assert_int_equal(
		    journal_walk_next(model.journal, &other, &record),
		    ERROR_NONE);
		assert_int_equal(model_key_of(&record), i / 10 * 10);
		assert_int_equal(
		    journal_walk_next(model.journal, &cursor, &record),
		    ERROR_NONE);
		assert_int_equal(model_key_of(&record), i);
		assert_null(record.value);
		assert_int_not_equal(cursor, 0);
		if (i % 10 == 9)
			while (journal_oldest(model.journal, &record) ==
				   ERROR_NONE &&
			       model_key_of(&record) <= i)
				model_drop_oldest(&model);
	}
	for (; i < 40; ++i)
		assert_int_equal(
		    journal_walk_next(model.journal, &cursor, &record),
		    ERROR_NONE);
	assert_int_equal(journal_walk_next(model.journal, &cursor, &record),
	    ERROR_NOT_FOUND);
	assert_int_equal(cursor, 0);
	model_close(&model);
}

/* A walk stands in a segment that goes, and whose slot is used again. */
static void
a_walk_survives_the_reuse_of_its_slot(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0;
	unsigned i;

	model_open(&model, model_memory_path());
	for (i = 0; i < 30; ++i)
		model_put(&model, i, 60000);
	for (i = 0; i < 10; ++i)
		journal_walk_next(model.journal, &cursor, &record);
	for (i = 0; i < 20; ++i)
		model_drop_oldest(&model);
	for (i = 30; i < 60; ++i)
		model_put(&model, i, 60000);
	assert_true(model.entries[40].position < MEBIBYTE);
	for (i = 20; i < 60; ++i) {
		assert_int_equal(
		    journal_walk_next(model.journal, &cursor, &record),
		    ERROR_NONE);
		assert_int_equal(model_key_of(&record), i);
	}
	model_close(&model);
}

/* What was read ahead of a slot's old content is not taken for the new. */
static void
a_slot_used_again_is_read_again(void **state)
{
	const char *path = model_memory_path();
	struct model model;
	unsigned round;

	for (round = 0; round < 5; ++round) {
		model_open(&model, path);
		model_replay(&model);
		while (model_drop_oldest(&model))
			continue;
		model_put(&model, 1, 1000);
		model_put(&model, 2, 1000);
		journal_flush(model.journal);
		model_put(&model, 3, 1000);
		assert_true(model_drop_oldest(&model));
		assert_int_equal(model.entries[1].version, 0);
		assert_int_equal(model_replay(&model), 0);
		assert_int_not_equal(model.entries[2].version, 0);
		assert_int_not_equal(model.entries[3].version, 0);
		journal_flush(model.journal);
		model_close(&model);
		assert_string_equal(unit_lines, "");
	}
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_come_in_order),
		TEST(replay_sees_what_is_appended_meanwhile),
		TEST(walk_is_taken_up_again),
		TEST(a_walk_survives_the_reuse_of_its_slot),
		TEST(a_slot_used_again_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

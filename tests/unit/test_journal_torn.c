/*
 * Unit tests of journal: what is on the disk when a kill comes at one chosen
 * moment, or in the middle of one write. Kills at any moment are in
 * test_journal_crash.c.
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

/*
 * The segment with a session retires, but cannot be made void on disk. Then the
 * removal of that session may not be compacted away, and come into effect at a
 * kill, before it is. The disk fails for so many steps of a pass.
 */
static void
fail_while_a_segment_retires(unsigned steps)
{
	const char *path = model_memory_path();
	struct model model, found;
	unsigned i;

	assert_int_equal(model_open(&model, path), ERROR_NOT_FOUND);
	model_put(&model, 1, 1000);
	for (i = 0; i < 10; ++i)
		model_put(&model, 2, 100000);
	model_remove(&model, 1);
	model_put(&model, 3, 1000);
	for (i = 0; i < 60; ++i)
		model_put(&model, 2, 100000);
	journal_flush(model.journal);
	disk.write_errno = EIO;
	model_compact_steps(&model, steps);
	disk.write_errno = 0;
	clock_advance(2);
	for (i = 0; i < 200; ++i) {
		model_compact_steps(&model, 1);
		model_open(&found, path);
		model_replay(&found);
		assert_int_equal(found.entries[1].version, 0);
		model_check(&found);
		model_close(&found);
	}
	model_close(&model);
}

static void
a_removal_outlives_what_it_removed(void **state)
{
	unsigned steps;

	for (steps = 0; steps < 30; ++steps)
		fail_while_a_segment_retires(steps);
}

/* The header tells what was dropped; not before the disk knows why. */
static void
the_header_does_not_run_ahead(void **state)
{
	const char *path = unit_path("j");
	struct model model, found;

	model_open(&model, path);
	model_put(&model, 1, 1000);
	journal_flush(model.journal);
	model_put(&model, 1, 1000);
	model_drop_oldest(&model);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	model_close(&model);
	model_open(&found, path);
	assert_int_equal(model_replay(&found), 0);
	assert_int_equal(found.entries[1].version, 2);
	model_close(&found);
}

/* A torn write: what is whole of it counts, and no byte of the rest. */
static void
the_last_write_is_cut_at_each_byte(void **state)
{
	const char *path = unit_path("j"), *cut_path = unit_path("cut");
	struct model model, found;
	off_t before, after, len;
	unsigned key, expected;

	model_open(&model, path);
	model_put(&model, 0, 10);
	model_put(&model, 1, 10);
	journal_flush(model.journal);
	before = (off_t)model.entries[1].position + 64;
	for (key = 2; key < 6; ++key)
		model_put(&model, key, 10 + key);
	journal_flush(model.journal);
	after = (off_t)journal_file_len(model.journal);
	for (len = before; len <= after; ++len) {
		model_copy_file(path, cut_path);
		assert_int_equal(truncate(cut_path, len), 0);
		assert_int_equal(model_open(&found, cut_path), ERROR_NONE);
		expected = 2;
		for (key = 2; key < 6; ++key) {
			const struct model_entry *entry = &model.entries[key];

			/* Its padding does not matter. */
			expected += entry->position + journal_record_len(0) +
			                entry->key_len + entry->value_len <=
			            (uint64_t)len;
		}
		/* Only a mark says that a segment ends on purpose. */
		assert_in_range(model_replay(&found), len < after ? 1 : 0,
		    len < after ? 2 : 0);
		for (key = 0; key < MODEL_KEYS; ++key)
			assert_int_equal(found.entries[key].version,
			    key < expected ? model.entries[key].version : 0);
		model_put(&found, 7, 100);
		model_check(&found);
		model_close(&found);
	}
	model_close(&model);
}

/*
 * A slot is used again, and the write is torn at the end of a record: right
 * behind that one lie records of the slot's earlier use, whole and in place.
 */
static void
records_of_an_earlier_use_do_not_pass(void **state)
{
	const char *path = unit_path("j");
	struct model model, found;
	static unsigned char old[JOURNAL_SEGMENT_LEN];
	unsigned i;
	int fd;

	model_open(&model, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < 30; ++i)
		model_put(&model, i, 100000);
	journal_flush(model.journal);
	assert_true(pread(fd, old, sizeof(old), JOURNAL_HEADER_LEN) ==
		    (ssize_t)sizeof(old));
	/* Let the first slot's records go; it is the next to be used. */
	for (i = 0; i < 12; ++i)
		model_drop_oldest(&model);
	for (i = 0; i < 16; ++i)
		model_put(&model, i, 100000);
	journal_flush(model.journal);
	for (i = 0; model.entries[i].position >
		    JOURNAL_HEADER_LEN + JOURNAL_SEGMENT_LEN;
	     ++i)
		assert_true(i < 15);
	/* Behind the first record of the new use, put the old bytes back. */
	model_check_key(&model, i);
	i++;
	disk_write(fd, old + (model.entries[i].position - JOURNAL_HEADER_LEN),
	    sizeof(old) - (model.entries[i].position - JOURNAL_HEADER_LEN),
	    (off_t)model.entries[i].position);
	close(fd);
	model_close(&model);
	model_open(&found, path);
	assert_int_equal(model_replay(&found), 1);
	assert_int_equal(
	    found.entries[i - 1].version, model.entries[i - 1].version);
	assert_int_equal(found.entries[i].version, 0);
	model_close(&found);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_removal_outlives_what_it_removed),
		TEST(the_header_does_not_run_ahead),
		TEST(the_last_write_is_cut_at_each_byte),
		TEST(records_of_an_earlier_use_do_not_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of journal: disks that take nothing, for a while or now and then.
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
a_full_disk_is_waited_for(void **state)
{
	struct model model;
	unsigned key, stored;

	model_open(&model, model_memory_path());
	model_put(&model, 0, 1000);
	journal_flush(model.journal);
	unit_log_clear();
	disk.full_at = (off_t)journal_file_len(model.journal) + 100000;
	disk.write_calls = 0;
	for (stored = 1; stored < MODEL_KEYS; ++stored)
		if (model_put(&model, stored, 20000) != ERROR_NONE)
			break;
	/* The buffer took some; then nothing was appended. */
	assert_in_range(stored, 10, 40);
	assert_int_equal(model_put(&model, stored, 20000), ERROR_NO_SPACE);
	assert_int_equal(journal_flush(model.journal), ERROR_NO_SPACE);
	model_check(&model);
	/* Failing costs next to nothing, and is not told each time. */
	disk.write_calls = 0;
	for (key = 0; key < 1000; ++key)
		assert_int_equal(model_put(&model, 50, 20000), ERROR_NO_SPACE);
	assert_in_range(disk.write_calls, 0, 4);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("No space left on device"));
	/* What is in memory stays good, and goes to disk when it can. */
	disk.full_at = 0;
	clock_advance(1);
	for (key = stored; key < MODEL_KEYS; ++key)
		assert_int_equal(model_put(&model, key, 20000), ERROR_NONE);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	model_check(&model);
	assert_int_equal(model_replay(&model), 0);
	for (key = 0; key < MODEL_KEYS; key++)
		assert_int_not_equal(model.entries[key].version, 0);
	model_close(&model);
}

/* There is no later time: what failed just now may well succeed. */
static void
an_end_does_not_wait_for_the_next_try(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;

	model_open(&model, path);
	assert_int_equal(model_put(&model, 0, 1000), ERROR_NONE);
	disk.write_errno = ENOSPC;
	assert_int_equal(journal_flush(model.journal), ERROR_NO_SPACE);
	disk.write_errno = 0;
	assert_int_equal(journal_flush(model.journal), ERROR_NO_SPACE);
	assert_int_equal(journal_save(model.journal, false), ERROR_NONE);
	assert_int_equal(model_open(&found, path), ERROR_NONE);
	assert_int_equal(model_replay(&found), 0);
	assert_int_not_equal(found.entries[0].version, 0);
	model_close(&found);
	model_close(&model);
}

/* A pass that cannot write is not begun again at once. */
static void
compaction_rests_when_the_disk_is_full(void **state)
{
	struct model model;
	unsigned i, key, slices = 0;

	model_open(&model, model_memory_path());
	for (i = 0; i < 300; ++i)
		model_put(&model, i % 10 == 0 ? i / 10 : 30 + i % 10, 60000);
	journal_flush(model.journal);
	disk.write_errno = ENOSPC;
	for (i = 0; i < 10000; ++i)
		slices += journal_compact_slice(model.journal, &model_ops,
			      &model, 0) != UINT64_MAX;
	assert_in_range(slices, 1, 400);
	for (key = 0; key < MODEL_KEYS; ++key)
		model_check_key(&model, key);
	disk.write_errno = 0;
	clock_advance(2);
	model_compact(&model);
	assert_true(journal_chain_len(model.journal) <= 8 * MEBIBYTE);
	model_check(&model);
	model_close(&model);
}

/* One call of many. False: it failed. */
static bool
call_something(struct model *model, bool *is_removed)
{
	unsigned key = (unsigned)model_random(model, MODEL_KEYS);

	switch (model_random(model, 8)) {
	case 0:
		if (model_remove(model, key) != ERROR_NONE)
			return false;
		is_removed[key] = true;
		return true;
	case 1:
		model_drop_oldest(model);
		return true;
	case 2:
		return journal_flush(model->journal) == ERROR_NONE;
	case 3:
		model_check_key(model, key);
		return true;
	case 4:
	case 5:
		model_compact_steps(model, model_random(model, 100));
		return true;
	default:
		if (model_put(model, key, model_random(model, 30000)) !=
		    ERROR_NONE)
			return false;
		is_removed[key] = false;
		return true;
	}
}

/* Whatever fails, and when: no record is lost, none is back from the dead. */
static void
a_disk_that_fails_now_and_then(void **state)
{
	const char *path = model_memory_path();
	bool is_removed[MODEL_KEYS] = { false };
	struct model model, found;
	unsigned i, key, failed = 0;

	model_open(&model, path);
	model.random = 9;
	for (i = 0; i < 8000; ++i) {
		if (i % 50 == 0) {
			disk.write_errno =
			    model_random(&model, 3) == 0 ? EIO : 0;
			clock_advance(1);
		}
		failed += !call_something(&model, is_removed);
	}
	assert_true(failed > 100);
	disk.write_errno = 0;
	clock_advance(1);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	model_check(&model);
	assert_int_equal(model_open(&found, path), ERROR_NONE);
	assert_int_equal(model_replay(&found), 0);
	for (key = 0; key < MODEL_KEYS; ++key) {
		/* What was dropped at the head may be back. */
		if (model.entries[key].version != 0 || is_removed[key])
			assert_int_equal(found.entries[key].version,
			    model.entries[key].version);
	}
	model_close(&found);
	model_close(&model);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_disk_is_waited_for),
		TEST(an_end_does_not_wait_for_the_next_try),
		TEST(compaction_rests_when_the_disk_is_full),
		TEST(a_disk_that_fails_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of journal: long runs of random calls against a simple model, and
 * the bounds that hold over any length of time. Seeds are fixed.
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

/* Mostly small; now and then as large as can be. */
static size_t
random_len(struct model *model)
{
	switch (model_random(model, 40)) {
	case 0:
		return JOURNAL_VALUE_MAX - model_random(model, 100);
	case 1:
		return 0;
	case 2:
	case 3:
		return model_random(model, 100000);
	default:
		return model_random(model, 16000);
	}
}

/* The head is not above anything that lives, and there is one if that does. */
static void
check_head(struct model *model)
{
	struct journal_record record = { .sequence = UINT64_MAX };
	enum error error = journal_oldest(model->journal, &record);
	unsigned key;

	if (error != ERROR_NOT_FOUND)
		assert_int_equal(error, ERROR_NONE);
	for (key = 0; key < MODEL_KEYS; ++key)
		if (model->entries[key].version != 0)
			assert_true(
			    record.sequence <= model->entries[key].sequence);
}

/* A walk sees all that lives, in order. */
static void
check_walk(struct model *model)
{
	struct journal_record record;
	uint64_t cursor = 0, last = 0;
	unsigned key, live = 0, seen = 0;

	for (key = 0; key < MODEL_KEYS; ++key)
		live += model->entries[key].version != 0;
	while (
	    journal_walk_next(model->journal, &cursor, &record) == ERROR_NONE) {
		assert_true(record.sequence > last);
		last = record.sequence;
		if (model_is_present(model, &record)) {
			assert_int_equal(record.put_at,
			    model->entries[model_key_of(&record)].version);
			seen++;
		}
	}
	assert_int_equal(cursor, 0);
	assert_int_equal(seen, live);
}

/* End, and begin again; nothing is lost. */
static void
reopen(struct model *model, const char *path)
{
	struct model old = *model;
	unsigned key;

	journal_flush(model->journal);
	journal_close(model->journal);
	assert_int_equal(model_open(model, path), ERROR_NONE);
	model->random = old.random;
	model->versions = old.versions;
	model->moves = old.moves;
	assert_int_equal(model_replay(model), 0);
	for (key = 0; key < MODEL_KEYS; ++key) {
		if (old.entries[key].version != 0)
			assert_int_equal(model->entries[key].version,
			    old.entries[key].version);
		else if (model->entries[key].version != 0)
			/* dropped at the head, and back: drop it again */
			model_forget(model, key);
	}
}

static void
random_call(struct model *model, const char *path)
{
	unsigned key = (unsigned)model_random(model, MODEL_KEYS);
	unsigned call = (unsigned)model_random(model, 1000);
	uint64_t i;

	if (call < 300) {
		assert_int_equal(
		    model_put(model, key, random_len(model)), ERROR_NONE);
	} else if (call < 400) {
		if (model->entries[key].version != 0)
			assert_int_equal(model_remove(model, key), ERROR_NONE);
	} else if (call < 448) {
		model_drop_oldest(model);
	} else if (call < 450) {
		for (i = model_random(model, 80); i > 0; --i)
			model_drop_oldest(model);
	} else if (call < 850) {
		model_compact_steps(model, model_random(model, 50));
	} else if (call < 970) {
		model_check_key(model, key);
	} else if (call < 985) {
		assert_int_equal(journal_flush(model->journal), ERROR_NONE);
	} else if (call < 996) {
		check_head(model);
	} else if (call < 999) {
		check_walk(model);
	} else {
		reopen(model, path);
	}
}

static void
run(uint64_t seed, unsigned calls)
{
	const char *path = model_memory_path();
	struct model model;
	unsigned i;

	model_open(&model, path);
	model.random = seed;
	for (i = 0; i < calls; ++i) {
		random_call(&model, path);
		if (i % 500 == 0)
			model_check(&model);
	}
	model_check(&model);
	check_head(&model);
	check_walk(&model);
	model_compact(&model);
	model_check(&model);
	assert_true(model.moves > 100);
	while (model_drop_oldest(&model))
		continue;
	assert_int_equal(journal_live(model.journal)->entries, 0);
	model_compact(&model);
	assert_true(journal_file_len(model.journal) <= 4 * MEBIBYTE);
	model_close(&model);
	assert_string_equal(unit_lines, "");
}

static void
random_calls_agree_with_the_model(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= 3; ++seed)
		run(seed, 6000);
}

/* Nothing ever expires; the same keys are put again and again. */
static void
replaced_records_take_bounded_space(void **state)
{
	struct model model;
	unsigned i;

	model_open(&model, model_memory_path());
	for (i = 0; i < 200000; ++i) {
		model_put(&model, i % MODEL_KEYS, 1500);
		model_compact_steps(&model, 3);
		assert_true(journal_file_len(model.journal) <= 8 * MEBIBYTE);
	}
	model_check(&model);
	model_close(&model);
}

/* One session in a long life: found alive among 200,000 dead ones. */
static void
an_old_record_outlives_the_rest(void **state)
{
	struct model model;
	unsigned i;

	model_open(&model, model_memory_path());
	model_put(&model, 63, 5000);
	for (i = 0; i < 50000; ++i) {
		model_put(&model, i % 4, 1500);
		model_compact_steps(&model, 3);
		assert_true(journal_file_len(model.journal) <= 8 * MEBIBYTE);
	}
	assert_int_equal(model.entries[63].version, 1);
	model_check(&model);
	assert_int_equal(model_replay(&model), 0);
	assert_int_equal(model.entries[63].version, 1);
	model_close(&model);
}

/* Each start begins a segment; they must not pile up. */
static void
many_starts_take_bounded_space(void **state)
{
	const char *path = model_memory_path();
	struct model model;
	unsigned i;

	model_open(&model, path);
	for (i = 0; i < 300; ++i) {
		model_put(&model, i % MODEL_KEYS, 1500);
		model_compact(&model);
		reopen(&model, path);
		assert_true(journal_file_len(model.journal) <= 9 * MEBIBYTE);
	}
	model_check(&model);
	model_close(&model);
}

/* In a cache where entries expire in order, there is nothing to compact. */
static void
a_queue_is_not_copied(void **state)
{
	struct model model;
	unsigned i;

	model_open(&model, model_memory_path());
	for (i = 0; i < 5000; ++i) {
		if (i >= MODEL_KEYS)
			model_drop_oldest(&model);
		model_put(&model, i % MODEL_KEYS, 60000);
		model_compact(&model);
	}
	assert_int_equal(model.moves, 0);
	assert_true(journal_file_len(model.journal) <= 8 * MEBIBYTE);
	model_close(&model);
}

/*
 * All that is left of 60,000 records fits in one segment, and the rest of the
 * file is cut off: what tells of the numbers in use is that segment alone.
 */
static void
numbers_outlive_compaction(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;
	uint64_t next;
	unsigned i;

	model_open(&model, path);
	for (i = 0; i < 60000; ++i)
		model_put(&model, i / 10 == 2000 ? i % 10 : 10 + i % 10, 200);
	journal_flush(model.journal);
	reopen(&model, path);
	next = journal_next_sequence(model.journal);
	model_compact(&model);
	assert_true(journal_file_len(model.journal) < 3 * MEBIBYTE);
	model_close(&model);
	assert_int_equal(model_open(&found, path), ERROR_NONE);
	assert_true(journal_next_sequence(found.journal) >= next);
	assert_int_equal(model_replay(&found), 0);
	for (i = 0; i < 20; ++i)
		assert_int_equal(
		    found.entries[i].version, model.entries[i].version);
	model_close(&found);
}

/*
 * The owner drops the head while a pass is reading there, wherever the pass
 * stands: in what it reads, in what it wrote, or between the two.
 */
static void
the_head_overtakes_a_pass(void **state)
{
	const char *path = model_memory_path();
	struct model model;
	unsigned steps, i;

	model_open(&model, path);
	for (steps = 1; steps < 300; steps += 3) {
		for (i = 0; i < 150; ++i)
			model_put(&model, i < 20 ? i : 20 + i % 20, 60000);
		model_compact_steps(&model, steps);
		for (i = 0; i < 10 + steps * 7 % 80; ++i)
			model_drop_oldest(&model);
		for (i = 40; i < 60; ++i)
			model_put(&model, i, 60000);
		model_compact(&model);
		model_check(&model);
	}
	assert_true(model.moves > 100);
	assert_true(journal_file_len(model.journal) < 16 * MEBIBYTE);
	reopen(&model, path);
	model_check(&model);
	model_close(&model);
	assert_string_equal(unit_lines, "");
}

/* Walk for a while; then let a pass go by, at this pace; walk on. */
static void
walk_through_pass(unsigned lead, unsigned pace)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0;
	unsigned i, live = 0;

	model_open(&model, model_memory_path());
	for (i = 0; i < 250; ++i)
		if (i % 5 == 0)
			model_put(&model, i / 5, 50000);
		else
			model_put(&model, 50 + i % 10, 35000);
	for (i = 0;
	     journal_walk_next(model.journal, &cursor, &record) == ERROR_NONE;
	     ++i) {
		live += model_is_present(&model, &record);
		if (i >= lead)
			model_compact_steps(&model, pace);
	}
	assert_int_equal(live, 58);
	model_close(&model);
}

/* Nothing comes or goes but by compaction: then a walk misses nothing. */
static void
a_walk_goes_on_through_a_pass(void **state)
{
	unsigned lead;

	for (lead = 0; lead < 200; lead += 9) {
		walk_through_pass(lead, 2);
		walk_through_pass(lead, 80);
	}
}

/* Whoever looks for the oldest, at whatever step of a pass. */
static void
looking_for_the_oldest_disturbs_no_pass(void **state)
{
	struct journal_record record;
	struct model model;
	unsigned i;

	model_open(&model, model_memory_path());
	for (i = 0; i < 3000; ++i) {
		model_put(&model, i % 7 == 0 ? i % 60 : 60 + i % 4, 30000);
		model_compact_steps(&model, 3);
		assert_int_equal(
		    journal_oldest(model.journal, &record), ERROR_NONE);
		assert_int_equal(journal_live(model.journal)->lost, 0);
	}
	assert_true(model.moves > 100);
	model_check(&model);
	model_close(&model);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_calls_agree_with_the_model),
		TEST(replaced_records_take_bounded_space),
		TEST(an_old_record_outlives_the_rest),
		TEST(many_starts_take_bounded_space),
		TEST(a_queue_is_not_copied),
		TEST(numbers_outlive_compaction),
		TEST(the_head_overtakes_a_pass),
		TEST(looking_for_the_oldest_disturbs_no_pass),
		TEST(a_walk_goes_on_through_a_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

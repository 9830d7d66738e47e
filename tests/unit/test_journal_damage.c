/*
 * Unit tests of journal: files that are not what they should be. Disks that
 * take nothing are in test_journal_full.c, disks that do not read in
 * test_journal_fault.c.
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

/* Change some bytes of a file. */
static void
damage(const char *path, uint64_t at, size_t len)
{
	unsigned char bytes[64];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	size_t i;

	assert_true(fd >= 0 && len <= sizeof(bytes));
	assert_int_equal(pread(fd, bytes, len, (off_t)at), len);
	for (i = 0; i < len; ++i)
		bytes[i] ^= 0x5a;
	assert_int_equal(disk_write(fd, bytes, len, (off_t)at), len);
	close(fd);
}

/* A file of a few segments: keys 0 to 29, 60 kB each. Open, and flushed. */
static void
fill(struct model *model, const char *path)
{
	unsigned key;

	assert_int_equal(truncate(path, 0), 0);
	model_open(model, path);
	for (key = 0; key < 30; ++key)
		assert_int_equal(model_put(model, key, 60000), ERROR_NONE);
	assert_int_equal(journal_flush(model->journal), ERROR_NONE);
}

/* Which keys does a replay find? As a set of bits. */
static uint64_t
found_keys(struct model *model)
{
	uint64_t found = 0;
	unsigned key;

	for (key = 0; key < MODEL_KEYS; ++key)
		if (model->entries[key].version != 0)
			found |= UINT64_C(1) << key;
	return found;
}

/* The keys that lie in the same segment, from this one on. */
static uint64_t
rest_of_segment(const struct model *model, unsigned key)
{
	uint64_t rest = 0, slot;

#define SLOT(k)                                              \
	((model->entries[k].position - JOURNAL_HEADER_LEN) / \
	    JOURNAL_SEGMENT_LEN)
	slot = SLOT(key);
	for (; key < 30 && SLOT(key) == slot; ++key)
		rest |= UINT64_C(1) << key;
	return rest;
}

#define ALL_KEYS ((UINT64_C(1) << 30) - 1)

static void
a_damaged_value_is_left_out(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;
	const struct model_entry *entry = &model.entries[5];
	struct journal_record record;

	fill(&model, path);
	damage(path, entry->position + 30000, 1);
	assert_int_equal(
	    journal_read(model.journal, entry->position, entry->sequence,
		entry->key_len + entry->value_len, &record),
	    ERROR_DAMAGED);
	model_close(&model);
	assert_int_equal(model_open(&found, path), ERROR_NONE);
	unit_log_clear();
	assert_int_equal(model_replay(&found), 1);
	assert_int_equal(found_keys(&found), ALL_KEYS & ~(1 << 5));
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("damaged"));
	model_check(&found);
	/* The head does not look at values. */
	model_drop_oldest(&found);
	while (model_drop_oldest(&found))
		continue;
	model_close(&found);
}

static void
a_damaged_head_ends_its_segment(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;
	unsigned at;

	for (at = 0; at < 48; at += 5) {
		fill(&model, path);
		damage(path, model.entries[5].position + at, 1);
		model_close(&model);
		assert_int_equal(model_open(&found, path), ERROR_NONE);
		assert_int_equal(model_replay(&found), 1);
		assert_int_equal(
		    found_keys(&found), ALL_KEYS & ~rest_of_segment(&model, 5));
		/* What was given up once is not complained of again. */
		assert_int_equal(model_replay(&found), 0);
		model_check(&found);
		model_put(&found, 5, 1000);
		model_check(&found);
		model_close(&found);
	}
}

static void
a_damaged_segment_is_left_out(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;
	unsigned at;

	for (at = 0; at < 40; at += 3) {
		fill(&model, path);
		damage(path, JOURNAL_HEADER_LEN + at, 1);
		model_close(&model);
		unit_log_clear();
		assert_int_equal(model_open(&found, path), ERROR_NONE);
		assert_true(unit_log_has("damaged"));
		assert_int_equal(model_replay(&found), 0);
		assert_int_equal(
		    found_keys(&found), ALL_KEYS & ~rest_of_segment(&model, 0));
		model_check(&found);
		/* Its slot is good for new records. */
		model_put(&found, 40, 1000);
		assert_true(found.entries[40].position < MEBIBYTE);
		model_check(&found);
		model_close(&found);
	}
}

static void
a_damaged_header_is_refused(void **state)
{
	const char *path = model_memory_path();
	struct model model, found;
	unsigned at;
	enum error error;

	for (at = 0; at < 320; ++at) {
		assert_int_equal(truncate(path, 0), 0);
		model_open(&model, path);
		model_close(&model);
		damage(path, at, 1);
		error = model_open(&found, path);
		assert_true(
		    error == ERROR_DAMAGED || error == ERROR_INCOMPATIBLE);
		/* It can be made new. */
		journal_reset(found.journal, "", 0);
		model_load(&found);
		model_put(&found, 1, 1000);
		model_check(&found);
		model_close(&found);
	}
}

static void
what_is_no_journal_is_refused(void **state)
{
	static const char text[] = "session cache, or so somebody thought";
	const char *path = model_memory_path();
	struct model model;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(model_open(&model, path), ERROR_DAMAGED);
	model_close(&model);
	close(fd);
}

/* Somebody made it so long, with a hole: we never did. */
static void
what_is_beyond_all_that_we_use_is_cut_off(void **state)
{
	const char *path = model_memory_path();
	struct model model;

	model_open(&model, path);
	model_put(&model, 1, 1000);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	model_close(&model);
	if (truncate(path, INT64_MAX) != 0 && truncate(path, 1L << 43) != 0)
		skip();
	assert_int_equal(model_open(&model, path), ERROR_NONE);
	assert_in_range(journal_file_len(model.journal), 1000, 1 << 22);
	model_replay(&model);
	assert_int_not_equal(model.entries[1].version, 0);
	model_check(&model);
	model_close(&model);
}

/* A live journal whose file is changed under it. */
static void
the_head_gives_up_what_it_cannot_read(void **state)
{
	const char *path = model_memory_path();
	struct journal_record record;
	struct model model;
	uint64_t lost;
	enum error error;

	fill(&model, path);
	damage(path, model.entries[3].position, 1);
	lost = rest_of_segment(&model, 3);
	unit_log_clear();
	for (;;) {
		error = journal_oldest(model.journal, &record);
		if (error == ERROR_NOT_FOUND)
			break;
		assert_int_equal(error, ERROR_NONE);
		model_forget(&model, model_key_of(&record));
		journal_drop_oldest(model.journal);
	}
	assert_int_equal(found_keys(&model), lost);
	/* They are counted, and do not count as live any more. */
	assert_int_equal(journal_live(model.journal)->entries, 0);
	assert_int_equal(journal_live(model.journal)->lost,
	    (uint64_t)__builtin_popcountll(lost));
	/* And their segment is used again when the owner knows. */
	assert_true(journal_is_purge_due(model.journal));
	model_purge(&model);
	assert_int_equal(found_keys(&model), 0);
	assert_false(journal_is_purge_due(model.journal));
	assert_int_equal(unit_log_complaints(), 1);
	model_close(&model);
}

static void
compaction_leaves_out_what_is_damaged(void **state)
{
	const char *path = model_memory_path();
	struct model model;
	const struct model_entry *entry = &model.entries[2];
	unsigned key, i;

	fill(&model, path);
	damage(path, entry->position + 5000, 1);
	for (i = 0; i < 3; ++i)
		for (key = 10; key < 60; ++key)
			model_put(&model, key, 50000);
	model_compact(&model);
	model_purge(&model);
	model_compact(&model);
	assert_true(model.moves > 0);
	assert_int_equal(model.entries[2].version, 0);
	assert_int_equal(journal_live(model.journal)->lost, 1);
	model_check(&model);
	model_close(&model);
}

/* Load, replay, walk, read, drop, compact: anything that reads a file. */
static void
use_up(const char *path)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0;
	unsigned records = 0;
	enum error error;

	if (model_open(&model, path) == ERROR_NONE) {
		model_replay(&model);
		model_check(&model);
		do {
			error =
			    journal_walk_next(model.journal, &cursor, &record);
			assert_true(++records < 10000);
		} while (cursor != 0);
		model_put(&model, 1, 1000);
		model_compact(&model);
		model_check_key(&model, 1);
		while ((error = journal_oldest(model.journal, &record)) !=
		       ERROR_NOT_FOUND) {
			if (error == ERROR_NONE)
				journal_drop_oldest(model.journal);
			assert_true(++records < 20000);
		}
	}
	model_close(&model);
}

static void
any_bytes_will_do(void **state)
{
	const char *path = model_memory_path(), *bad = model_memory_path();
	struct model model;
	unsigned char bytes[4096];
	unsigned round, i, count;
	uint64_t at;
	int fd, from;
	ssize_t len;

	fill(&model, path);
	model.random = 77;
	from = open(path, O_RDONLY | O_CLOEXEC);
	for (round = 0; round < 150; ++round) {
		fd = open(bad, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		for (at = 0;
		     (len = pread(from, bytes, sizeof(bytes), (off_t)at)) > 0;
		     at += (uint64_t)len)
			disk_write(fd, bytes, (size_t)len, (off_t)at);
		count = 1 + (unsigned)model_random(&model, 5);
		while (count-- > 0) {
			uint64_t target = model_random(&model, at - 4096);
			size_t size = 1 + model_random(&model, 4000);

			/* Near a head as often as not. */
			if (count % 2 == 0)
				target = model.entries[target % 30].position;
			for (i = 0; i < size; ++i)
				bytes[i] =
				    (unsigned char)model_random(&model, 256);
			disk_write(fd, bytes, size, (off_t)target);
		}
		if (round % 5 == 0)
			assert_int_equal(
			    ftruncate(fd, (off_t)model_random(&model, at)), 0);
		close(fd);
		use_up(bad);
	}
	close(from);
	model_close(&model);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_damaged_value_is_left_out),
		TEST(a_damaged_head_ends_its_segment),
		TEST(a_damaged_segment_is_left_out),
		TEST(a_damaged_header_is_refused),
		TEST(what_is_no_journal_is_refused),
		TEST(what_is_beyond_all_that_we_use_is_cut_off),
		TEST(the_head_gives_up_what_it_cannot_read),
		TEST(compaction_leaves_out_what_is_damaged),
		TEST(any_bytes_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

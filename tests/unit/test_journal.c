/*
 * Unit tests of journal: its contract, call by call. Kills are in
 * test_journal_crash.c, damage in test_journal_damage.c, long random runs in
 * test_journal_model.c, reading in order in test_journal_order.c. Covers
 * journal_tail.c, journal_chain.c, journal_read.c,
 * journal_record.c, journal_map.c.
 */
#include "journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "journal_model.h"
#include "unit.h"

#define MEBIBYTE (1024 * 1024)

static void
an_empty_file_is_not_found(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t cursor = 0;

	assert_int_equal(model_open(&model, unit_path("j")), ERROR_NOT_FOUND);
	assert_int_equal(
	    journal_oldest(model.journal, &record), ERROR_NOT_FOUND);
	journal_drop_oldest(model.journal);
	assert_int_equal(journal_walk_next(model.journal, &cursor, &record),
	    ERROR_NOT_FOUND);
	journal_replay_begin(model.journal);
	assert_int_equal(
	    journal_replay_next(model.journal, &record), ERROR_NOT_FOUND);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	assert_int_equal(journal_file_len(model.journal), JOURNAL_HEADER_LEN);
	assert_int_equal(journal_chain_len(model.journal), 0);
	assert_true(journal_is_writable(model.journal));
	model_close(&model);
	journal_close(NULL);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
what_was_dropped_stays_so_at_the_next_start(void **state)
{
	struct model model, again;
	const char *path = unit_path("j");
	uint64_t next;
	unsigned i;

	model_open(&model, path);
	for (i = 0; i < MODEL_KEYS; ++i)
		model_put(&model, i, 40000);
	model_remove(&model, 7);
	for (i = 0; i < 5; ++i)
		model_drop_oldest(&model);
	next = journal_next_sequence(model.journal);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	journal_close(model.journal);

	assert_int_equal(model_open(&again, path), ERROR_NONE);
	assert_string_equal(journal_owner_data(again.journal), "note");
	assert_true(journal_next_sequence(again.journal) >= next);
	assert_int_equal(model_replay(&again), 0);
	assert_memory_equal(
	    again.entries, model.entries, sizeof(model.entries));
	model_check(&again);
	model_close(&again);
	assert_int_equal(unit_log_complaints(), 0);
}

/* What superseded the dropped must be on the disk before they are said to. */
static void
a_durable_end_waits_for_the_disk(void **state)
{
	struct model model;

	model_open(&model, unit_path("j"));
	model_put(&model, 1, 100);
	model_put(&model, 1, 100);
	model_drop_oldest(&model);
	disk.order[0] = '\0';
	assert_int_equal(journal_save(model.journal, true), ERROR_NONE);
	assert_string_equal(disk.order, "wshs");
	model_close(&model);
}

static void
a_journal_that_is_cleared_is_empty_at_once_and_after_a_kill(void **state)
{
	struct journal_record record;
	struct model model, again;
	const char *path = unit_path("j");
	unsigned i;

	model_open(&model, path);
	for (i = 0; i < 50; ++i)
		model_put(&model, i, 50000);
	disk.write_calls = 0;
	assert_int_equal(journal_clear(model.journal, "other", 6), ERROR_NONE);
	assert_int_equal(disk.write_calls, 1);
	assert_int_equal(journal_live(model.journal)->entries, 0);
	assert_int_equal(
	    journal_oldest(model.journal, &record), ERROR_NOT_FOUND);
	model_purge(&model);
	model_put(&model, 60, 1000);
	model_put(&model, 61, 1000);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	/* A process that follows a kill; this one goes on. */
	assert_int_equal(model_open(&again, path), ERROR_NONE);
	assert_string_equal(journal_owner_data(again.journal), "other");
	assert_int_equal(model_replay(&again), 0);
	for (i = 0; i < MODEL_KEYS; i++)
		assert_int_equal(
		    again.entries[i].version != 0, i == 60 || i == 61);
	model_close(&again);
	/* The file becomes small again. */
	model_compact(&model);
	assert_in_range(
	    journal_file_len(model.journal), 0, 5 * JOURNAL_SEGMENT_LEN);
	model_check(&model);
	model_close(&model);
}

static void
reset_leaves_nothing(void **state)
{
	struct journal_record record;
	struct model model;
	uint64_t next;

	model_open(&model, unit_path("j"));
	model_put(&model, 1, 100000);
	journal_flush(model.journal);
	model_put(&model, 2, 100);
	next = journal_next_sequence(model.journal);
	journal_reset(model.journal, "other", 6);
	model_load(&model);
	assert_int_equal(journal_file_len(model.journal), JOURNAL_HEADER_LEN);
	assert_int_equal(journal_unwritten_since_us(model.journal), 0);
	assert_int_equal(
	    journal_oldest(model.journal, &record), ERROR_NOT_FOUND);
	assert_true(journal_next_sequence(model.journal) >= next);
	assert_string_equal(journal_owner_data(model.journal), "other");
	memset(model.entries, 0, sizeof(model.entries));
	model_put(&model, 3, 100);
	model_check(&model);
	model_close(&model);
}

static void
unwritten_bytes_are_known(void **state)
{
	struct model model;
	struct stat st;
	const char *path = unit_path("j");
	uint64_t since_us;

	model_open(&model, path);
	assert_int_equal(journal_unwritten_since_us(model.journal), 0);
	model_put(&model, 1, 1000);
	since_us = journal_unwritten_since_us(model.journal);
	assert_true(clock_monotonic_us() - since_us < 10 * 1000000);
	clock_advance(30);
	model_put(&model, 2, 1000);
	assert_int_equal(journal_unwritten_since_us(model.journal), since_us);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, JOURNAL_HEADER_LEN);
	assert_int_equal(journal_flush(model.journal), ERROR_NONE);
	assert_int_equal(journal_unwritten_since_us(model.journal), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, journal_file_len(model.journal));
	model_put(&model, 3, 1000);
	assert_true(journal_unwritten_since_us(model.journal) - since_us >=
		    30 * 1000000);
	model_close(&model);
}

/* Appending costs no system call but one for many records. */
static void
writes_are_few(void **state)
{
	struct model model;
	unsigned i;

	model_open(&model, unit_path("j"));
	disk.write_calls = 0;
	for (i = 0; i < 10000; ++i)
		model_put(&model, i % MODEL_KEYS, 1500);
	assert_in_range(disk.write_calls, 10, 300);
	model_close(&model);
}

static enum error
read_at(struct model *model, uint64_t position, uint64_t sequence,
    size_t key_len, size_t value_len)
{
	struct journal_record record;

	return journal_read(
	    model->journal, position, sequence, key_len + value_len, &record);
}

static void
a_wrong_position_is_damage(void **state)
{
	struct model model;
	const struct model_entry *entry = &model.entries[5];
	uint64_t position;
	unsigned flushed;

	model_open(&model, unit_path("j"));
	model_put(&model, 4, 300);
	model_put(&model, 5, 300);
	model_put(&model, 6, 300);
	for (flushed = 0; flushed < 2; ++flushed) {
		assert_int_equal(read_at(&model, entry->position,
				     entry->sequence, entry->key_len, 300),
		    ERROR_NONE);
		assert_int_equal(read_at(&model, entry->position,
				     entry->sequence + 1, entry->key_len, 300),
		    ERROR_DAMAGED);
		assert_int_equal(read_at(&model, entry->position,
				     entry->sequence, entry->key_len, 299),
		    ERROR_DAMAGED);
		assert_int_equal(read_at(&model, entry->position,
				     entry->sequence, entry->key_len - 1, 300),
		    ERROR_DAMAGED);
		assert_int_equal(read_at(&model, entry->position,
				     entry->sequence, 1 << 20, 0),
		    ERROR_DAMAGED);
		position = entry->position + (UINT64_C(1) << 52);
		assert_int_equal(read_at(&model, position, entry->sequence,
				     entry->key_len, 300),
		    ERROR_DAMAGED);
		for (position = 0; position < 3 * MEBIBYTE; position += 509)
			assert_int_equal(
			    read_at(&model, position, entry->sequence,
				entry->key_len, 300),
			    position == entry->position ? ERROR_NONE
							: ERROR_DAMAGED);
		assert_int_equal(read_at(&model, UINT64_MAX, entry->sequence,
				     entry->key_len, 300),
		    ERROR_DAMAGED);
		journal_flush(model.journal);
	}
	model_close(&model);
}

static void
a_position_in_a_freed_segment_is_damage(void **state)
{
	struct model model;
	struct model_entry old;
	unsigned i;

	model_open(&model, unit_path("j"));
	for (i = 0; i < 30; ++i)
		model_put(&model, i, 100000);
	old = model.entries[0];
	for (i = 0; i < 20; ++i)
		model_drop_oldest(&model);
	assert_int_equal(read_at(&model, old.position, old.sequence,
			     old.key_len, old.value_len),
	    ERROR_DAMAGED);
	for (i = 0; i < 20; ++i)
		model_put(&model, i, 100000);
	assert_int_equal(read_at(&model, old.position, old.sequence,
			     old.key_len, old.value_len),
	    ERROR_DAMAGED);
	model_check(&model);
	model_close(&model);
}

static void
sizes_up_to_the_limits(void **state)
{
	static char key[JOURNAL_KEY_MAX + 1];
	static unsigned char value[JOURNAL_VALUE_MAX + 1];
	struct journal_record read, record = { .type = JOURNAL_PUT };
	struct model model;
	unsigned i;

	memset(key, 'k', sizeof(key));
	memset(value, 'v', sizeof(value));
	record.key = key;
	record.value = value;
	model_open(&model, unit_path("j"));
	for (i = 0; i < 24; ++i) {
		record.key_len = i % 2 == 0 ? JOURNAL_KEY_MAX : 1;
		record.value_len = i % 3 == 0 ? 0 : JOURNAL_VALUE_MAX;
		assert_int_equal(
		    journal_append(model.journal, &record), ERROR_NONE);
		assert_int_equal(
		    journal_read(model.journal, record.position,
			record.sequence, journal_record_size(&record), &read),
		    ERROR_NONE);
		assert_memory_equal(read.key, key, record.key_len);
		assert_memory_equal(read.value, value, record.value_len);
	}
	record.key_len = JOURNAL_KEY_MAX + 1;
	assert_int_equal(
	    journal_append(model.journal, &record), ERROR_TOO_LARGE);
	record.key_len = 1;
	record.value_len = JOURNAL_VALUE_MAX + 1;
	assert_int_equal(
	    journal_append(model.journal, &record), ERROR_TOO_LARGE);
	journal_replay_begin(model.journal);
	for (i = 0; i < 24; ++i) {
		assert_int_equal(
		    journal_replay_next(model.journal, &read), ERROR_NONE);
		assert_int_equal(
		    read.value_len, i % 3 == 0 ? 0 : JOURNAL_VALUE_MAX);
	}
	model_close(&model);
}

/* After a failure the journal is loaded again by the same process. */
static void
loading_again_loses_nothing(void **state)
{
	struct model model;

	model_open(&model, model_memory_path());
	model_put(&model, 1, 1000);
	journal_flush(model.journal);
	model_put(&model, 2, 1000);
	model_remove(&model, 1);
	assert_int_equal(journal_load(model.journal), ERROR_NONE);
	model_load(&model);
	assert_int_equal(model_replay(&model), 0);
	assert_int_equal(model.entries[1].version, 0);
	assert_int_equal(model.entries[2].version, 2);
	model_check(&model);
	model_close(&model);
}

static void
another_process_holds_the_lock(void **state)
{
	const char *path = unit_path("j");
	struct model model, other;
	int status;
	pid_t pid;

	model_open(&model, path);
	assert_int_equal(journal_lock(model.journal), ERROR_NONE);
	assert_int_equal(journal_lock(model.journal), ERROR_NONE);
	pid = fork();
	if (pid == 0) {
		model_open(&other, path);
		_exit(journal_lock(other.journal) == ERROR_LOCKED ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Whoever opens and closes the file in passing does not drop it. */
	close(open(path, O_RDWR | O_CLOEXEC));
	model_open(&other, path);
	assert_int_equal(journal_lock(other.journal), ERROR_LOCKED);
	model_close(&model);
	assert_int_equal(journal_lock(other.journal), ERROR_NONE);
	model_close(&other);
}

static void
a_memory_file_does(void **state)
{
	struct model model = {
		.journal =
		    journal_new(memfd_create("journal", MFD_CLOEXEC), "memory"),
	};
	unsigned i;

	assert_int_equal(journal_lock(model.journal), ERROR_NONE);
	assert_int_equal(journal_load(model.journal), ERROR_NOT_FOUND);
	journal_reset(model.journal, "", 0);
	model_load(&model);
	for (i = 0; i < 1000; ++i) {
		assert_int_equal(
		    model_put(&model, i % MODEL_KEYS, 20000), ERROR_NONE);
		model_compact(&model);
	}
	model_check(&model);
	model_close(&model);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, disk_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_file_is_not_found),
		TEST(what_was_dropped_stays_so_at_the_next_start),
		TEST(
		    a_journal_that_is_cleared_is_empty_at_once_and_after_a_kill),
		TEST(a_durable_end_waits_for_the_disk),
		TEST(reset_leaves_nothing),
		TEST(unwritten_bytes_are_known),
		TEST(writes_are_few),
		TEST(a_wrong_position_is_damage),
		TEST(a_position_in_a_freed_segment_is_damage),
		TEST(sizes_up_to_the_limits),
		TEST(loading_again_loses_nothing),
		TEST(another_process_holds_the_lock),
		TEST(a_memory_file_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

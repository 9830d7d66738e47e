/*
 * Unit tests of journal: what is not to be believed at one start is not to be
 * believed at the next either. Covers journal_load.c, journal_cursor.c.
 */
#include "journal_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "journal_model.h"
#include "unit.h"

/* A start passes over so many numbers; see journal_superblock.c. */
#define PASSED_OVER (UINT64_C(1) << 36)

static const char *path;
static struct model model;
static int file;

/* Keys 0 to 39, 60 kB each: three segments. */
static int
setup(void **state)
{
	memset(&disk, 0, sizeof(disk));
	unit_setup(state);
	path = model_memory_path();
	assert_int_equal(model_open(&model, path), ERROR_NOT_FOUND);
	for (unsigned key = 0; key < 40; key++)
		model_put(&model, key, 60000);
	assert_int_equal(journal_save(model.journal, false), ERROR_NONE);
	file = open(path, O_RDWR | O_CLOEXEC);
	return 0;
}

static int
teardown(void **state)
{
	model_close(&model);
	close(file);
	return unit_teardown(state);
}

static void
restart(void)
{
	assert_int_equal(journal_save(model.journal, false), ERROR_NONE);
	model_close(&model);
	assert_int_equal(model_open(&model, path), ERROR_NONE);
	model_replay(&model);
	model_compact(&model);
}

static unsigned
count_keys(void)
{
	unsigned count = 0;

	for (unsigned key = 0; key < MODEL_KEYS; key++)
		count += model.entries[key].version != 0;
	return count;
}

/* Give a record of the file another number, with a checksum that is right. */
static void
forge_record(unsigned key, uint64_t sequence)
{
	static unsigned char bytes[JOURNAL_SEGMENT_LEN];
	const struct model_entry *entry = &model.entries[key];
	size_t len = journal_record_len(entry->key_len + entry->value_len);
	struct journal_segment_head head;
	struct journal_record record;
	off_t slot_at = (off_t)(entry->position - JOURNAL_HEADER_LEN) /
	                    JOURNAL_SEGMENT_LEN * JOURNAL_SEGMENT_LEN +
	                JOURNAL_HEADER_LEN;

	assert_true(pread(file, bytes, JOURNAL_SEGMENT_HEAD_LEN, slot_at) > 0);
	journal_segment_decode(bytes, &head);
	assert_true(
	    pread(file, bytes, len, (off_t)entry->position) == (ssize_t)len);
	assert_true(journal_record_decode(bytes, len, &record));
	journal_record_point(&record, bytes, true);
	record.sequence = sequence;
	record.key = model.key;
	record.key_len = model_key(model.key, sizeof(model.key), key);
	record.value = model_value(entry->version, entry->value_len);
	journal_record_encode(bytes, head.serial, &record);
	assert_true(disk_write(file, bytes, len, (off_t)entry->position) > 0);
}

/* Give a segment of the file other numbers. */
static void
forge_segment(uint32_t slot, uint64_t serial_more, uint64_t sequence_more)
{
	unsigned char bytes[JOURNAL_SEGMENT_HEAD_LEN];
	struct journal_segment_head head;
	off_t at = (off_t)journal_position(slot, 0);

	assert_true(pread(file, bytes, sizeof(bytes), at) == sizeof(bytes));
	journal_segment_decode(bytes, &head);
	head.serial += serial_more;
	head.first_sequence += sequence_more;
	journal_segment_encode(bytes, &head);
	assert_true(disk_write(file, bytes, sizeof(bytes), at) > 0);
}

static void
a_record_with_a_number_too_high_never_comes_alive(void **state)
{
	forge_record(5, PASSED_OVER + 1000);
	for (int i = 0; i < 3; i++) {
		restart();
		assert_int_equal(model.entries[5].version, 0);
		assert_int_equal(model.entries[4].version, 5);
		assert_int_equal(model.entries[30].version, 31);
		model_check(&model);
	}
}

static void
a_segment_with_numbers_too_high_never_comes_alive(void **state)
{
	static const uint64_t more[][2] = {
		{ PASSED_OVER + 1000, 0 },
		{ 0, PASSED_OVER + 1000 },
	};
	unsigned count, key;

	for (unsigned i = 0; i < 2; i++) {
		teardown(state);
		setup(state);
		forge_segment(1, more[i][0], more[i][1]);
		for (key = 0;
		     model.entries[key].position < journal_position(1, 0);)
			key++;
		forge_record(key, model.entries[key].sequence + more[i][1]);
		restart();
		count = count_keys();
		assert_in_range(count, 22, 24);
		restart();
		assert_int_equal(count_keys(), count);
		restart();
		assert_int_equal(count_keys(), count);
		model_check(&model);
	}
}

/* Its header could not be read at the start. */
static void
a_segment_that_is_read_late_is_believed_no_more_than_others(void **state)
{
	forge_segment(1, 0, PASSED_OVER + 1000);
	disk.fail_from = (int64_t)journal_position(1, 0);
	disk.fail_to = disk.fail_from + 10;
	restart();
	disk.fail_to = 0;
	clock_advance(11);
	while (journal_retry_slice(model.journal, UINT64_MAX) == 0)
		continue;
	assert_false(journal_is_replay_due(model.journal));
	for (int i = 0; i < 2; i++) {
		restart();
		assert_in_range(count_keys(), 22, 24);
		model_check(&model);
	}
}

/* In between a client may have removed what nobody knew to be there. */
static void
what_was_given_up_stays_so(void **state)
{
	static const int64_t offsets[] = { 0, 40 };
	unsigned char right[8], wrong[8] = { 0 };
	off_t at;
	unsigned count;

	for (unsigned i = 0; i < 2; i++) {
		at = (off_t)journal_position(1, 0) + offsets[i];
		assert_true(pread(file, right, sizeof(right), at) > 0);
		disk_write(file, wrong, sizeof(wrong), at);
		restart();
		count = count_keys();
		assert_true(count < 40);
		disk_write(file, right, sizeof(right), at);
		restart();
		assert_int_equal(count_keys(), count);
		model_check(&model);
		teardown(state);
		setup(state);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_record_with_a_number_too_high_never_comes_alive),
		TEST(a_segment_with_numbers_too_high_never_comes_alive),
		TEST(
		    a_segment_that_is_read_late_is_believed_no_more_than_others),
		TEST(what_was_given_up_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

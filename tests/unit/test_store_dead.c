/*
 * Unit tests of a start that finds thousands of segments with nothing alive:
 * it costs short slices, and the file becomes small again. Covers
 * store_journal_upkeep.c.
 */
#include "clock.h"
#include "journal_private.h"
#include "store_journal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "unit.h"

#include "store_unit.h"

#define SEGMENTS  4000
#define CALLS_MAX 80 /* of the system, in one slice */

static struct store *store;

static int
setup(void **state)
{
	store_unit_setup(state);
	memset(&disk, 0, sizeof(disk));
	config.memory = 1 << 20;
	return 0;
}

/* A segment that has one record, and is mostly a hole. */
static void
write_segment(
    int file, uint32_t slot, enum journal_record_type type, const char *key)
{
	unsigned char bytes[JOURNAL_SEGMENT_HEAD_LEN + 256] = { 0 };
	const struct journal_segment_head head = {
		.kind = JOURNAL_SEGMENT_LIVE,
		.serial = 1000 + slot,
		.first_sequence = 1000 + slot,
		.next_sequence = 1000 + slot,
	};
	const struct journal_record record = {
		.type = type,
		.sequence = 1000 + slot,
		.put_at = clock_wall_s(),
		.key = key,
		.key_len = strlen(key),
		.value = "value",
		.value_len = type == JOURNAL_PUT ? 5 : 0,
	};
	unsigned char *at = bytes + JOURNAL_SEGMENT_HEAD_LEN;

	journal_segment_encode(bytes, &head);
	journal_record_encode(at, head.serial, &record);
	at += journal_record_len(journal_record_size(&record));
	journal_end_encode(at, head.serial, record.sequence + 1);
	assert_int_equal(disk_write(file, bytes, sizeof(bytes),
			     (off_t)journal_position(slot, 0)),
	    sizeof(bytes));
}

/*
 * What a process left that was killed in the worst of moments. Each segment
 * replaces what the one before it held; but the second removes another.
 */
static void
leave_dead_segments(bool is_first_alive)
{
	int file;

	store = open_store();
	if (is_first_alive)
		assert_int_equal(put(store, "first", "value"), ERROR_NONE);
	close_store(store);
	file = open(unit_path("cache.journal"), O_RDWR | O_CLOEXEC);
	write_segment(file, 1, JOURNAL_PUT, "removed");
	write_segment(file, 2, JOURNAL_REMOVE, "removed");
	for (uint32_t slot = 3; slot <= SEGMENTS; slot++)
		write_segment(file, slot, JOURNAL_PUT, "replaced");
	close(file);
}

static unsigned
disk_calls(void)
{
	return disk.read_calls + disk.cached_calls + disk.write_calls +
	       disk.truncate_calls;
}

/* Until there is nothing to do, and serve all the while. Returns the slices. */
static unsigned
work(void)
{
	unsigned slices = 0, before, longest = 0, calls;
	uint64_t next_us = 0;

	while (next_us == 0 || next_us == JOURNAL_FETCH_DELAY_US) {
		before = disk_calls();
		next_us = store->ops->maintain(store, clock_wall_s(), 0);
		calls = disk_calls() - before;
		if (calls > longest)
			longest = calls;
		if (next_us > 0)
			clock_advance(1);
		if (slices % 100 == 0)
			assert_int_equal(get(store, "new"), ERROR_NONE);
		assert_true(++slices < 100000);
	}
	assert_in_range(longest, 1, CALLS_MAX);
	return slices;
}

static void
start_in_slices(void)
{
	config.start_budget_us = 0;
	store = store_unit_open();
	assert_int_equal(store->ops->start(store), ERROR_NONE);
	assert_int_equal(put(store, "new", "value"), ERROR_NONE);
	assert_in_range(work(), SEGMENTS, 100000);
	assert_true(statistics(store).is_ready);
}

/*
 * What stands at the end of the file has to leave first: the last segment, and
 * the one that was begun when nothing was known to be free.
 */
static void
assert_file_becomes_small(void)
{
	static unsigned char value[30000];

	for (int i = 0; i < 40; i++)
		assert_int_equal(
		    put_bytes(store, "new", value, sizeof(value)), ERROR_NONE);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(take_out(store, "replaced"), ERROR_NONE);
	work();
	assert_in_range(
	    statistics(store).disk_bytes, 0, 16 * JOURNAL_SEGMENT_LEN);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
dead_segments_at_the_front_leave_in_short_slices(void **state)
{
	leave_dead_segments(false);
	start_in_slices();
	assert_int_equal(statistics(store).entries, 2);
	assert_file_becomes_small();
	close_store(store);
}

static void
dead_segments_behind_one_that_lives_leave_in_short_slices(void **state)
{
	leave_dead_segments(true);
	start_in_slices();
	assert_int_equal(statistics(store).entries, 3);
	assert_int_equal(get(store, "first"), ERROR_NONE);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	/* They can be used again; cut off they are when what is last leaves. */
	assert_in_range(
	    journal_chain_len(((struct store_journal *)store)->journal), 1,
	    8 * JOURNAL_SEGMENT_LEN);
	assert_int_equal(unit_log_complaints(), 0);
	close_store(store);
}

/* What no file of ours could be like: somebody else made it so long. */
static void
segments_beyond_what_the_bounds_allow_leave_unread(void **state)
{
	const struct store_journal *inner;

	config.entries_max = 1000;
	config.bytes_max = 1 << 20;
	leave_dead_segments(true);
	config.start_budget_us = 0;
	store = store_unit_open();
	assert_int_equal(store->ops->start(store), ERROR_NONE);
	inner = (const struct store_journal *)store;
	while (inner->state == STORE_JOURNAL_LOADING)
		store->ops->maintain(store, clock_wall_s(), 0);
	assert_in_range(journal_chain_len(inner->journal), JOURNAL_SEGMENT_LEN,
	    100 * (uint64_t)JOURNAL_SEGMENT_LEN);
	disk.read_calls = 0;
	while (inner->state == STORE_JOURNAL_REPLAYING)
		store->ops->maintain(store, clock_wall_s(), 0);
	assert_in_range(disk.read_calls, 1, 100);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(get(store, "first"), ERROR_NOT_FOUND);
	assert_int_equal(put(store, "new", "value"), ERROR_NONE);
	(void)work();
	close_store(store);
}

/* The removal leaves unread, and what it removed cannot be read before that. */
static void
what_was_removed_by_what_leaves_unread_stays_so(void **state)
{
	config.entries_max = 1000;
	config.bytes_max = 1 << 20;
	leave_dead_segments(false);
	disk.fail_from = (int64_t)journal_position(1, 0);
	disk.fail_to = disk.fail_from + 1;
	start_in_slices();
	for (int i = 0; i < 40; i++) {
		if (i == 20)
			disk.fail_to = 0;
		clock_advance(1);
		store_unit_maintain(store);
	}
	assert_true(statistics(store).is_ready);
	assert_int_equal(get(store, "removed"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	close_store(store);
}

/* They are not read, and clients do not wait for them to be freed. */
static void
segments_of_other_settings_leave_in_short_slices(void **state)
{
	leave_dead_segments(true);
	config.fingerprint[0] ^= 1;
	start_in_slices();
	assert_true(unit_log_has("written under other settings"));
	assert_int_equal(statistics(store).entries, 1);
	assert_int_equal(get(store, "replaced"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "first"), ERROR_NOT_FOUND);
	close_store(store);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(dead_segments_at_the_front_leave_in_short_slices),
		TEST(dead_segments_behind_one_that_lives_leave_in_short_slices),
		TEST(segments_beyond_what_the_bounds_allow_leave_unread),
		TEST(what_was_removed_by_what_leaves_unread_stays_so),
		TEST(segments_of_other_settings_leave_in_short_slices),
	};

	/* A file of 4 GB, of which a page of each megabyte is there. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

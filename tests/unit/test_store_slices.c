/*
 * Unit tests of the store: what takes long goes in slices, on a disk that fails
 * as well. Covers store_journal_upkeep.c.
 */
#include "clock.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "unit.h"

#include "store_unit.h"

static struct store *store;

static bool
count_each(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	++*(unsigned *)arg;
	return true;
}

/* All that can be listed; the longest row of blocking reads in one slice. */
static unsigned
list_all(bool *is_complete, unsigned *longest)
{
	uint64_t cursor = 0, before;
	unsigned count = 0, calls = 0, reads;
	bool is_slice_complete;
	enum error error;

	*is_complete = true;
	*longest = 0;
	do {
		reads = disk.read_calls;
		before = cursor;
		error = store->ops->each(store, &cursor, 1000,
		    &is_slice_complete, count_each, &count);
		*is_complete &= is_slice_complete;
		assert_int_equal(error, ERROR_NONE);
		clock_advance(1);
		assert_true(cursor == 0 || cursor != before);
		if (disk.read_calls - reads > *longest)
			*longest = disk.read_calls - reads;
		assert_true(++calls < 1000);
	} while (cursor != 0);
	return count;
}

/* 99 % were lost for it, once, and the answer was as if all were well. */
static void
a_listing_on_a_failing_disk_says_so_and_loses_nothing(void **state)
{
	static unsigned char value[40000];
	unsigned count, longest;
	bool is_complete;
	char key[32];

	config.memory = 1 << 20; /* of which nothing is mapped */
	store = open_store();
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "key-%u", i);
		assert_int_equal(
		    put_bytes(store, key, value, 40000), ERROR_NONE);
	}
	assert_int_equal(store->ops->write_out(store), ERROR_NONE);
	disk.fail_from = 4096;
	disk.fail_to = INT64_MAX;
	count = list_all(&is_complete, &longest);
	assert_true(count < 100);
	assert_false(is_complete);
	assert_in_range(longest, 0, 2);
	assert_true(statistics(store).errors > 0);
	assert_int_equal(statistics(store).entries, 300);
	disk.fail_to = 0;
	clock_advance(11);
	store_unit_maintain(store);
	assert_int_equal(list_all(&is_complete, &longest), 300);
	assert_true(is_complete);
	assert_int_equal(statistics(store).lost, 0);
	store->ops->close(store);
}

/* Clients wait for no more than a slice: nothing is cut off or written at once.
 */
static void
emptying_goes_in_slices(void **state)
{
	static unsigned char value[40000];
	unsigned slices = 0, longest = 0, truncates, writes;
	char key[32];

	config.memory = 16 << 20;
	store = open_store();
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "key-%u", i);
		assert_int_equal(
		    put_bytes(store, key, value, 40000), ERROR_NONE);
	}
	store_unit_maintain(store);
	disk.write_calls = disk.truncate_calls = 0;
	assert_int_equal(clear(store), ERROR_NONE);
	assert_int_equal(disk.truncate_calls, 0);
	assert_in_range(disk.write_calls, 1, 1);
	assert_int_equal(statistics(store).entries, 0);
	assert_int_equal(get(store, "key-1"), ERROR_NOT_FOUND);
	assert_int_equal(put(store, "key-1", "new"), ERROR_NONE);
	do {
		truncates = disk.truncate_calls;
		writes = disk.write_calls;
		slices++;
		if (store->ops->maintain(store, clock_wall_s(), 0) != 0)
			break;
		if (disk.truncate_calls - truncates > longest)
			longest = disk.truncate_calls - truncates;
		assert_in_range(disk.write_calls - writes, 0, 40);
	} while (slices < 100000);
	assert_int_equal(longest, 1);
	assert_in_range(slices, 50, 10000);
	assert_in_range(statistics(store).disk_bytes, 0, 8 << 20);
	assert_int_equal(get(store, "key-1"), ERROR_NONE);
	store->ops->close(store);
}

static int
setup(void **state)
{
	store_unit_setup(state);
	memset(&disk, 0, sizeof(disk));
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
		TEST(a_listing_on_a_failing_disk_says_so_and_loses_nothing),
		TEST(emptying_goes_in_slices),
	};

	/* Megabytes are written, and how a disk does that is no matter. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

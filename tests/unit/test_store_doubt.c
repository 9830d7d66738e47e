/*
 * Unit tests of the store where a start could not read all: what may have been
 * replaced or removed by a record that was left out is not given until that
 * has been read, or was given up. Covers store_journal_replay.c.
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

#define MEBIBYTE  (1024 * 1024)
#define VALUE_LEN 40000 /* 26 of them fill a segment */

static struct store *store;

static void
put_filled(const char *key, int byte)
{
	static unsigned char value[VALUE_LEN];

	memset(value, byte, sizeof(value));
	assert_int_equal(put_bytes(store, key, value, sizeof(value)), 0);
}

static void
put_numbered(int from, int to)
{
	char key[32];

	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		put_filled(key, 'n');
	}
}

/*
 * Three segments: sessions; then a replaced one, a removed one and others; then
 * others that are newer.
 */
static int
setup(void **state)
{
	store_unit_setup(state);
	memset(&disk, 0, sizeof(disk));
	config.memory = 1; /* nothing is mapped */
	store = open_store();
	put_filled("replaced", '1');
	put_filled("removed", '1');
	put_numbered(0, 30);
	put_filled("replaced", '2');
	take_out(store, "removed");
	put_numbered(30, 70);
	close_store(store);
	return 0;
}

static int
teardown(void **state)
{
	store->ops->close(store);
	return unit_teardown(state);
}

/* A start for which a part of segment 1 cannot be read. */
static void
start_without(int64_t from, int64_t len)
{
	disk.fail_from = 4096 + MEBIBYTE + from;
	disk.fail_to = disk.fail_from + len;
	config.start_budget_us = 0;
	store = store_unit_open();
	assert_int_equal(store->ops->start(store), ERROR_NONE);
	for (int i = 0; i < 20; i++) {
		store_unit_maintain(store);
		clock_advance(1);
	}
	assert_true(statistics(store).is_ready);
}

static void
mend(void)
{
	disk.fail_from = disk.fail_to = 0;
	for (int i = 0; i < 20; i++) {
		store_unit_maintain(store);
		clock_advance(1);
	}
	assert_true(statistics(store).is_ready);
}

static bool
count_each(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	++*(unsigned *)arg;
	return true;
}

static unsigned
list_all(bool *is_complete)
{
	uint64_t cursor = 0;
	unsigned count = 0;
	bool is_slice_complete;

	*is_complete = true;
	do {
		assert_int_equal(store->ops->each(store, &cursor, 1000000,
				     &is_slice_complete, count_each, &count),
		    ERROR_NONE);
		*is_complete &= is_slice_complete;
	} while (cursor != 0);
	return count;
}

static void
assert_all_is_there(void)
{
	bool is_complete;

	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(last.value[0], '2');
	assert_int_equal(get(store, "removed"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "key-0"), ERROR_NONE);
	assert_int_equal(get(store, "key-40"), ERROR_NONE);
	assert_int_equal(list_all(&is_complete), 71);
	assert_true(is_complete);
}

static void
what_an_unread_segment_may_supersede_is_not_given(void **state)
{
	bool is_complete;
	uint64_t errors;

	start_without(40, MEBIBYTE - 40);
	errors = statistics(store).errors;
	assert_int_equal(get(store, "replaced"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "removed"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "key-0"), ERROR_NOT_FOUND);
	assert_int_equal(statistics(store).errors, errors + 3);
	/* What is newer than all of that segment is as good as ever. */
	assert_int_equal(get(store, "key-69"), ERROR_NONE);
	assert_in_range(list_all(&is_complete), 15, 30);
	assert_false(is_complete);
	mend();
	assert_all_is_there();
}

/* Nobody knows then what numbers that segment has. */
static void
where_a_header_is_unread_nothing_of_the_file_is_given(void **state)
{
	bool is_complete;

	start_without(0, 40);
	assert_int_equal(get(store, "replaced"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "removed"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "key-69"), ERROR_NOT_FOUND);
	assert_int_equal(list_all(&is_complete), 0);
	assert_false(is_complete);
	mend();
	assert_all_is_there();
}

/* As it turns out, there is no segment. */
static void
a_header_that_is_none_ends_the_doubt_when_it_is_read(void **state)
{
	static const unsigned char none[40];
	int file = open(unit_path("cache.journal"), O_RDWR | O_CLOEXEC);
	bool is_complete;

	assert_int_equal(
	    disk_write(file, none, sizeof(none), 4096 + MEBIBYTE), 40);
	close(file);
	start_without(0, 40);
	assert_int_equal(get(store, "key-69"), ERROR_NOT_FOUND);
	mend();
	assert_int_equal(get(store, "key-69"), ERROR_NONE);
	assert_in_range(list_all(&is_complete), 40, 60);
	assert_true(is_complete);
}

static void
what_is_new_is_given_and_stays_so(void **state)
{
	start_without(0, 40);
	put_filled("replaced", '3');
	put_filled("new", '3');
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(last.value[0], '3');
	mend();
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(last.value[0], '3');
	assert_int_equal(get(store, "new"), ERROR_NONE);
	assert_int_equal(get(store, "removed"), ERROR_NOT_FOUND);
}

/* The store does not know of it, but the disk does. */
static void
what_is_removed_before_it_could_be_read_stays_so(void **state)
{
	start_without(40, MEBIBYTE - 40);
	take_out(store, "key-35");
	take_out(store, "replaced");
	mend();
	assert_int_equal(get(store, "key-35"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "replaced"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "key-36"), ERROR_NONE);
}

/* By then all of that has expired; the clock of the wall did not go on. */
static void
the_rest_is_given_when_what_was_unread_is_given_up(void **state)
{
	bool is_complete;
	time_t now = clock_wall_s();

	start_without(40, MEBIBYTE - 40);
	assert_int_equal(get(store, "key-0"), ERROR_NOT_FOUND);
	clock_advance(3601);
	for (int i = 0; i < 5; i++)
		store->ops->maintain(store, now, STORE_UNIT_BUDGET_US);
	assert_true(unit_log_has("is given up"));
	assert_int_equal(get(store, "key-0"), ERROR_NONE);
	assert_int_equal(get(store, "key-69"), ERROR_NONE);
	assert_in_range(list_all(&is_complete), 40, 55);
	assert_true(is_complete);
}

static void
clearing_ends_all_doubt(void **state)
{
	bool is_complete;

	start_without(0, 40);
	assert_int_equal(clear(store), ERROR_NONE);
	put_filled("new", '3');
	assert_int_equal(get(store, "new"), ERROR_NONE);
	assert_int_equal(list_all(&is_complete), 1);
	assert_true(is_complete);
	mend();
	assert_int_equal(get(store, "new"), ERROR_NONE);
	assert_int_equal(list_all(&is_complete), 1);
	assert_true(is_complete);
}

/*
 * Behind what cannot be read nothing leaves the file, so the next start may
 * find it; not what a client has removed meanwhile, though it was not there.
 */
static void
what_was_evicted_and_then_removed_stays_away(void **state)
{
	config.entries_max = 71;
	store = open_store();
	disk.fail_from = 4096 + 40;
	disk.fail_to = 4096 + MEBIBYTE;
	assert_int_equal(get(store, "key-0"), ERROR_NOT_FOUND);
	put_numbered(70, 80);
	for (int i = 0; i < 20; i++) {
		clock_advance(1);
		store_unit_maintain(store);
	}
	assert_int_equal(statistics(store).entries, 71);
	assert_int_equal(take_out(store, "key-25"), ERROR_NOT_FOUND);
	mend();
	close_store(store);
	store = open_store();
	assert_int_equal(get(store, "key-25"), ERROR_NOT_FOUND);
	assert_int_equal(get(store, "key-79"), ERROR_NONE);
}

/* Where all that is old cannot be read, it is not what is new that leaves. */
static void
what_is_new_stays_where_what_is_old_cannot_be_read(void **state)
{
	config.entries_max = 71;
	store = open_store();
	disk.fail_from = 4096 + 40;
	disk.fail_to = INT64_MAX;
	assert_int_equal(get(store, "key-0"), ERROR_NOT_FOUND);
	for (int i = 100; i < 400; i += 10) {
		put_numbered(i, i + 10);
		clock_advance(1);
		store_unit_maintain(store);
		assert_in_range(statistics(store).entries, 71, 2 * 71);
	}
	mend();
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 71);
	for (int i = 400 - 71; i < 400; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key-%d", i);
		assert_int_equal(get(store, key), ERROR_NONE);
	}
}

/*
 * As a kill in the middle of a write leaves it: what was there a second before
 * is kept.
 */
static void
a_session_whose_newest_record_is_damaged_is_what_it_was_before(void **state)
{
	static const char wrong[8] = "wrong";
	static char bytes[4 * MEBIBYTE];
	int file;
	ssize_t len;
	char *at;

	store = open_store();
	put(store, "damaged", "the one");
	put(store, "damaged", "the other");
	close_store(store);
	file = open(unit_path("cache.journal"), O_RDWR | O_CLOEXEC);
	len = pread(file, bytes, sizeof(bytes), 0);
	assert_true(len > 0);
	at = memmem(bytes, (size_t)len, "the other", 9);
	assert_non_null(at);
	disk_write(file, wrong, sizeof(wrong), at - bytes);
	close(file);
	store = open_store();
	assert_true(unit_log_has("is damaged at byte"));
	assert_int_equal(get(store, "damaged"), ERROR_NONE);
	assert_int_equal(get(store, "key-69"), ERROR_NONE);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_an_unread_segment_may_supersede_is_not_given),
		TEST(where_a_header_is_unread_nothing_of_the_file_is_given),
		TEST(a_header_that_is_none_ends_the_doubt_when_it_is_read),
		TEST(what_is_new_is_given_and_stays_so),
		TEST(what_is_removed_before_it_could_be_read_stays_so),
		TEST(the_rest_is_given_when_what_was_unread_is_given_up),
		TEST(clearing_ends_all_doubt),
		TEST(what_was_evicted_and_then_removed_stays_away),
		TEST(what_is_new_stays_where_what_is_old_cannot_be_read),
		TEST(
		    a_session_whose_newest_record_is_damaged_is_what_it_was_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the store on a disk that fails. One scenario is run again and
 * again; each time another call to the system fails, that one or all from
 * there on. Whatever fails, a session that is found is one that may be there,
 * nothing is lost that the disk took or memory held, and when the disk is well
 * the store is too: only a wrong checksum is damage.
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

#define KEYS      8
#define STEPS     180
#define VALUE_MAX 70000
#define RETRY_S   11 /* what failed is tried again after that */

/* --- what may be found --------------------------------------------------- */

/*
 * Values of a key are numbered; 0 is none. One of those from `oldest` on may
 * be there, `latest` alone when they are the same; and nothing at all where
 * may_be_absent says so.
 */
static struct entry {
	unsigned oldest, latest;
	bool may_be_absent;
} entries[KEYS];

static struct store *store;
static uint32_t random_state;

static unsigned
next_random(unsigned bound)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % bound;
}

static const char *
key_of(unsigned key)
{
	static char text[16];

	snprintf(text, sizeof(text), "key %u", key);
	return text;
}

/* While reads fail anything may be absent. */
static bool
are_reads_failing(void)
{
	return disk.fail_to > disk.fail_from ||
	       (disk.first != 0 && (disk.kinds & DISK_READ) != 0);
}

/* The value of this number: some are long, so that segments fill up. */
static size_t
fill_value(unsigned char *value, unsigned key, unsigned number)
{
	size_t len = 16 + (number * 7919 + key * 31) % (VALUE_MAX - 16);

	memset(value, (int)(number + key), len);
	memcpy(value, &key, sizeof(key));
	memcpy(value + sizeof(key), &number, sizeof(number));
	return len;
}

static void
check_value(unsigned key, const unsigned char *value, size_t len)
{
	static unsigned char expected[VALUE_MAX];
	unsigned number;

	assert_in_range(len, 16, VALUE_MAX);
	memcpy(&number, value + sizeof(key), sizeof(number));
	assert_in_range(number, entries[key].oldest, entries[key].latest);
	assert_int_not_equal(number, 0);
	assert_int_equal(len, fill_value(expected, key, number));
	assert_memory_equal(value, expected, len);
}

/* Not all can be found now: the index is being made again, or it is full. */
static bool
may_miss(void)
{
	return are_reads_failing() || !statistics(store).is_ready ||
	       config.entries_max > 0;
}

static void
get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	unsigned key = *(const unsigned *)arg;

	(void)put_at;
	if (error == ERROR_NONE)
		check_value(key, value, len);
	else
		assert_true(entries[key].may_be_absent || may_miss());
}

static void
done(void *arg, enum error error)
{
	*(enum error *)arg = error;
}

static void
put_one(unsigned key)
{
	static unsigned char value[VALUE_MAX];
	struct entry *entry = &entries[key];
	unsigned number = entry->latest + 1;
	size_t len = fill_value(value, key, number);
	enum error error = ERROR_AGAIN;

	store->ops->put(store, key_of(key), strlen(key_of(key)), value, len,
	    clock_wall_s(), done, &error);
	entry->latest = number;
	if (error == ERROR_NONE) {
		entry->oldest = number;
		entry->may_be_absent = false;
	}
}

static void
remove_one(unsigned key)
{
	struct entry *entry = &entries[key];
	enum error error = ERROR_AGAIN;

	store->ops->remove(
	    store, key_of(key), strlen(key_of(key)), done, &error);
	/* Also of what could not be read so far. */
	if (error == ERROR_NONE ||
	    (error == ERROR_NOT_FOUND && disk.first == 0))
		entry->oldest = entry->latest + 1; /* nothing so far */
	if (error == ERROR_NOT_FOUND)
		assert_true(entry->may_be_absent || may_miss());
	entry->may_be_absent = true;
}

static void
look_at_all(void)
{
	for (unsigned key = 0; key < KEYS; key++)
		store->ops->get(
		    store, key_of(key), strlen(key_of(key)), get_done, &key);
}

/* --- the scenario -------------------------------------------------------- */

static void
begin(void)
{
	store = store_unit_open();
	store->ops->start(store);
}

/* Everybody asks for something, and time passes. */
static void
work(void)
{
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned key = next_random(KEYS);

		if (next_random(5) == 0)
			remove_one(key);
		else
			put_one(key);
		if (step % 10 == 9) {
			clock_advance(1);
			store_unit_maintain(store);
			look_at_all();
		}
	}
}

/* The disk is well again: soon everything is. */
static void
heal(void)
{
	disk.first = 0;
	for (int i = 0; i < 3; i++) {
		clock_advance(RETRY_S);
		store_unit_maintain(store);
	}
	assert_true(store->ops->is_usable(store));
	assert_int_equal(put(store, "probe", "x"), ERROR_NONE);
	look_at_all();
}

static void
begin_anew(void)
{
	for (unsigned key = 0; key < KEYS; key++)
		entries[key] = (struct entry){ .may_be_absent = true };
	begin();
}

/*
 * A process for which the disk fails, and the one that follows: after a save,
 * or after an end without one when all has been written.
 */
static void
run_scenario(bool is_saved)
{
	random_state = 1;
	begin_anew();
	work();
	heal();
	clock_advance(2);
	store_unit_maintain(store);
	if (is_saved)
		assert_int_equal(store->ops->save(store, true), ERROR_NONE);
	store->ops->close(store);
	begin();
	store_unit_maintain(store);
	look_at_all();
	assert_true(store->ops->is_usable(store));
	store->ops->close(store);
	unlink(unit_path("cache.journal"));
	unit_log_clear();
}

/* Let each of the calls fail, or one in `stride`: a scenario for each. */
static void
sweep(unsigned kinds, bool is_permanent, int error, unsigned stride)
{
	unsigned runs = 0;

	disk.kinds = kinds;
	disk.is_permanent = is_permanent;
	disk.error = error;
	do {
		disk.first = 1 + runs * stride;
		disk.count = disk.failed = 0;
		run_scenario(runs++ % 2 == 0);
	} while (disk.failed > 0);
	assert_true(runs > 5);
}

static void
nothing_is_lost_where_one_change_fails(void **state)
{
	sweep(DISK_CHANGES, false, EIO, 1);
}

static void
nothing_is_lost_where_changes_fail(void **state)
{
	sweep(DISK_CHANGES, true, EIO, 1);
}

static void
nothing_is_lost_where_the_disk_is_full(void **state)
{
	sweep(DISK_WRITE, true, ENOSPC, 1);
}

static void
nothing_is_lost_where_one_read_fails(void **state)
{
	sweep(DISK_READ, false, EIO, 3);
}

static void
nothing_is_lost_where_the_disk_is_dead(void **state)
{
	sweep(DISK_ALL, true, EIO, 7);
}

static void
fail_from_now(unsigned kinds)
{
	disk.kinds = kinds;
	disk.count = disk.failed = 0;
	disk.first = 1;
	disk.is_permanent = true;
	disk.error = EIO;
}

/* All reads fail at the start, and for long: then the process is as ever. */
static void
a_start_on_a_dead_disk_loses_nothing(void **state)
{
	random_state = 7;
	begin_anew();
	work();
	store->ops->save(store, false);
	store->ops->close(store);
	fail_from_now(DISK_READ);
	begin();
	for (int i = 0; i < 5; i++) {
		store_unit_maintain(store);
		clock_advance(RETRY_S);
	}
	look_at_all();
	heal();
	store->ops->close(store);
}

/* The superblock can be read, and nothing else. */
static void
a_start_whose_segments_cannot_be_read_serves_what_is_new(void **state)
{
	random_state = 7;
	begin_anew();
	work();
	store->ops->save(store, false);
	store->ops->close(store);
	disk.fail_from = 4096;
	disk.fail_to = INT64_MAX;
	begin();
	for (int i = 0; i < 5; i++) {
		store_unit_maintain(store);
		clock_advance(1);
	}
	assert_true(statistics(store).is_ready);
	assert_int_equal(statistics(store).entries, 0);
	assert_true(statistics(store).errors > 0);
	assert_int_equal(put(store, "new", "x"), ERROR_NONE);
	assert_int_equal(get(store, "new"), ERROR_NONE);
	/* A removal and an update that the disk knows nothing of. */
	put_one(1);
	entries[2].may_be_absent = true;
	take_out(store, key_of(2));
	disk.fail_to = 0;
	heal();
	assert_int_equal(get(store, "new"), ERROR_NONE);
	store->ops->close(store);
}

/* A part of the file cannot be read, and a minute later it can. */
static void
fail_a_part(int64_t file_len)
{
	disk.fail_from = 4096 + next_random((unsigned)file_len - 4096);
	disk.fail_to = disk.fail_from + 1 + next_random(300000);
	begin();
	for (int i = 0; i < 20; i++) {
		for (unsigned step = next_random(30); step > 0; step--) {
			store->ops->maintain(store, clock_wall_s(), 0);
			if (next_random(10) == 0)
				put_one(next_random(KEYS));
			if (next_random(30) == 0)
				remove_one(next_random(KEYS));
		}
		look_at_all();
		clock_advance(1);
		/* Another process, for which it is no better. */
		if (next_random(16) == 0) {
			assert_int_equal(
			    store->ops->write_out(store), ERROR_NONE);
			store->ops->close(store);
			begin();
		}
	}
	disk.fail_to = disk.fail_from = 0;
	heal();
}

static void
a_start_that_cannot_read_a_part_gives_nothing_that_was_superseded(void **state)
{
	int64_t file_len;

	for (unsigned round = 0; round < 60; round++) {
		config.entries_max = round % 3 == 0 ? 0 : 1 + round % 7;
		config.start_budget_us = round % 2 == 0 ? 0 : 80000;
		begin_anew();
		random_state = round;
		work();
		store->ops->save(store, false);
		file_len = (int64_t)statistics(store).disk_bytes;
		store->ops->close(store);
		fail_a_part(file_len);
		store->ops->close(store);
		begin();
		store_unit_maintain(store);
		look_at_all();
		store->ops->close(store);
		unlink(unit_path("cache.journal"));
		unit_log_clear();
	}
}

static int
setup(void **state)
{
	store_unit_setup(state);
	memset(&disk, 0, sizeof(disk));
	config.timeout_s = 36000;
	config.memory = 1;
	config.start_budget_us = 80000;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
		TEST(nothing_is_lost_where_one_change_fails),
		TEST(nothing_is_lost_where_changes_fail),
		TEST(nothing_is_lost_where_the_disk_is_full),
		TEST(nothing_is_lost_where_one_read_fails),
		TEST(nothing_is_lost_where_the_disk_is_dead),
		TEST(a_start_on_a_dead_disk_loses_nothing),
		TEST(a_start_whose_segments_cannot_be_read_serves_what_is_new),
		TEST(
		    a_start_that_cannot_read_a_part_gives_nothing_that_was_superseded),
	};

	/* Megabytes are written, and how a disk does that is no matter. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

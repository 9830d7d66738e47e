/*
 * Unit tests of how a store starts and ends (store_journal_start.c,
 * store_journal_open.c, store_journal_replay.c): what is kept, what is not, and
 * what others left in the place of the file. A process that ends in any way is
 * a child that does.
 */
#include "clock.h"
#include "journal_private.h"
#include "store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

static void
a_clean_end_keeps_all(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 1000);
	take_out(store, "key-7");
	close_store(store);
	unit_log_clear();
	for (int i = 0; i < 5; i++) {
		store = open_store();
		assert_true(unit_log_has("999 sessions retained"));
		assert_int_equal(statistics(store).entries, 999);
		assert_int_equal(statistics(store).retained, 999);
		assert_int_equal(count_many(store, 0, 1000), 999);
		close_store(store);
	}
	assert_int_equal(unit_log_complaints(), 0);
	clock_advance(3601);
	store = open_store();
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 0);
	close_store(store);
}

/* Also where there are more records, dead ones included, than fit the index. */
static void
dead_records_do_not_push_out_what_lives(void **state)
{
	struct store *store;
	char key[32];

	config.memory = 1 << 20; /* for 12,697 sessions */
	store = open_store();
	put_many(store, 0, 20000);
	for (int i = 12000; i < 20000; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		(void)take_out(store, key);
	}
	put_many(store, 0, 12000);
	close_store(store);
	store = open_store();
	store_unit_maintain(store);
	assert_int_equal(count_many(store, 0, 12000), 12000);
	assert_int_equal(statistics(store).entries, 12000);
	close_store(store);
}

static void
the_newest_are_kept_where_there_is_less_memory_than_before(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 40000);
	close_store(store);
	config.memory = 1 << 20;
	store = open_store();
	store_unit_maintain(store);
	assert_in_range(statistics(store).entries, 10000, 13000);
	assert_int_equal(count_many(store, 32000, 40000), 8000);
	close_store(store);
}

/* 1.0 wrote more into the superblock: of the table that it would believe. */
static void
nothing_is_left_of_what_an_older_version_noted(void **state)
{
	unsigned char note[JOURNAL_OWNER_DATA_LEN];
	struct store *store = open_store();
	struct journal *journal;

	put_many(store, 0, 10);
	close_store(store);
	journal = journal_new(open(unit_path("cache.journal"), O_RDWR), "x");
	assert_int_equal(journal_load(journal), ERROR_NONE);
	memcpy(note, journal_owner_data(journal), sizeof(note));
	note[sizeof(note) - 1] = 1;
	journal_set_owner_data(journal, note, sizeof(note));
	assert_int_equal(journal_save(journal, false), ERROR_NONE);
	journal_close(journal);
	store = open_store();
	assert_int_equal(count_many(store, 0, 10), 10);
	close_store(store);
	journal = journal_new(open(unit_path("cache.journal"), O_RDWR), "x");
	assert_int_equal(journal_load(journal), ERROR_NONE);
	memcpy(note, journal_owner_data(journal), sizeof(note));
	assert_int_equal(note[sizeof(note) - 1], 0);
	journal_close(journal);
}

static void
nothing_is_kept_that_is_not_to_persist(void **state)
{
	struct store *store;

	config.persist = false;
	store = open_store();
	put_many(store, 0, 100);
	close_store(store);
	store = open_store();
	assert_int_equal(statistics(store).entries, 0);
	assert_int_equal(get(store, "key-1"), ERROR_NOT_FOUND);
	close_store(store);
}

static void
other_settings_begin_with_nothing(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	close_store(store);
	config.fingerprint[3] ^= 1;
	store = open_store();
	assert_true(unit_log_has("emptied: written under other settings"));
	assert_int_equal(unit_log_complaints(), 0);
	assert_int_equal(statistics(store).entries, 0);
	put_many(store, 0, 10);
	close_store(store);
	store = open_store();
	assert_int_equal(count_many(store, 0, 10), 10);
	close_store(store);
}

/* Another method, another table; the journal has all that is needed. */
static void
another_type_takes_over_the_file(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	close_store(store);
	config.kind = store_kind_find("hash");
	store = open_store();
	assert_int_equal(count_many(store, 0, 100), 100);
	close_store(store);
}

static void
a_locked_file_is_waited_for(void **state)
{
	struct store *first = open_store(), *second = NULL;
	uint64_t cursor = 0;
	bool is_complete;
	char *cause = NULL;

	put(first, "a", "one");
	assert_int_equal(
	    config.kind->ops->open(&config, &second, &cause), ERROR_NONE);
	assert_int_equal(second->ops->start(second), ERROR_LOCKED);
	assert_int_equal(get(second, "a"), ERROR_NOT_FOUND);
	assert_int_equal(put(second, "a", "two"), ERROR_LOCKED);
	assert_true(second->ops->maintain(second, clock_wall_s(), 1000) > 0);
	assert_int_equal(second->ops->save(second, false), ERROR_NONE);
	/* Nothing is ours yet, least of all to throw away. */
	second->ops->clear(second, store_unit_done, NULL);
	assert_int_equal(last.error, ERROR_LOCKED);
	assert_int_equal(second->ops->write_out(second), ERROR_LOCKED);
	assert_int_equal(second->ops->each(second, &cursor, 100, &is_complete,
			     count_one, NULL),
	    ERROR_LOCKED);
	assert_true(second->ops->is_usable(second));
	assert_int_equal(unit_log_complaints(), 0);
	/* That is no process on its way out. */
	clock_advance(15);
	second->ops->maintain(second, clock_wall_s(), 1000);
	assert_false(second->ops->is_usable(second));
	assert_true(unit_log_has("cannot be used: locked by another process"));
	assert_int_equal(unit_log_complaints(), 1);
	close_store(first);
	clock_advance(1);
	store_unit_maintain(second);
	assert_true(second->ops->is_usable(second));
	assert_int_equal(get(second, "a"), ERROR_NONE);
	assert_int_equal(last.len, 3);
	close_store(second);
}

static void
put_and_wait(struct store *store)
{
	put_many(store, 0, 2000);
	take_out(store, "key-3");
	clock_advance(2); /* long enough for all to be written */
	store_unit_maintain(store);
	put_many(store, 2000, 2100);
}

static void
a_kill_loses_no_more_than_was_unwritten(void **state)
{
	struct store *store;
	int late;

	in_killed_child(put_and_wait);
	store = open_store();
	assert_int_equal(count_many(store, 0, 2000), 1999);
	late = count_many(store, 2000, 2100);
	assert_int_equal(statistics(store).entries, 1999 + late);
	close_store(store);
	unit_log_clear();
	store = open_store();
	assert_true(unit_log_has("sessions retained"));
	assert_int_equal(statistics(store).entries, 1999 + late);
	close_store(store);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
write_over(const char *name, off_t offset, int byte, size_t len)
{
	int fd = open(unit_path(name), O_RDWR);
	unsigned char *bytes = malloc(len);

	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++)
		bytes[i] =
		    byte >= 0 ? (unsigned char)byte : (unsigned char)rand();
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	free(bytes);
	close(fd);
}

static off_t
file_len(const char *name)
{
	struct stat st;

	assert_int_equal(stat(unit_path(name), &st), 0);
	return st.st_size;
}

/* What lies behind it in that megabyte is lost, and nothing else. */
static void
a_damaged_journal_costs_what_is_damaged(void **state)
{
	struct store *store = open_store();
	int kept;

	put_many(store, 0, 30000); /* more than two segments */
	close_store(store);
	write_over("cache.journal", 4096 + 500000, -1, 10000);
	store = open_store();
	assert_true(unit_log_has("is damaged at byte"));
	kept = count_many(store, 0, 30000);
	assert_in_range(kept, 15000, 29999);
	assert_int_equal(put(store, "new", "one"), ERROR_NONE);
	close_store(store);
	store = open_store();
	assert_int_equal(count_many(store, 0, 30000), kept);
	assert_int_equal(get(store, "new"), ERROR_NONE);
	close_store(store);
}

/*
 * The rest of the segment cannot be read on: its sessions are lost, counted,
 * and do not stand in the way of new ones.
 */
static void
damage_while_in_use_costs_no_room(void **state)
{
	struct store *store;

	config.entries_max = 30000;
	store = open_store();
	put_many(store, 0, 30000); /* more than two segments */
	close_store(store);
	store = open_store();
	assert_int_equal(statistics(store).retained, 30000);
	write_over("cache.journal", 4096 + 500000, -1, 10000);
	put_many(store, 30000, 38000); /* evicts what is before the damage */
	store_unit_maintain(store);
	assert_true(unit_log_has("is damaged at byte"));
	assert_in_range(statistics(store).lost, 2000, 15000);
	assert_int_equal(statistics(store).entries + statistics(store).lost +
			     statistics(store).evicted,
	    38000);
	/* Nothing new was evicted, though there is room. */
	put_many(store, 40000, 41000);
	store_unit_maintain(store);
	assert_int_equal(count_many(store, 30000, 38000), 8000);
	assert_int_equal(count_many(store, 40000, 41000), 1000);
	close_store(store);
	store = open_store();
	assert_int_equal(count_many(store, 30000, 41000), 9000);
	close_store(store);
}

static void
put_during_replay(struct store *store)
{
	assert_false(statistics(store).is_ready);
	put(store, "during", "one");
	clock_advance(2);
	store->ops->maintain(store, clock_wall_s(), 0);
	assert_false(statistics(store).is_ready);
}

/* Two kills in a row: what was stored in between is written as soon as ever. */
static void
a_kill_during_a_replay_loses_nothing(void **state)
{
	struct store *store;

	in_killed_child(put_and_wait);
	config.start_budget_us = 0;
	in_killed_child(put_during_replay);
	store = open_store();
	store_unit_maintain(store);
	assert_int_equal(get(store, "during"), ERROR_NONE);
	assert_int_equal(count_many(store, 0, 2000), 1999);
	close_store(store);
}

static void
a_foreign_file_is_replaced(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	close_store(store);
	write_over("cache.journal", 0, 'x', (size_t)file_len("cache.journal"));
	store = open_store();
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("emptied: "));
	assert_int_equal(statistics(store).entries, 0);
	put_many(store, 0, 100);
	close_store(store);
	store = open_store();
	assert_int_equal(count_many(store, 0, 100), 100);
	close_store(store);
}

/* A record of any time, with a checksum that is right, in place of another. */
static void
forge_time(int64_t put_at)
{
	unsigned char bytes[256];
	struct journal_record record;
	int fd = open(unit_path("cache.journal"), O_RDWR);
	off_t at = journal_position(0, JOURNAL_SEGMENT_HEAD_LEN);
	struct journal_segment_head head;

	assert_true(fd >= 0);
	assert_true(pread(fd, bytes, JOURNAL_SEGMENT_HEAD_LEN,
			journal_position(0, 0)) == JOURNAL_SEGMENT_HEAD_LEN);
	journal_segment_decode(bytes, &head);
	assert_true(pread(fd, bytes, sizeof(bytes), at) > 60);
	assert_true(journal_record_decode(bytes, sizeof(bytes), &record));
	record.put_at = put_at;
	record.key = "key-0";
	record.value = "value of 0";
	journal_record_encode(bytes, head.serial, &record);
	assert_true(pwrite(fd, bytes, journal_record_len(15), at) > 0);
	close(fd);
}

/* Times from a file are bounded before anything is computed with them. */
static void
a_record_of_any_time_is_as_good_as_expired(void **state)
{
	const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0,
		INT64_MAX / 2, INT64_MAX, JOURNAL_TIME_MAX + 1 };
	struct store *store;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		store = open_store();
		assert_int_equal(clear(store), ERROR_NONE);
		store_unit_maintain(store);
		close_store(store);
		unlink(unit_path("cache.journal"));
		store = open_store();
		put_many(store, 0, 2);
		close_store(store);
		forge_time(times[i]);
		store = open_store();
		store_unit_maintain(store);
		assert_int_equal(get(store, "key-0"), ERROR_NOT_FOUND);
		assert_int_equal(get(store, "key-1"), ERROR_NONE);
		assert_int_equal(statistics(store).entries, 1);
		close_store(store);
	}
	assert_int_equal(unit_log_complaints(), 0);
}

/* Of a session that the replay has not come to yet, or of none. */
static void
a_removal_before_the_replay_has_read_anything_takes_nothing_else(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 3000);
	close_store(store);
	config.start_budget_us = 0;
	store = open_store();
	for (int i = 0; i < 20 && !statistics(store).is_ready; i++) {
		take_out(store, i % 2 == 0 ? "key-7" : "nothing");
		store->ops->maintain(store, clock_wall_s(), 0);
	}
	store_unit_maintain(store);
	assert_int_equal(count_many(store, 0, 3000), 2999);
	assert_int_equal(get(store, "key-7"), ERROR_NOT_FOUND);
	close_store(store);
}

static void
put_and_flush(struct store *store)
{
	put_many(store, 0, 100);
	assert_int_equal(store->ops->write_out(store), ERROR_NONE);
}

/* Nothing is lost by a kill after it. */
static void
what_was_written_out_survives_a_kill(void **state)
{
	struct store *store;

	in_killed_child(put_and_flush);
	store = open_store();
	assert_int_equal(count_many(store, 0, 100), 100);
	close_store(store);
}

static void
what_is_no_file_is_refused(void **state)
{
	struct store *store = NULL;
	char *cause = NULL;

	config.path = unit_path("cache");
	assert_int_equal(mkdir(unit_path("cache.journal"), 0700), 0);
	assert_int_not_equal(
	    config.kind->ops->open(&config, &store, &cause), ERROR_NONE);
	assert_non_null(cause);
	free(cause);
	assert_int_equal(rmdir(unit_path("cache.journal")), 0);
	assert_int_equal(symlink("/etc/passwd", unit_path("cache.journal")), 0);
	cause = NULL;
	assert_int_not_equal(
	    config.kind->ops->open(&config, &store, &cause), ERROR_NONE);
	assert_non_null(cause);
	free(cause);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_clean_end_keeps_all),
		TEST(dead_records_do_not_push_out_what_lives),
		TEST(
		    the_newest_are_kept_where_there_is_less_memory_than_before),
		TEST(nothing_is_left_of_what_an_older_version_noted),
		TEST(nothing_is_kept_that_is_not_to_persist),
		TEST(other_settings_begin_with_nothing),
		TEST(another_type_takes_over_the_file),
		TEST(a_locked_file_is_waited_for),
		TEST(a_kill_loses_no_more_than_was_unwritten),
		TEST(a_damaged_journal_costs_what_is_damaged),
		TEST(damage_while_in_use_costs_no_room),
		TEST(a_kill_during_a_replay_loses_nothing),
		TEST(a_foreign_file_is_replaced),
		TEST(a_record_of_any_time_is_as_good_as_expired),
		TEST(
		    a_removal_before_the_replay_has_read_anything_takes_nothing_else),
		TEST(what_was_written_out_survives_a_kill),
		TEST(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

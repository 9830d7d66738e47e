/*
 * Unit tests of the store that sessions are kept in (store.c, store_journal.c,
 * store_journal_expire.c, store_journal_upkeep.c): requests, expiry and bounds.
 * How it starts and ends is in test_store_start.c, walks are in
 * test_store_each.c, failing disks in test_store_disk.c.
 */
#include "checksum.h"
#include "clock.h"
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
check_life(const char *type)
{
	struct store *store;

	config.kind = store_kind_find(type);
	store = open_store();
	assert_int_equal(get(store, "a"), ERROR_NOT_FOUND);
	assert_int_equal(take_out(store, "a"), ERROR_NOT_FOUND);
	assert_int_equal(put(store, "a", "one"), ERROR_NONE);
	assert_int_equal(put(store, "", ""), ERROR_NONE);
	assert_int_equal(put(store, "a", "another"), ERROR_NONE);
	assert_int_equal(get(store, "a"), ERROR_NONE);
	assert_int_equal(last.len, 7);
	assert_memory_equal(last.value, "another", 7);
	assert_int_equal(last.put_at, clock_wall_s());
	assert_int_equal(get(store, ""), ERROR_NONE);
	assert_int_equal(last.len, 0);
	assert_int_equal(statistics(store).entries, 2);
	assert_int_equal(statistics(store).bytes, 8);
	assert_int_equal(take_out(store, "a"), ERROR_NONE);
	assert_int_equal(get(store, "a"), ERROR_NOT_FOUND);
	put_many(store, 0, 3000);
	assert_int_equal(count_many(store, 0, 3000), 3000);
	assert_int_equal(statistics(store).entries, 3001);
	close_store(store);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
an_entry_lives_until_it_is_removed(void **state)
{
	static const char *const types[] = {
		"btree",
		"hash",
		"internal",
		"lmdb",
		"sdbm",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		check_life(types[i]);
		unlink(unit_path("cache.journal"));
	}
}

static void
what_is_too_large_is_refused(void **state)
{
	static char big[STORE_VALUE_MAX + 1];
	struct store *store = open_store();

	store->ops->put(store, "a", 1, big, sizeof(big), clock_wall_s(),
	    store_unit_done, NULL);
	assert_int_equal(last.error, ERROR_TOO_LARGE);
	store->ops->put(store, "a", 1, big, sizeof(big) - 1, clock_wall_s(),
	    store_unit_done, NULL);
	assert_int_equal(last.error, ERROR_NONE);
	assert_int_equal(get(store, "a"), ERROR_NONE);
	assert_int_equal(last.len, sizeof(big) - 1);
	close_store(store);
}

static void
what_is_too_old_is_gone(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	clock_advance(1800);
	put_many(store, 50, 150); /* half of the first are now younger */
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 150);
	clock_advance(1801);
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 100);
	assert_int_equal(statistics(store).expired, 50);
	assert_int_equal(count_many(store, 0, 50), 0);
	assert_int_equal(count_many(store, 50, 150), 100);
	clock_advance(1800);
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 0);
	assert_int_equal(statistics(store).bytes, 0);
	assert_int_equal(
	    store->ops->maintain(store, clock_wall_s(), STORE_UNIT_BUDGET_US),
	    UINT64_MAX);
	close_store(store);
}

/* When there is nothing to do, the next time is when the oldest expires. */
static void
upkeep_says_when_the_next_expires(void **state)
{
	struct store *store = open_store();
	uint64_t next_us;

	put(store, "a", "one");
	close_store(store);
	store = open_store();
	next_us =
	    store->ops->maintain(store, clock_wall_s(), STORE_UNIT_BUDGET_US);
	assert_in_range(next_us, 3590000000ULL, 3601000000ULL);
	close_store(store);
}

static void
an_entry_that_was_replaced_does_not_remove_its_successor(void **state)
{
	struct store *store = open_store();

	put(store, "replaced", "one");
	put(store, "removed", "one");
	clock_advance(1800);
	put(store, "replaced", "two");
	take_out(store, "removed");
	put(store, "removed", "two");
	clock_advance(1801);
	store_unit_maintain(store);
	assert_int_equal(statistics(store).expired, 0);
	assert_int_equal(get(store, "replaced"), ERROR_NONE);
	assert_int_equal(get(store, "removed"), ERROR_NONE);
	assert_memory_equal(last.value, "two", 3);
	close_store(store);
}

static void
the_bound_of_entries_is_kept(void **state)
{
	struct store *store;

	config.entries_max = 100;
	store = open_store();
	put_many(store, 0, 100);
	for (int i = 0; i < 500; i++)
		put_many(store, 0, 50);
	put_many(store, 100, 110);
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 100);
	assert_int_equal(statistics(store).evicted, 10);
	assert_int_equal(count_many(store, 50, 60), 0);
	assert_int_equal(count_many(store, 0, 50), 50);
	assert_int_equal(count_many(store, 60, 110), 50);
	close_store(store);
}

static void
the_bound_of_bytes_is_kept(void **state)
{
	struct store *store;

	config.bytes_max = 10000;
	store = open_store();
	put_many(store, 0, 5000);
	assert_in_range(statistics(store).bytes, 9900, 10000);
	assert_int_equal(count_many(store, 4900, 5000), 100);
	assert_int_equal(count_many(store, 0, 5000), statistics(store).entries);
	close_store(store);
}

/* The same keys for ever, and ever new ones: files stay in proportion. */
static void
the_file_stays_in_proportion(void **state)
{
	static char value[1500];
	struct store *store;
	char key[32];
	struct stat st;

	config.bytes_max = 1 << 20;
	store = open_store();
	memset(value, 'x', sizeof(value) - 1);
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "key-%d", i % 2 == 0 ? i : i % 100);
		assert_int_equal(put(store, key, value), ERROR_NONE);
		if (i % 100 == 0)
			store_unit_maintain(store);
	}
	store_unit_maintain(store);
	close_store(store);
	assert_int_equal(stat(unit_path("cache.journal"), &st), 0);
	assert_in_range(st.st_size, 1, 9 << 20);
}

static void
the_time_of_the_oldest_is_known(void **state)
{
	struct store *store = open_store();
	time_t first = clock_wall_s();

	assert_int_equal(statistics(store).oldest, 0);
	put(store, "a", "one");
	assert_in_range(statistics(store).oldest, first, first + 1);
	clock_advance(100);
	put(store, "b", "two");
	store_unit_maintain(store);
	assert_in_range(statistics(store).oldest, first, first + 1);
	take_out(store, "a");
	store_unit_maintain(store);
	assert_in_range(statistics(store).oldest, first + 100, first + 101);
	clock_advance(100);
	put(store, "b", "three");
	assert_in_range(statistics(store).oldest, first + 200, first + 201);
	close_store(store);
	store = open_store();
	store_unit_maintain(store);
	assert_in_range(statistics(store).oldest, first + 200, first + 201);
	take_out(store, "b");
	assert_int_equal(statistics(store).oldest, 0);
	close_store(store);
}

/* Said once, not for each of those that go. */
static void
eviction_is_reported(void **state)
{
	struct store *store;
	const char *line;

	config.entries_max = 100;
	store = open_store();
	put_many(store, 0, 100);
	assert_null(strstr(unit_lines, "make room"));
	put_many(store, 100, 1000);
	assert_int_equal(statistics(store).evicted, 900);
	line = strstr(unit_lines, "the bound is reached at 100 sessions");
	assert_non_null(line);
	assert_true(unit_log_has(": tlsmgr_cache_max_entries: the bound"));
	assert_null(strstr(line + 1, "the bound is reached"));
	close_store(store);
	config.entries_max = 0;
}

/* It could never be kept: so nothing makes room for it. */
static void
what_is_larger_than_the_cache_is_refused_and_evicts_nothing(void **state)
{
	static char value[200 * 1024];
	struct store *store;
	char key[32];

	config.bytes_max = 100 * 1024;
	store = open_store();
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_int_equal(
		    put_bytes(store, key, value, 1500), ERROR_NONE);
	}
	assert_int_equal(
	    put_bytes(store, "large", value, sizeof(value)), ERROR_TOO_LARGE);
	assert_int_equal(get(store, "large"), ERROR_NOT_FOUND);
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 50);
	assert_int_equal(statistics(store).evicted, 0);
	close_store(store);
}

/* Memory for the index is a bound like others, and says so. */
static void
the_oldest_leave_before_the_memory_is_full(void **state)
{
	struct store *store;
	int count;

	config.memory = 1 << 20;
	store = open_store();
	put_many(store, 0, 60000);
	store_unit_maintain(store);
	count = (int)statistics(store).entries;
	assert_in_range(count, 10000, 16000);
	assert_int_equal(statistics(store).evicted, 60000 - count);
	assert_int_equal(statistics(store).errors, 0);
	assert_true(unit_log_has(": tlsmgr_cache_memory: the bound"));
	assert_int_equal(count_many(store, 60000 - count, 60000), count);
	close_store(store);
}

/* What checksum64() begins its first lane with, for a seed of 0. */
static uint64_t
seed_lane(void)
{
	uint64_t word = UINT64_C(0x6a09e667f3bcc909);

	word ^= word >> 32;
	word *= UINT64_C(0xbb67ae8584caa73b);
	word ^= word >> 29;
	word *= UINT64_C(0xa54ff53a5f1d36f1);
	return word ^ word >> 32;
}

static uint64_t
load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/*
 * Two identifiers of one checksum64(), by which 1.0 found entries: what the
 * first word changes in its lane the fifth word takes back.
 */
static void
make_twins(char *one, char *other)
{
	const uint64_t multiplier = UINT64_C(0x6a09e667f3bcc909);
	uint64_t lane, word = checksum64(1, "", 0), words[2], twisted;

	memset(one, 'x', 46);
	one[46] = other[46] = '\0';
	do {
		word = word * UINT64_C(6364136223846793005) + 1;
		memcpy(other, one, 46);
		words[0] = word | UINT64_C(0x0101010101010101);
		memcpy(other, &words[0], sizeof(words[0]));
		lane = seed_lane();
		twisted = (lane ^ load(one)) * multiplier;
		words[1] = twisted << 29 | twisted >> 35;
		twisted = (lane ^ words[0]) * multiplier;
		words[1] ^= load(one + 32) ^ (twisted << 29 | twisted >> 35);
		memcpy(other + 32, &words[1], sizeof(words[1]));
	} while (strlen(other) != 46);
	assert_true(checksum64(0, one, 46) == checksum64(0, other, 46));
}

static void
identifiers_of_one_checksum_do_not_push_each_other_out(void **state)
{
	char one[47], other[47];
	struct store *store = open_store();

	make_twins(one, other);
	assert_int_equal(put(store, one, "one"), ERROR_NONE);
	assert_int_equal(put(store, other, "other"), ERROR_NONE);
	assert_int_equal(get(store, one), ERROR_NONE);
	assert_memory_equal(last.value, "one", last.len);
	assert_int_equal(get(store, other), ERROR_NONE);
	assert_memory_equal(last.value, "other", last.len);
	assert_int_equal(statistics(store).entries, 2);
	close_store(store);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_lives_until_it_is_removed),
		TEST(what_is_too_large_is_refused),
		TEST(what_is_too_old_is_gone),
		TEST(upkeep_says_when_the_next_expires),
		TEST(an_entry_that_was_replaced_does_not_remove_its_successor),
		TEST(the_bound_of_entries_is_kept),
		TEST(the_bound_of_bytes_is_kept),
		TEST(the_file_stays_in_proportion),
		TEST(the_time_of_the_oldest_is_known),
		TEST(eviction_is_reported),
		TEST(
		    what_is_larger_than_the_cache_is_refused_and_evicts_nothing),
		TEST(the_oldest_leave_before_the_memory_is_full),
		TEST(identifiers_of_one_checksum_do_not_push_each_other_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

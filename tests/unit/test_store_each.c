/*
 * Unit tests of walking through a store, and of emptying it (store_journal,
 * journal_replay, journal_retire).
 */
#include "clock.h"
#include "store.h"
#include "store_journal.h"

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
each_visits_all_that_can_be_got(void **state)
{
	struct store *store = open_store();
	uint64_t cursor = 0;
	bool is_complete;
	int count = 0, slices = 0;

	put_many(store, 0, 10000);
	put_many(store, 500, 1000);
	take_out(store, "key-1");
	do {
		assert_int_equal(store->ops->each(store, &cursor, 100,
				     &is_complete, count_one, &count),
		    ERROR_NONE);
		slices++;
	} while (cursor != 0);
	assert_int_equal(count, 9999);
	assert_true(slices > 1);
	close_store(store);
}

/* What is stopped at was seen, and is not seen again. */
static bool
stop_at_each(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	count_one(arg, key, key_len, value_len, put_at);
	return false;
}

static void
a_listing_is_stopped_by_who_reads_it(void **state)
{
	struct store *store = open_store();
	uint64_t cursor = 0;
	bool is_complete;
	int count = 0;

	put_many(store, 0, 20);
	put_many(store, 5, 10);
	for (int i = 1; i <= 20; i++) {
		store->ops->each(store, &cursor, STORE_UNIT_BUDGET_US,
		    &is_complete, stop_at_each, &count);
		assert_int_equal(count, i);
		assert_true(cursor != 0);
	}
	store->ops->each(store, &cursor, STORE_UNIT_BUDGET_US, &is_complete,
	    stop_at_each, &count);
	assert_int_equal(count, 20);
	assert_int_equal(cursor, 0);
	close_store(store);
}

/* Records that are written anew elsewhere are still seen, and seen once. */
#define MANY 80000

static void
a_listing_goes_on_while_records_move(void **state)
{
	struct store *store;
	struct journal *journal;
	uint64_t cursor = 0, chain_len;
	bool is_complete;
	char key[32];
	int count = 0;

	config.memory = 16 << 20;
	store = open_store();
	journal = ((struct store_journal *)store)->journal;
	put_many(store, 0, MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		if (i % 8 != 0)
			take_out(store, key);
	}
	chain_len = journal_chain_len(journal);
	do {
		store->ops->each(
		    store, &cursor, 100, &is_complete, count_one, &count);
		store->ops->maintain(store, clock_wall_s(), 1000);
	} while (cursor != 0);
	assert_int_equal(count, MANY / 8);
	/* They did move. */
	assert_true(journal_chain_len(journal) < chain_len / 2);
	close_store(store);
}

static void
clear_leaves_nothing(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 1000);
	store->ops->clear(store, store_unit_done, NULL);
	assert_int_equal(last.error, ERROR_NONE);
	assert_int_equal(count_many(store, 0, 1000), 0);
	assert_int_equal(statistics(store).entries, 0);
	put_many(store, 0, 10);
	assert_int_equal(count_many(store, 0, 10), 10);
	close_store(store);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_visits_all_that_can_be_got),
		TEST(a_listing_is_stopped_by_who_reads_it),
		TEST(a_listing_goes_on_while_records_move),
		TEST(clear_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the store where the table of its index fails, which Berkeley DB
 * is not known to do: who asked is told, and nothing wrong is found, now or at
 * the next start. The functions of bdb.h are replaced by an array.
 */
#include "bdb.h"
#include "clock.h"
#include "store_journal.h"
#include "xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

#define ROWS_MAX 1000

struct bdb {
	struct row {
		uint64_t hash;
		unsigned char value[BDB_VALUE_LEN];
	} rows[ROWS_MAX];
	unsigned count;
};

static enum error put_error, remove_error;

enum error
bdb_open(struct bdb **to, const char *name, uint64_t memory)
{
	*to = xcalloc(1, sizeof(**to));
	return ERROR_NONE;
}

void
bdb_close(struct bdb *table)
{
	free(table);
}

static struct row *
find_row(struct bdb *table, uint64_t hash)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->rows[i].hash == hash)
			return &table->rows[i];
	return NULL;
}

enum error
bdb_get(struct bdb *table, uint64_t hash, void *value)
{
	const struct row *row = find_row(table, hash);

	if (row != NULL)
		memcpy(value, row->value, BDB_VALUE_LEN);
	return row != NULL ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error
bdb_put(struct bdb *table, uint64_t hash, const void *value)
{
	struct row *row = find_row(table, hash);

	if (put_error != ERROR_NONE)
		return put_error;
	if (row == NULL) {
		assert_true(table->count < ROWS_MAX);
		row = &table->rows[table->count++];
		row->hash = hash;
	}
	memcpy(row->value, value, BDB_VALUE_LEN);
	return ERROR_NONE;
}

enum error
bdb_remove(struct bdb *table, uint64_t hash)
{
	struct row *row = find_row(table, hash);

	if (remove_error != ERROR_NONE)
		return remove_error;
	if (row == NULL)
		return ERROR_NOT_FOUND;
	*row = table->rows[--table->count];
	return ERROR_NONE;
}

/* All at once. */
enum error
bdb_filter(struct bdb *table, uint64_t *hash, unsigned count,
    bdb_is_kept_fn *is_kept, void *arg)
{
	for (unsigned i = table->count; i-- > 0;)
		if (!is_kept(arg, table->rows[i].value))
			table->rows[i] = table->rows[--table->count];
	return ERROR_NOT_FOUND;
}

static struct store *store;

/* Two slots of index cache: most is written back at once. */
static int
setup(void **state)
{
	store_unit_setup(state);
	config.memory = 1;
	put_error = remove_error = ERROR_NONE;
	store = open_store();
	put_many(store, 0, 100);
	return 0;
}

static int
teardown(void **state)
{
	store->ops->close(store);
	return unit_teardown(state);
}

static void
restart(void)
{
	close_store(store);
	store = open_store();
}

static void
what_the_index_does_not_take_is_refused_and_not_found_again(void **state)
{
	char key[32];
	int refused = 0, found;

	put_error = ERROR_NO_SPACE;
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		if (put(store, key, "changed") == ERROR_NONE)
			continue;
		refused++;
		/* Nor is what it was to replace. */
		assert_int_equal(get(store, key), ERROR_NOT_FOUND);
	}
	assert_in_range(refused, 100, 200);
	put_error = ERROR_NONE;
	found = 0;
	for (int restarted = 0; restarted < 2; restarted++) {
		for (int i = 0; i < 200; i++) {
			snprintf(key, sizeof(key), "key-%d", i);
			if (get(store, key) != ERROR_NONE)
				continue;
			assert_int_equal(last.len, 7);
			assert_memory_equal(last.value, "changed", 7);
			found++;
		}
		assert_int_equal(statistics(store).entries, 200 - refused);
		restart();
	}
	assert_int_equal(found, 2 * (200 - refused));
}

static void
a_removal_that_the_index_does_not_take_is_an_error(void **state)
{
	char key[32];
	int failed = 0, gone = 0;

	remove_error = ERROR_IO;
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		if (take_out(store, key) != ERROR_NONE)
			failed++;
		else
			gone += get(store, key) == ERROR_NOT_FOUND;
	}
	assert_in_range(failed, 90, 100);
	assert_int_equal(gone, 100 - failed);
	assert_int_equal(statistics(store).entries, failed);
	/* The journal knows better. */
	remove_error = ERROR_NONE;
	restart();
	assert_int_equal(statistics(store).entries, 0);
}

/* Enough that is dead, behind what lives, for a compaction. */
static void
put_dead_records(void)
{
	static const unsigned char value[200000];

	for (int i = 0; i < 40; i++)
		assert_int_equal(
		    put_bytes(store, "again", value, sizeof(value)),
		    ERROR_NONE);
}

static void
what_the_index_does_not_take_when_it_moves_is_lost_and_counted(void **state)
{
	struct store_statistics before, after;

	put_dead_records();
	before = statistics(store);
	put_error = ERROR_NO_SPACE;
	store_unit_maintain(store);
	put_error = ERROR_NONE;
	store_unit_maintain(store);
	after = statistics(store);
	assert_in_range(after.lost, 90, 100);
	assert_int_equal(after.entries, before.entries - after.lost);
	assert_int_equal(count_many(store, 0, 100), 100 - after.lost);
	restart();
	assert_int_equal(statistics(store).entries, after.entries);
	assert_int_equal(count_many(store, 0, 100), 100 - after.lost);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(
		    what_the_index_does_not_take_is_refused_and_not_found_again),
		TEST(a_removal_that_the_index_does_not_take_is_an_error),
		TEST(
		    what_the_index_does_not_take_when_it_moves_is_lost_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

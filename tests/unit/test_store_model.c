/*
 * Unit tests of index.c, index_load.c and bdb.c: a store against a model, with
 * so little memory that most entries are written back at once; killed now and
 * then, cleared, and made from the journal again while it is used.
 */
#include "clock.h"
#include "store.h"
#include "store_journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

#define STEPS     6000
#define KEYS      400
#define VALUE_MAX 20000

static struct store *store;
static unsigned long stored[KEYS]; /* 0: nothing */
static unsigned long counter;
static uint64_t random_state;

static uint64_t
random_below(uint64_t limit)
{
	random_state =
	    random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random_state >> 33) % limit;
}

static const char *
key_of(unsigned key)
{
	static char name[32];

	snprintf(name, sizeof(name), "key %u", key);
	return name;
}

/* Some are long, so that segments fill up and are compacted. */
static size_t
fill_value(char *value, unsigned long number)
{
	size_t len = number % 7 * number % VALUE_MAX + 16;

	memset(value, (int)number, len);
	snprintf(value, 16, "%lu", number);
	return len;
}

static void
put_key(unsigned key)
{
	static char value[VALUE_MAX + 16];
	size_t len;

	stored[key] = ++counter;
	len = fill_value(value, stored[key]);
	assert_int_equal(put_bytes(store, key_of(key), value, len), ERROR_NONE);
}

/* False: it is not there, or its replay is yet to come. */
static void
take_key(unsigned key)
{
	enum error error = take_out(store, key_of(key));

	if (statistics(store).is_ready || stored[key] == 0)
		assert_int_equal(
		    error, stored[key] != 0 ? ERROR_NONE : ERROR_NOT_FOUND);
	stored[key] = 0;
}

static void
check_key(unsigned key)
{
	static char value[VALUE_MAX + 16];

	if (get(store, key_of(key)) != ERROR_NONE) {
		assert_true(stored[key] == 0 || !statistics(store).is_ready);
		return;
	}
	assert_int_equal(last.len, fill_value(value, stored[key]));
	assert_memory_equal(last.value, value, last.len);
}

static void
check_all(void)
{
	unsigned count = 0;

	for (unsigned key = 0; key < KEYS; key++) {
		check_key(key);
		count += stored[key] != 0;
	}
	if (statistics(store).is_ready)
		assert_int_equal(statistics(store).entries, count);
}

/* An end, and what follows; memory is lost with the process. */
static void
restart(void)
{
	if (config.kind->in_memory)
		return;
	if (random_below(2) == 0)
		assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	else
		assert_int_equal(store->ops->write_out(store), ERROR_NONE);
	store->ops->close(store);
	config.start_budget_us = random_below(2) * STORE_UNIT_BUDGET_US;
	store = open_store();
	assert_int_equal(unit_log_complaints(), 0);
	unit_log_clear();
}

static void
clear_all(void)
{
	assert_int_equal(clear(store), ERROR_NONE);
	memset(stored, 0, sizeof(stored));
}

static void
step(void)
{
	unsigned key = (unsigned)random_below(KEYS);

	switch (random_below(64)) {
	case 0:
		clock_advance(11); /* so that all is written back */
		store_unit_maintain(store);
		break;
	case 1:
		restart();
		break;
	case 2:
		check_all();
		break;
	case 3:
		if (random_below(10) == 0)
			clear_all();
		break;
	case 4: /* as if some of it could be read again */
		if (statistics(store).is_ready)
			store_journal_replay_begin(
			    (struct store_journal *)store);
		break;
	case 5:
	case 6:
		store->ops->maintain(store, clock_wall_s(), 0);
		break;
	default:
		if (random_below(3) == 0)
			take_key(key);
		else if (random_below(2) == 0)
			put_key(key);
		else
			check_key(key);
	}
}

static void
a_store_is_as_its_model(void **state)
{
	static const char *const types[] = { "btree", "hash", "internal" };
	static const uint64_t memories[] = { 1, 3000, 1 << 20 };

	config.timeout_s = 1000000;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned j = 0; j < 3; j++) {
			config.kind = store_kind_find(types[i]);
			config.memory = memories[j];
			random_state = i * 3 + j;
			memset(stored, 0, sizeof(stored));
			store = open_store();
			for (unsigned k = 0; k < STEPS; k++)
				step();
			store_unit_maintain(store);
			check_all();
			assert_int_equal(unit_log_complaints(), 0);
			store->ops->close(store);
			unlink(unit_path("cache.journal"));
			unit_log_clear();
		}
	}
}

/* What never reached the table takes nothing to remove from it. */
static void
what_comes_and_goes_costs_the_table_nothing(void **state)
{
	const struct store_journal *inner;

	config.memory = 16 << 20;
	memset(stored, 0, sizeof(stored));
	store = open_store();
	inner = (const struct store_journal *)store;
	for (unsigned key = 0; key < KEYS; key++)
		put_key(key);
	assert_int_equal(inner->index.cache.dirty_count, KEYS);
	for (unsigned key = 0; key < KEYS; key++)
		take_key(key);
	assert_int_equal(inner->index.cache.dirty_count, 0);
	check_all();
	store->ops->close(store);
}

static void
dirty_entries_are_written_back_in_time(void **state)
{
	const struct store_journal *inner;
	uint64_t next_us;

	memset(stored, 0, sizeof(stored));
	store = open_store();
	inner = (const struct store_journal *)store;
	clock_advance(11);
	put_key(0);
	store_unit_maintain(store);
	assert_int_equal(inner->index.cache.dirty_count, 0);
	put_key(1);
	next_us =
	    store->ops->maintain(store, clock_wall_s(), STORE_UNIT_BUDGET_US);
	assert_int_equal(inner->index.cache.dirty_count, 1);
	assert_true(next_us <= 10000000);
	clock_advance(11);
	store_unit_maintain(store);
	assert_int_equal(inner->index.cache.dirty_count, 0);
	check_all();
	store->ops->close(store);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_store_is_as_its_model),
		TEST(what_comes_and_goes_costs_the_table_nothing),
		TEST(dirty_entries_are_written_back_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

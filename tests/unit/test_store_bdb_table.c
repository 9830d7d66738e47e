/*
 * Unit tests of the table and of the places that it is yet to be told: against
 * a model, with so little memory that most are pushed out at once; and while
 * the table's file is damaged at random behind the library's back.
 */
#include "clock.h"
#include "store.h"
#include "store_bdb.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

#define STEPS    6000
#define KEYS_MAX 10000 /* a table of more pages than the smallest pool */
#define PAGE_LEN 4096
#define LIMIT_S  60

static struct store_config config;
static struct store *store;
static unsigned keys = 400;
static unsigned long stored[KEYS_MAX]; /* 0: nothing */
static unsigned long counter;
static uint64_t random_state;

static uint64_t
random_below(uint64_t limit)
{
	random_state =
	    random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random_state >> 33) % limit;
}

static void
open_store(void)
{
	store = store_unit_open(&config);
	assert_int_equal(store->ops->start(store), ERROR_NONE);
}

static void
maintain(void)
{
	store_unit_maintain(store);
}

static void
done(void *arg, enum error error)
{
	*(enum error *)arg = error;
}

static void
put(unsigned key)
{
	char name[32], value[32];
	enum error error = ERROR_AGAIN;

	stored[key] = ++counter;
	snprintf(name, sizeof(name), "key %u", key);
	snprintf(value, sizeof(value), "%lu", stored[key]);
	store->ops->put(store, name, strlen(name), value, strlen(value),
	    clock_wall_s(), done, &error);
	assert_int_equal(error, ERROR_NONE);
}

static void
take_out(unsigned key)
{
	char name[32];
	enum error error = ERROR_AGAIN;

	snprintf(name, sizeof(name), "key %u", key);
	store->ops->remove(store, name, strlen(name), done, &error);
	assert_int_equal(
	    error, stored[key] != 0 ? ERROR_NONE : ERROR_NOT_FOUND);
	stored[key] = 0;
}

/* The number found, or 0. */
static void
get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	char text[32] = "";

	(void)put_at;
	assert_true(error == ERROR_NONE || error == ERROR_NOT_FOUND);
	assert_true(len < sizeof(text));
	if (len > 0)
		memcpy(text, value, len);
	*(unsigned long *)arg = strtoul(text, NULL, 10);
}

static unsigned long
get(unsigned key)
{
	char name[32];
	unsigned long number = 0;

	snprintf(name, sizeof(name), "key %u", key);
	store->ops->get(store, name, strlen(name), get_done, &number);
	return number;
}

static void
check_all(void)
{
	struct store_statistics statistics;
	unsigned count = 0;

	for (unsigned key = 0; key < keys; key++) {
		assert_int_equal(get(key), stored[key]);
		count += stored[key] != 0;
	}
	store->ops->statistics(store, &statistics);
	assert_int_equal(statistics.entries, count);
}

/* An end, clean or not, and what follows; memory is lost with the process. */
static void
restart(bool is_clean)
{
	if (strcmp(config.type, "internal") == 0)
		return;
	if (is_clean)
		assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	else
		assert_int_equal(store->ops->write_out(store), ERROR_NONE);
	store->ops->close(store);
	open_store();
	maintain();
}

static void
step(void)
{
	unsigned key = (unsigned)random_below(keys);

	switch (random_below(64)) {
	case 0:
		clock_advance(11); /* so that the table is told */
		maintain();
		break;
	case 1:
		restart(random_below(2) == 0);
		break;
	case 2:
		check_all();
		break;
	default:
		if (random_below(3) == 0)
			take_out(key);
		else if (random_below(2) == 0)
			put(key);
		else
			assert_int_equal(get(key), stored[key]);
	}
}

static int
setup(void **state)
{
	memset(stored, 0, sizeof(stored));
	config = (struct store_config){
		.name = "smtpd",
		.type = "btree",
		.timeout_s = 1000000,
		.persist = true,
		.start_budget_us = STORE_UNIT_BUDGET_US,
	};
	alarm(LIMIT_S); /* the library can loop without end */
	return unit_setup(state);
}

static void
begin(const char *type, uint64_t memory, uint64_t seed)
{
	config.type = type;
	config.memory = memory;
	random_state = seed;
	memset(stored, 0, sizeof(stored));
	open_store();
}

static void
end(void)
{
	store->ops->close(store);
	unlink(unit_path("cache.db"));
	unlink(unit_path("cache.journal"));
	unit_log_clear();
}

static void
test_model(void **state)
{
	static const char *const types[] = { "btree", "hash", "internal" };
	static const uint64_t memories[] = { 1, 3000, 1 << 20 };

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned j = 0; j < 3; j++) {
			begin(types[i], memories[j], i * 3 + j);
			for (unsigned k = 0; k < STEPS; k++)
				step();
			check_all();
			assert_int_equal(unit_log_complaints(), 0);
			end();
		}
	}
}

/* What never reached the table takes nothing to remove from it. */
static void
test_expired_before_the_table_knows(void **state)
{
	const struct store_bdb *store_bdb;

	begin("btree", 16 << 20, 1);
	store_bdb = (const struct store_bdb *)store;
	for (unsigned key = 0; key < keys; key++)
		put(key);
	assert_int_equal(store_bdb->recent.dirty_count, keys);
	for (unsigned key = 0; key < keys; key++)
		take_out(key);
	assert_int_equal(store_bdb->recent.dirty_count, 0);
	check_all();
	end();
}

/* The table is told in the course of time, so that an end is quick. */
static void
test_sweep_is_due(void **state)
{
	const struct store_bdb *store_bdb;
	uint64_t next_us;

	begin("btree", 1 << 20, 1);
	store_bdb = (const struct store_bdb *)store;
	clock_advance(11);
	put(0);
	maintain();
	assert_int_equal(store_bdb->recent.dirty_count, 0);
	put(1);
	next_us =
	    store->ops->maintain(store, clock_wall_s(), STORE_UNIT_BUDGET_US);
	assert_int_equal(store_bdb->recent.dirty_count, 1);
	assert_true(next_us <= 10000000);
	clock_advance(11);
	maintain();
	assert_int_equal(store_bdb->recent.dirty_count, 0);
	check_all();
	end();
}

/* There, zeros and what is behind the end are pages yet to be used. */
static bool
is_hash(void)
{
	return strcmp(config.type, "hash") == 0;
}

static void
damage_page(int fd, off_t page, off_t count)
{
	unsigned char bytes[PAGE_LEN];

	switch (random_below(4)) {
	case 0:
		memset(bytes, is_hash(), sizeof(bytes));
		break;
	case 1:
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)random_below(256);
		break;
	case 2:
		assert_int_equal(
		    pread(fd, bytes, sizeof(bytes),
			(off_t)random_below((uint64_t)count) * PAGE_LEN),
		    sizeof(bytes));
		break;
	default:
		assert_int_equal(
		    pread(fd, bytes, sizeof(bytes), page * PAGE_LEN),
		    sizeof(bytes));
		bytes[random_below(sizeof(bytes))] ^= 1;
	}
	assert_int_equal(
	    pwrite(fd, bytes, sizeof(bytes), page * PAGE_LEN), sizeof(bytes));
}

static void
damage_table(void)
{
	int fd = open(unit_path("cache.db"), O_RDWR);
	struct stat status;
	off_t count;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	count = status.st_size / PAGE_LEN;
	if (!is_hash() && random_below(8) == 0)
		assert_int_equal(
		    ftruncate(
			fd, (off_t)random_below((uint64_t)status.st_size + 1)),
		    0);
	else
		for (off_t page = 0; page < count; page++)
			if (random_below(3) == 0)
				damage_page(fd, page, count);
	close(fd);
}

/* Until the table is made again, what is not found is no fault. */
static void
use_all(void)
{
	for (unsigned key = 0; key < keys; key++) {
		unsigned long number = get(key);

		assert_true(number == 0 || number == stored[key]);
		if (random_below(2) == 0)
			put(key);
	}
}

/* Nothing is lost, nothing comes back, and there is an end to everything. */
static void
test_damage_in_use(void **state)
{
	const char *rounds = getenv("TLSMGR_ROUNDS");
	unsigned long count = rounds != NULL ? strtoul(rounds, NULL, 10) : 6;

	keys = KEYS_MAX;
	for (unsigned long i = 0; i < count; i++) {
		begin(i % 2 == 0 ? "btree" : "hash", 1, i);
		alarm(LIMIT_S);
		for (unsigned j = 0; j < 5; j++) {
			for (unsigned k = 0; k < keys; k++)
				put(k);
			maintain();
			damage_table();
			use_all();
			maintain();
			check_all();
		}
		end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_model, setup, unit_teardown),
		cmocka_unit_test_setup_teardown(
		    test_expired_before_the_table_knows, setup, unit_teardown),
		cmocka_unit_test_setup_teardown(
		    test_sweep_is_due, setup, unit_teardown),
		cmocka_unit_test_setup_teardown(
		    test_damage_in_use, setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the store that sessions are kept in: a journal and a Berkeley
 * DB table, on files of the test's own. A process that ends in any way is a
 * child that does.
 */
#include "clock.h"
#include "store.h"
#include "store_bdb.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

static struct store_config config;

/* What the last request came to. */
static struct {
	enum error error;
	unsigned char value[STORE_VALUE_MAX];
	size_t len;
	time_t put_at;
} last;

static void
get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	(void)arg;
	last.error = error;
	last.len = len;
	last.put_at = put_at;
	if (len > 0)
		memcpy(last.value, value, len);
}

static void
done(void *arg, enum error error)
{
	(void)arg;
	last.error = error;
}

static enum error
get(struct store *store, const char *key)
{
	store->ops->get(store, key, strlen(key), get_done, NULL);
	return last.error;
}

static enum error
put(struct store *store, const char *key, const char *value)
{
	store->ops->put(store, key, strlen(key), value, strlen(value),
	    clock_wall_s(), done, NULL);
	return last.error;
}

static enum error
take_out(struct store *store, const char *key)
{
	store->ops->remove(store, key, strlen(key), done, NULL);
	return last.error;
}

static struct store_statistics
statistics(struct store *store)
{
	struct store_statistics result;

	store->ops->statistics(store, &result);
	return result;
}

static struct store *
open_store(void)
{
	struct store *store = store_unit_open(&config);

	assert_int_equal(store->ops->start(store), ERROR_NONE);
	return store;
}

static void
close_store(struct store *store)
{
	assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	store->ops->close(store);
}

static void
put_many(struct store *store, int from, int to)
{
	char key[32], value[64];

	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		snprintf(value, sizeof(value), "value of %d", i);
		assert_int_equal(put(store, key, value), ERROR_NONE);
	}
}

/* How many of them are there; each that is must be right. */
static int
count_many(struct store *store, int from, int to)
{
	char key[32], value[64];
	int count = 0;

	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		snprintf(value, sizeof(value), "value of %d", i);
		if (get(store, key) != ERROR_NONE)
			continue;
		assert_int_equal(last.len, strlen(value));
		assert_memory_equal(last.value, value, last.len);
		count++;
	}
	return count;
}

static int
setup(void **state)
{
	config = (struct store_config){
		.name = "smtpd",
		.type = "btree",
		.timeout_s = 3600,
		.memory = 4 << 20,
		.persist = true,
		.start_budget_us = 80000,
	};
	return unit_setup(state);
}

static void
check_life(const char *type)
{
	struct store *store;

	config.type = type;
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
test_life(void **state)
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
		unlink(unit_path("cache.db"));
		unlink(unit_path("cache.journal"));
	}
}

static void
test_too_large(void **state)
{
	static char big[STORE_VALUE_MAX + 1];
	struct store *store = open_store();

	store->ops->put(
	    store, "a", 1, big, sizeof(big), clock_wall_s(), done, NULL);
	assert_int_equal(last.error, ERROR_TOO_LARGE);
	store->ops->put(
	    store, "a", 1, big, sizeof(big) - 1, clock_wall_s(), done, NULL);
	assert_int_equal(last.error, ERROR_NONE);
	assert_int_equal(get(store, "a"), ERROR_NONE);
	assert_int_equal(last.len, sizeof(big) - 1);
	close_store(store);
}

static void
test_expiry(void **state)
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
test_next_expiry(void **state)
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
test_former_self(void **state)
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
test_entries_bound(void **state)
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
test_size_bound(void **state)
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
test_churn(void **state)
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
	assert_int_equal(stat(unit_path("cache.db"), &st), 0);
	assert_in_range(st.st_size, 1, 1 << 20);
}

static void
test_retained(void **state)
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

static void
test_not_persistent(void **state)
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
test_other_settings(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	close_store(store);
	config.digest[3] ^= 1;
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
test_other_method(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 100);
	close_store(store);
	config.type = "hash";
	store = open_store();
	assert_int_equal(count_many(store, 0, 100), 100);
	close_store(store);
}

static bool
count_each(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	(void)put_at;
	assert_in_range(key_len, 5, 9);
	assert_memory_equal(key, "key-", 4);
	assert_in_range(value_len, 10, 14);
	++*(int *)arg;
	return true;
}

static void
test_lock(void **state)
{
	struct store *first = open_store(), *second = NULL;
	uint64_t cursor = 0;
	char *cause = NULL;

	put(first, "a", "one");
	assert_int_equal(
	    store_find("btree")->open(&config, &second, &cause), ERROR_NONE);
	assert_int_equal(second->ops->start(second), ERROR_LOCKED);
	assert_int_equal(get(second, "a"), ERROR_NOT_FOUND);
	assert_int_equal(put(second, "a", "two"), ERROR_LOCKED);
	assert_true(second->ops->maintain(second, clock_wall_s(), 1000) > 0);
	assert_int_equal(second->ops->save(second, false), ERROR_NONE);
	/* Nothing is ours yet, least of all to throw away. */
	second->ops->clear(second, done, NULL);
	assert_int_equal(last.error, ERROR_LOCKED);
	assert_int_equal(second->ops->write_out(second), ERROR_LOCKED);
	assert_int_equal(
	    second->ops->each(second, &cursor, 100, count_each, NULL),
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

/* Run in a child that is killed at its end. */
static void
in_killed_child(void (*run)(struct store *))
{
	struct store *store;
	int wait_status;
	pid_t pid = fork();

	if (pid == 0) {
		store = open_store();
		run(store);
		kill(getpid(), SIGKILL);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFSIGNALED(wait_status));
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
test_killed(void **state)
{
	struct store *store;
	int late;

	in_killed_child(put_and_wait);
	store = open_store();
	assert_true(unit_log_has("sessions recovered in"));
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

/* What is wrong with the table costs nothing: the journal makes it again. */
static void
test_damaged_table(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 5000);
	close_store(store);
	for (int i = 0; i < 6; i++) {
		switch (i) {
		case 0:
			write_over("cache.db", 8192, -1, 4096);
			break;
		case 1:
			write_over("cache.db", 0, 0, 4096);
			break;
		case 2:
			assert_int_equal(
			    truncate(unit_path("cache.db"), 5000), 0);
			break;
		case 3:
			assert_int_equal(truncate(unit_path("cache.db"), 0), 0);
			break;
		case 4:
			assert_int_equal(unlink(unit_path("cache.db")), 0);
			break;
		case 5:
			write_over(
			    "cache.db", 0, -1, (size_t)file_len("cache.db"));
			break;
		}
		store = open_store();
		store_unit_maintain(store);
		assert_int_equal(count_many(store, 0, 5000), 5000);
		close_store(store);
	}
}

/* The same while it is in use, behind the library's back. */
static void
test_table_damaged_in_use(void **state)
{
	struct store *store;

	config.memory = 1; /* the smallest pool: pages are read again */
	store = open_store();
	put_many(store, 0, 30000);
	for (off_t at = 0; at < file_len("cache.db"); at += 4096)
		write_over("cache.db", at, at % 8192 == 0 ? 0 : -1, 4096);
	count_many(store, 0, 30000);
	store_unit_maintain(store);
	assert_true(unit_log_has("the table is damaged, and made again"));
	assert_int_equal(count_many(store, 0, 30000), 30000);
	close_store(store);
}

static void
test_damaged_journal(void **state)
{
	struct store *store = open_store();
	int kept;

	put_many(store, 0, 30000); /* more than a segment */
	close_store(store);
	write_over("cache.journal", 4096 + 500000, -1, 10000);
	store = open_store();
	kept = count_many(store, 0, 30000);
	assert_in_range(kept, 29000, 29999);
	assert_int_equal(put(store, "new", "one"), ERROR_NONE);
	close_store(store);
	/* The table has to be made again, from what is left. */
	write_over("cache.db", 0, 0, 4096);
	store = open_store();
	store_unit_maintain(store);
	assert_in_range(count_many(store, 0, 30000), 1, kept);
	assert_int_equal(get(store, "new"), ERROR_NONE);
	close_store(store);
}

/*
 * The rest of the segment cannot be read on, but its sessions are in the table:
 * what is behind it expires all the same, and the next process knows better.
 */
static void
test_damage_while_in_use(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 30000); /* two segments and more */
	close_store(store);
	store = open_store();
	assert_int_equal(statistics(store).retained, 30000);
	write_over("cache.journal", 4096 + 500000, -1, 10000);
	clock_advance(config.timeout_s + 10);
	put_many(store, 30000, 30010);
	store_unit_maintain(store);
	assert_true(unit_log_has("is damaged at byte"));
	assert_in_range(statistics(store).entries, 11, 15000);
	close_store(store);
	store = open_store();
	store_unit_maintain(store);
	assert_int_equal(statistics(store).entries, 10);
	assert_int_equal(count_many(store, 30000, 30010), 10);
	close_store(store);
	/* Nothing is left of it. */
	store = open_store();
	assert_true(unit_log_has("10 sessions retained"));
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
test_killed_during_replay(void **state)
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
test_foreign_journal(void **state)
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

static void
test_each(void **state)
{
	struct store *store = open_store();
	uint64_t cursor = 0;
	int count = 0, slices = 0;

	put_many(store, 0, 10000);
	put_many(store, 500, 1000);
	take_out(store, "key-1");
	do {
		assert_int_equal(
		    store->ops->each(store, &cursor, 100, count_each, &count),
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
	count_each(arg, key, key_len, value_len, put_at);
	return false;
}

static void
test_each_is_stopped(void **state)
{
	struct store *store = open_store();
	uint64_t cursor = 0;
	int count = 0;

	put_many(store, 0, 20);
	put_many(store, 5, 10);
	for (int i = 1; i <= 20; i++) {
		store->ops->each(
		    store, &cursor, STORE_UNIT_BUDGET_US, stop_at_each, &count);
		assert_int_equal(count, i);
		assert_true(cursor != 0);
	}
	store->ops->each(
	    store, &cursor, STORE_UNIT_BUDGET_US, stop_at_each, &count);
	assert_int_equal(count, 20);
	assert_int_equal(cursor, 0);
	close_store(store);
}

#define MANY 80000

/* Records that are written anew elsewhere are still seen, and seen once. */
static void
test_each_while_records_move(void **state)
{
	struct store *store = open_store();
	struct journal *journal = ((struct store_bdb *)store)->journal;
	uint64_t cursor = 0, chain_len;
	char key[32];
	int count = 0;

	put_many(store, 0, MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		if (i % 8 != 0)
			take_out(store, key);
	}
	chain_len = journal_chain_len(journal);
	do {
		store->ops->each(store, &cursor, 100, count_each, &count);
		store->ops->maintain(store, clock_wall_s(), 1000);
	} while (cursor != 0);
	assert_int_equal(count, MANY / 8);
	/* They did move. */
	assert_true(journal_chain_len(journal) < chain_len / 2);
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
test_write_out(void **state)
{
	struct store *store;

	in_killed_child(put_and_flush);
	store = open_store();
	assert_int_equal(count_many(store, 0, 100), 100);
	close_store(store);
}

static void
test_oldest(void **state)
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
test_eviction_is_reported(void **state)
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
	assert_null(strstr(line + 1, "the bound is reached"));
	close_store(store);
	config.entries_max = 0;
}

static void
test_clear(void **state)
{
	struct store *store = open_store();

	put_many(store, 0, 1000);
	store->ops->clear(store, done, NULL);
	assert_int_equal(last.error, ERROR_NONE);
	assert_int_equal(count_many(store, 0, 1000), 0);
	assert_int_equal(statistics(store).entries, 0);
	put_many(store, 0, 10);
	assert_int_equal(count_many(store, 0, 10), 10);
	close_store(store);
}

static void
test_unusable_files(void **state)
{
	struct store *store = NULL;
	char *cause = NULL;

	config.path = unit_path("cache");
	assert_int_equal(mkdir(unit_path("cache.db"), 0700), 0);
	assert_int_not_equal(
	    store_find("btree")->open(&config, &store, &cause), ERROR_NONE);
	assert_non_null(cause);
	free(cause);
	assert_int_equal(rmdir(unit_path("cache.db")), 0);
	assert_int_equal(symlink("/etc/passwd", unit_path("cache.db")), 0);
	cause = NULL;
	assert_int_not_equal(
	    store_find("btree")->open(&config, &store, &cause), ERROR_NONE);
	assert_non_null(cause);
	free(cause);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_life),
		TEST(test_too_large),
		TEST(test_expiry),
		TEST(test_next_expiry),
		TEST(test_former_self),
		TEST(test_entries_bound),
		TEST(test_size_bound),
		TEST(test_churn),
		TEST(test_retained),
		TEST(test_not_persistent),
		TEST(test_other_settings),
		TEST(test_other_method),
		TEST(test_lock),
		TEST(test_killed),
		TEST(test_damaged_table),
		TEST(test_table_damaged_in_use),
		TEST(test_damaged_journal),
		TEST(test_damage_while_in_use),
		TEST(test_killed_during_replay),
		TEST(test_foreign_journal),
		TEST(test_each),
		TEST(test_each_is_stopped),
		TEST(test_each_while_records_move),
		TEST(test_write_out),
		TEST(test_oldest),
		TEST(test_eviction_is_reported),
		TEST(test_clear),
		TEST(test_unusable_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

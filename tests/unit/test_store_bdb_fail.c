/*
 * Unit tests of the store on a disk that fails. One scenario is run again and
 * again; each time another call to the system fails, that one or all from
 * there on. Whatever fails, a session that is found is one that may be there,
 * nothing is lost that the disk took or memory held, and when the disk is well
 * the store is too.
 */
#include "clock.h"
#include "store.h"
#include "store_bdb.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

#include "store_unit.h"

#define KEYS      8
#define STEPS     180
#define VALUE_MAX 70000
#define RETRY_S   11 /* what is broken is tried again after that */

/* So many more keys that the table does not fit in the smallest pool. */
#define BALLAST 8000

/* --- a disk that fails --------------------------------------------------- */

enum call {
	CALL_WRITE = 1,
	CALL_TRUNCATE = 2,
	CALL_SYNC = 4,
	CALL_READ = 8,
	CALL_HEADER = 16, /* writes at the start of a file only */
	CALL_LOCK = 32,
};

#define CALL_CHANGES (CALL_WRITE | CALL_TRUNCATE | CALL_SYNC)
#define CALL_ALL     (CALL_CHANGES | CALL_READ)

static struct {
	unsigned kinds;    /* which calls are counted, and fail */
	unsigned count;    /* of those calls so far */
	unsigned failed;   /* how many of them failed */
	unsigned first;    /* number of the first that fails; 0: none does */
	bool is_permanent; /* the others after it fail as well */
	int error;
} disk;

/* Is this call to fail? errno says how. */
static bool
disk_fails(unsigned call)
{
	if ((disk.kinds & call) == 0)
		return false;
	disk.count++;
	if (disk.first == 0 || disk.count < disk.first ||
	    (disk.count > disk.first && !disk.is_permanent))
		return false;
	disk.failed++;
	errno = disk.error;
	return true;
}

/* What is to be written of len bytes; 0: this fails. */
static size_t
disk_takes(unsigned call, size_t len)
{
	if (!disk_fails(call))
		return len;
	/* A disk that is full takes what there is room for. */
	return disk.error == ENOSPC && disk.failed == 1 ? len / 2 : 0;
}

/* The linker finds these before the C library's. */
ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	size_t room =
	    disk_takes(at == 0 ? CALL_WRITE | CALL_HEADER : CALL_WRITE, len);

	return room > 0 ? syscall(SYS_pwrite64, fd, data, room, at) : -1;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	size_t room = disk_takes(CALL_WRITE, len);

	return room > 0 ? syscall(SYS_write, fd, data, room) : -1;
}

ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
	return disk_fails(CALL_READ) ? -1
	                             : syscall(SYS_pread64, fd, data, len, at);
}

ssize_t
preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
	(void)count;
	(void)flags;
	return pread(fd, parts->iov_base, parts->iov_len, at);
}

int
ftruncate(int fd, off_t len)
{
	return disk_fails(CALL_TRUNCATE) ? -1
	                                 : (int)syscall(SYS_ftruncate, fd, len);
}

int
flock(int fd, int operation)
{
	return disk_fails(CALL_LOCK) ? -1
	                             : (int)syscall(SYS_flock, fd, operation);
}

int
fdatasync(int fd)
{
	(void)fd;
	return disk_fails(CALL_SYNC) ? -1 : 0;
}

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

/*
 * Reads fail, and what cannot be read of the journal is lost: anything may be
 * absent, or what it was before.
 */
static bool is_lossy;
static struct store_config config;
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
	assert_in_range(
	    number, is_lossy ? 1 : entries[key].oldest, entries[key].latest);
	assert_int_not_equal(number, 0);
	assert_int_equal(len, fill_value(expected, key, number));
	assert_memory_equal(value, expected, len);
}

/* Not all can be found now: the table is being made again, say. */
static bool
may_miss(void)
{
	struct store_statistics statistics;

	store->ops->statistics(store, &statistics);
	return is_lossy || !statistics.is_ready;
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
	if (error == ERROR_NONE)
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

static uint64_t
maintain_once(void)
{
	return store->ops->maintain(
	    store, clock_wall_s(), STORE_UNIT_BUDGET_US);
}

static void
maintain(void)
{
	store_unit_maintain(store);
}

/* --- the scenario -------------------------------------------------------- */

static void
open_store(void)
{
	store = store_unit_open(&config);
	store->ops->start(store);
}

static void
put_ballast(unsigned count)
{
	enum error error;
	char key[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "ballast %u", i);
		store->ops->put(store, key, strlen(key), key, strlen(key),
		    clock_wall_s(), done, &error);
	}
}

/* Look at them only to have the table's pages read. */
static void
ignore(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	(void)arg;
	(void)error;
	(void)value;
	(void)len;
	(void)put_at;
}

static void
get_ballast(unsigned count)
{
	char key[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "ballast %u", i);
		store->ops->get(store, key, strlen(key), ignore, NULL);
	}
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
			maintain();
			look_at_all();
		}
	}
}

/* The disk is well again: soon everything is. */
static void
heal(void)
{
	enum error error = ERROR_AGAIN;

	disk.first = 0;
	clock_advance(RETRY_S);
	maintain();
	assert_true(store->ops->is_usable(store));
	store->ops->put(
	    store, "probe", 5, "x", 1, clock_wall_s(), done, &error);
	assert_int_equal(error, ERROR_NONE);
}

/*
 * A process for which the disk fails, and the one that follows: after a save,
 * or after an end without one when all has been written.
 */
static void
run_scenario(bool is_saved, unsigned ballast)
{
	random_state = 1;
	for (unsigned key = 0; key < KEYS; key++)
		entries[key] = (struct entry){ .may_be_absent = true };
	open_store();
	put_ballast(ballast);
	work();
	heal();
	look_at_all();
	clock_advance(2);
	maintain();
	/* That a page of the table was not written is seen when it is read. */
	if (is_saved && store->ops->save(store, true) != ERROR_NONE)
		assert_true(ballast > 0);
	store->ops->close(store);
	open_store();
	maintain();
	look_at_all();
	assert_true(store->ops->is_usable(store));
	store->ops->close(store);
	unlink(unit_path("cache.db"));
	unlink(unit_path("cache.journal"));
	unit_log_clear();
}

/* Let each of the calls fail, or one in `stride`: a scenario for each. */
static void
sweep(unsigned kinds, bool is_permanent, int error, unsigned ballast,
    unsigned stride)
{
	unsigned runs = 0;

	disk.kinds = kinds;
	disk.is_permanent = is_permanent;
	disk.error = error;
	is_lossy = (kinds & CALL_READ) != 0;
	do {
		disk.first = 1 + runs * stride;
		disk.count = disk.failed = 0;
		run_scenario(runs++ % 2 == 0, ballast);
	} while (disk.failed > 0);
	assert_true(runs > 5);
}

static void
test_one_change_fails(void **state)
{
	sweep(CALL_CHANGES, false, EIO, 0, 1);
}

static void
test_changes_fail(void **state)
{
	sweep(CALL_CHANGES, true, EIO, 0, 1);
}

static void
test_disk_full(void **state)
{
	sweep(CALL_WRITE, true, ENOSPC, 0, 1);
}

static void
test_one_read_fails(void **state)
{
	sweep(CALL_READ, false, EIO, 0, 3);
}

static void
test_dead_disk(void **state)
{
	sweep(CALL_ALL, true, EIO, 0, 7);
}

/* The same, where the table's pages are read and written all the time. */
static void
test_table_without_room(void **state)
{
	static const char *const types[] = { "btree", "hash" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		config.type = types[i];
		sweep(CALL_WRITE, true, ENOSPC, BALLAST, 617);
		sweep(CALL_ALL, true, EIO, BALLAST, 1733);
	}
}

static void
fail_from_now(unsigned kinds, bool is_permanent)
{
	disk.kinds = kinds;
	disk.count = disk.failed = 0;
	disk.first = 1;
	disk.is_permanent = is_permanent;
	disk.error = EIO;
}

/* Nothing was stored yet, and the disk is well. */
static void
begin(void)
{
	for (unsigned key = 0; key < KEYS; key++)
		entries[key] = (struct entry){ .may_be_absent = true };
	disk.first = 0;
	is_lossy = false;
	open_store();
}

/* The table fails while only memory holds what was stored last. */
static void
test_unwritten_sessions_outlast_the_table(void **state)
{
	begin();
	put_ballast(BALLAST);
	for (unsigned key = 0; key < KEYS; key++)
		put_one(key);
	fail_from_now(CALL_ALL, true);
	while (store->ops->is_usable(store))
		get_ballast(BALLAST);
	clock_advance(RETRY_S); /* in vain */
	maintain_once();
	assert_false(store->ops->is_usable(store));
	heal();
	look_at_all();
	store->ops->close(store);
}

/* Not that somebody else has it: the file system has no locks, say. */
static void
test_no_lock_is_to_be_had(void **state)
{
	enum error error = ERROR_NONE;

	begin();
	put_one(0);
	assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	store->ops->close(store);
	fail_from_now(CALL_LOCK, true);
	open_store();
	assert_false(store->ops->is_usable(store));
	for (int i = 0; i < 5; i++) {
		assert_true(maintain_once() > 1000000);
		clock_advance(RETRY_S - 1);
	}
	assert_int_equal(unit_log_complaints(), 1);
	store->ops->clear(store, done, &error);
	assert_int_equal(error, ERROR_IO);
	disk.first = 0;
	clock_advance(RETRY_S);
	maintain();
	assert_true(store->ops->is_usable(store));
	look_at_all();
	assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	store->ops->close(store);
}

/* A life that begins with the mark of a clean end, and cannot take it away. */
static void
live_beside_mark(void)
{
	fail_from_now(CALL_HEADER, true);
	open_store();
	put_one(0);
	assert_true(disk.failed > 0);
	/* What is written now would not be looked for. */
	assert_int_equal(entries[0].oldest, 1);
	clock_advance(2);
	maintain();
	disk.first = 0;
	clock_advance(2);
	put_one(0);
	assert_int_equal(entries[0].oldest, 3);
	clock_advance(2);
	maintain();
}

static void
test_mark_that_stays(void **state)
{
	int wait_status;
	pid_t pid;

	begin();
	put_one(0);
	assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	store->ops->close(store);
	pid = fork();
	if (pid == 0) {
		live_beside_mark();
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFSIGNALED(wait_status));
	entries[0].oldest = entries[0].latest = 3;
	open_store();
	look_at_all();
	store->ops->close(store);
}

/* While the table is made again: of a session that it has not come to yet. */
static void
test_remove_during_replay(void **state)
{
	begin();
	put_one(0);
	store_bdb_rebuild((struct store_bdb *)store);
	assert_true(may_miss());
	remove_one(0);
	maintain();
	assert_false(may_miss());
	entries[0].oldest = entries[0].latest + 1;
	look_at_all();
	store->ops->close(store);
}

static int
setup(void **state)
{
	config = (struct store_config){
		.name = "smtpd",
		.type = "btree",
		.timeout_s = 36000,
		.memory = 1,
		.persist = true,
		.start_budget_us = 80000,
	};
	return unit_setup(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
		TEST(test_one_change_fails),
		TEST(test_changes_fail),
		TEST(test_disk_full),
		TEST(test_one_read_fails),
		TEST(test_dead_disk),
		TEST(test_table_without_room),
		TEST(test_unwritten_sessions_outlast_the_table),
		TEST(test_no_lock_is_to_be_had),
		TEST(test_mark_that_stays),
		TEST(test_remove_during_replay),
	};

	/* Megabytes are written, and how a disk does that is no matter. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

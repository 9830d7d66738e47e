/*
 * Unit tests of the exchange file, on a generator whose bytes count up and
 * that shows what was stirred in.
 */
#include "fake_rand.h"

#include "exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prng.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lock_holder.h"
#include "unit.h"

#define TIME_LEN  8 /* of the time of day, mixed in before each draw */
#define OTHER_UID 65534
#define LONG_LEN  3000

static struct exchange_file file;

static int
setup(void **state)
{
	prng_fini();
	fake_rand_reset();
	exchange_init(&file);
	return unit_setup(state);
}

static int
teardown(void **state)
{
	exchange_close(&file);
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

static void
write_file(const void *content, size_t len)
{
	int fd = open(unit_path("exch"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	close(fd);
}

/* The whole file: bytes that count up from `first`. */
static void
assert_file_counts(unsigned first)
{
	unsigned char content[LONG_LEN];
	int fd = open(unit_path("exch"), O_RDONLY);
	ssize_t len = read(fd, content, sizeof(content));

	close(fd);
	assert_int_equal(len, EXCHANGE_FILE_LEN);
	for (ssize_t i = 0; i < len; ++i)
		assert_int_equal(content[i], (first + (unsigned)i) % 256);
}

static void
open_file(void)
{
	assert_int_equal(exchange_open(&file, unit_path("exch")), ERROR_NONE);
}

static void
a_new_file_is_filled(void **state)
{
	struct stat st;

	open_file();
	assert_int_equal(stat(unit_path("exch"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0); /* opening only opens */
	fake_rand.next = 17;
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_file_counts(17);
	assert_int_equal(unit_log_complaints(), 0);
}

/* What the file held goes in before what it will hold comes out. */
static void
content_is_stirred_in_before_output_is_drawn(void **state)
{
	unsigned char content[EXCHANGE_FILE_LEN], drawn[1];

	for (size_t i = 0; i < sizeof(content); ++i)
		content[i] = (unsigned char)(i * i / 3);
	write_file(content, sizeof(content));
	open_file();
	assert_int_equal(fake_rand.adds, 0);
	assert_int_equal(prng_generate(drawn, 1), ERROR_NONE);
	fake_rand_reset();
	fake_rand.next = 90; /* of the next block, after the stir */
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_int_equal(fake_rand.added_len, sizeof(content) + TIME_LEN);
	assert_memory_equal(fake_rand.added, content, sizeof(content));
	assert_file_counts(90);
}

static void
each_update_reads_what_the_last_wrote(void **state)
{
	unsigned char content[4];

	open_file();
	for (unsigned i = 0; i < 3; ++i) {
		prng_fini();
		fake_rand.next = (unsigned char)(40 * i);
		assert_int_equal(exchange_update(&file), ERROR_NONE);
		assert_file_counts(40 * i);
	}
	for (unsigned i = 0; i < 4; ++i)
		content[i] = (unsigned char)(40 + i);
	assert_true(fake_rand_has(content, sizeof(content)));
}

static void
a_short_or_long_file_becomes_as_long_as_it_should(void **state)
{
	unsigned char content[LONG_LEN];

	write_file("ten bytes.", 10);
	open_file();
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_int_equal(fake_rand.added_len, 10 + TIME_LEN);
	assert_memory_equal(fake_rand.added, "ten bytes.", 10);
	assert_file_counts(0);

	exchange_close(&file);
	memset(content, 'y', sizeof(content));
	write_file(content, sizeof(content));
	open_file();
	prng_fini();
	fake_rand.next = 3;
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_int_equal(
	    fake_rand.added_len, 10 + EXCHANGE_FILE_LEN + 2 * TIME_LEN);
	assert_file_counts(3);
}

static void
a_removed_file_is_told(void **state)
{
	open_file();
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	unlink(unit_path("exch"));
	fake_rand.adds = 0;
	assert_int_equal(exchange_update(&file), ERROR_NOT_FOUND);
	assert_int_equal(fake_rand.adds, 0);
	assert_int_equal(access(unit_path("exch"), F_OK), -1);

	/* One that was put in its place is not ours either. */
	write_file("other", 5);
	assert_int_equal(exchange_update(&file), ERROR_NOT_FOUND);
	exchange_close(&file);
	open_file();
	assert_int_equal(exchange_update(&file), ERROR_NONE);
}

static void
a_file_with_a_record_lock_is_not_waited_for(void **state)
{
	struct lock_holder holder;
	struct stat st;

	write_file("before", 6);
	open_file();
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	assert_int_equal(exchange_update(&file), ERROR_LOCKED);
	assert_int_equal(fake_rand.adds, 0);
	assert_int_equal(stat(unit_path("exch"), &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(unit_log_complaints(), 0);
	lock_holder_stop(&holder);
	assert_int_equal(exchange_update(&file), ERROR_NONE);

	/* And it leaves no lock behind. */
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	lock_holder_stop(&holder);
	unlink(unit_path("exch"));
}

/*
 * The lock that the stock daemon takes on Linux. It belongs to an open file,
 * so a second one in this process will do.
 */
static void
a_file_with_an_flock_is_not_waited_for(void **state)
{
	struct lock_holder holder;
	int other;

	open_file();
	other = open(unit_path("exch"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(exchange_update(&file), ERROR_LOCKED);
	assert_int_equal(fake_rand.adds, 0);
	assert_int_equal(unit_log_complaints(), 0);
	/* Having one of the two locks, it has given that one back. */
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	lock_holder_stop(&holder);
	assert_int_equal(flock(other, LOCK_UN), 0);
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
}

/* A generator that fails costs neither the file nor the lock. */
static void
a_failed_generator_leaves_the_content(void **state)
{
	struct lock_holder holder;

	open_file();
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	prng_fini();
	fake_rand.result = 0;
	assert_int_equal(exchange_update(&file), ERROR_RANDOM);
	assert_true(unit_log_has(unit_path("exch")));
	/* First the lock: to close the file anywhere here would drop it. */
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	lock_holder_stop(&holder);
	assert_file_counts(0);
}

/* As on a full file system: some of it is written, and no more. */
static void
a_short_write_is_an_error(void **state)
{
	struct rlimit saved, limit;

	open_file();
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	limit = saved;
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(exchange_update(&file), ERROR_NO_SPACE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_true(unit_log_has("cannot write PRNG exchange file"));
	prng_fini();
	fake_rand.next = 5;
	assert_int_equal(exchange_update(&file), ERROR_NONE);
	assert_file_counts(5);
}

static void
without_a_file_updates_are_disabled(void **state)
{
	assert_int_equal(exchange_update(&file), ERROR_DISABLED);
	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	assert_int_equal(
	    exchange_open(&file, unit_path("fifo")), ERROR_PERMISSION);
	assert_true(unit_log_has("cannot open PRNG exchange file"));
	assert_true(unit_log_has("not a regular file"));
	assert_int_equal(unit_log_complaints(), 1);
	assert_int_equal(exchange_update(&file), ERROR_DISABLED);
}

/* As it is when an administrator made the directory for root alone. */
static void
a_directory_of_others_is_an_error(void **state)
{
	if (geteuid() == 0)
		assert_int_equal(seteuid(OTHER_UID), 0);
	else
		assert_int_equal(chmod(unit_directory, 0500), 0);
	assert_int_equal(exchange_open(&file, unit_path("exch")), ERROR_IO);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	else
		assert_int_equal(chmod(unit_directory, 0700), 0);
	assert_true(unit_log_has("Permission denied"));
	assert_int_equal(exchange_update(&file), ERROR_DISABLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(a_new_file_is_filled),
		TEST(content_is_stirred_in_before_output_is_drawn),
		TEST(each_update_reads_what_the_last_wrote),
		TEST(a_short_or_long_file_becomes_as_long_as_it_should),
		TEST(a_removed_file_is_told),
		TEST(a_file_with_a_record_lock_is_not_waited_for),
		TEST(a_file_with_an_flock_is_not_waited_for),
		TEST(a_failed_generator_leaves_the_content),
		TEST(a_short_write_is_an_error),
		TEST(without_a_file_updates_are_disabled),
		TEST(a_directory_of_others_is_an_error),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

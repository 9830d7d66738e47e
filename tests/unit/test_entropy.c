/*
 * Unit tests of entropy.c and entropy_stream.c: sources by name; devices and
 * plain files, and FIFOs in their place.
 */
#include "entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "entropy_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void
write_file(const char *name, const char *text)
{
	int fd = open(unit_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
a_name_tells_kind_and_path(void **state)
{
	const char *const bad[] = { "", "dev:", "egd:" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
		unit_log_clear();
		assert_int_equal(
		    entropy_source_new(&source, bad[i]), ERROR_INVALID);
		assert_null(source);
		assert_true(unit_log_has("has no path"));
	}
	make_source("dev:", "/dev/urandom");
	assert_string_equal(source->path, "/dev/urandom");
	assert_false(entropy_source_reads_once(source));
	make_source("egd:", "/run/egd");
	assert_string_equal(source->path, "/run/egd");
	assert_false(entropy_source_reads_once(source));
	make_source("", "/some/file");
	assert_string_equal(source->path, "/some/file");
	assert_true(entropy_source_reads_once(source));
	entropy_source_free(NULL);
}

static void
a_source_that_is_not_there_is_named(void **state)
{
	make_source("dev:", unit_path("nothing"));
	assert_int_equal(entropy_source_open(source), ERROR_IO);
	assert_true(unit_log_has("cannot open entropy device"));
	make_source("", unit_path("nothing"));
	assert_int_equal(entropy_source_open(source), ERROR_IO);
	assert_true(unit_log_has("cannot open entropy file"));
	make_source("egd:", unit_path("nothing"));
	assert_int_equal(entropy_source_open(source), ERROR_IO);
	assert_true(unit_log_has("cannot connect to EGD server"));
	assert_true(unit_log_has("No such file or directory"));
	assert_false(entropy_source_is_open(source));
}

static void
a_device_gives_as_much_as_asked_up_to_255(void **state)
{
	unsigned char zero[ENTROPY_BYTES_MAX] = { 0 };

	open_source("dev:", "/dev/zero");
	assert_int_equal(fcntl(source->fd, F_GETFD), FD_CLOEXEC);
	for (size_t wanted = 1; wanted < 300; wanted += 50) {
		start_read(wanted);
		assert_got(zero, wanted < 255 ? wanted : 255);
		assert_true(entropy_source_is_open(source));
	}
	start_read(SIZE_MAX);
	assert_got(zero, 255);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
bytes_are_wiped_after_the_callback(void **state)
{
	unsigned char zero[ENTROPY_BYTES_MAX] = { 0 };

	open_source("dev:", "/dev/urandom");
	start_read(255);
	assert_int_equal(done.error, ERROR_NONE);
	assert_memory_not_equal(done.bytes, zero, sizeof(zero));
	assert_memory_equal(source->bytes, zero, sizeof(zero));
}

static void
a_device_at_its_end_is_closed(void **state)
{
	open_source("dev:", "/dev/null");
	start_read(32);
	assert_failed(
	    ERROR_CLOSED, "cannot read from entropy device /dev/null");
	assert_false(entropy_source_is_open(source));
}

static void
a_device_that_fails_is_closed(void **state)
{
	open_source("dev:", unit_directory);
	start_read(32);
	assert_failed(ERROR_IO, "Is a directory");
	assert_false(entropy_source_is_open(source));
}

static void
a_fifo_without_a_writer_does_not_block(void **state)
{
	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("dev:", unit_path("fifo"));
	start_read(32);
	assert_failed(ERROR_CLOSED, "cannot read from entropy device");
}

/* It is kept: it could not be opened again in the jail, and may yet speak. */
static void
a_silent_device_times_out_and_stays_open(void **state)
{
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("dev:", unit_path("fifo"));
	writer = open(unit_path("fifo"), O_WRONLY);
	start_read(8);
	loop_run_once(loop);
	clock_advance(ENTROPY_TIMEOUT_S - 1);
	loop_run_once(loop);
	assert_int_equal(done.calls, 0);
	clock_advance(1);
	finish_read();
	assert_failed(ERROR_TIMED_OUT, "timed out");
	assert_true(entropy_source_is_open(source));

	start_read(8);
	loop_run_once(loop);
	assert_int_equal(write(writer, "abcdefgh", 8), 8);
	finish_read();
	assert_got("abcdefgh", 8);
	close(writer);
}

/* What a slow device gave until the time was up is worth having. */
static void
what_a_slow_device_gave_in_time_is_used(void **state)
{
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("dev:", unit_path("fifo"));
	writer = open(unit_path("fifo"), O_WRONLY);
	start_read(32);
	assert_int_equal(write(writer, "ab", 2), 2);
	loop_run_once(loop);
	assert_int_equal(write(writer, "c", 1), 1);
	loop_run_once(loop);
	assert_int_equal(done.calls, 0);
	clock_advance(ENTROPY_TIMEOUT_S);
	finish_read();
	assert_got("abc", 3);
	assert_true(entropy_source_is_open(source));
	close(writer);
}

static void
a_file_is_read_once(void **state)
{
	write_file("file", "0123456789");
	open_source("", unit_path("file"));
	start_read(4);
	assert_got("0123", 4);
	assert_false(entropy_source_is_open(source));
	open_source("", unit_path("file"));
	start_read(32);
	assert_got("0123456789", 10);
	assert_int_equal(unit_log_complaints(), 0);
	write_file("file", "");
	open_source("", unit_path("file"));
	start_read(32);
	assert_failed(ERROR_CLOSED, "cannot read from entropy file");
}

static void
a_silent_fifo_in_the_place_of_a_file_times_out(void **state)
{
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("", unit_path("fifo"));
	writer = open(unit_path("fifo"), O_WRONLY);
	start_read(32);
	clock_advance(ENTROPY_TIMEOUT_S);
	finish_read();
	assert_failed(ERROR_TIMED_OUT, "cannot read from entropy file");
	close(writer);
}

static void
freeing_ends_a_read_without_its_callback(void **state)
{
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("dev:", unit_path("fifo"));
	writer = open(unit_path("fifo"), O_WRONLY);
	start_read(4);
	entropy_source_free(source);
	source = NULL;
	loop_run_once(loop);
	assert_int_equal(done.calls, 0);
	close(writer);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_tells_kind_and_path),
		TEST(a_source_that_is_not_there_is_named),
		TEST(a_device_gives_as_much_as_asked_up_to_255),
		TEST(bytes_are_wiped_after_the_callback),
		TEST(a_device_at_its_end_is_closed),
		TEST(a_device_that_fails_is_closed),
		TEST(a_fifo_without_a_writer_does_not_block),
		TEST(a_silent_device_times_out_and_stays_open),
		TEST(what_a_slow_device_gave_in_time_is_used),
		TEST(a_file_is_read_once),
		TEST(a_silent_fifo_in_the_place_of_a_file_times_out),
		TEST(freeing_ends_a_read_without_its_callback),
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

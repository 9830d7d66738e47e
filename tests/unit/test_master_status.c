/*
 * Unit tests of master_status, with a pipe in the place of master's. SIGALRM
 * ends a test in which a write waits.
 */
#include "master.h"

#include "clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define WAIT_MAX_S 20
#define GENERATION 0765

static int read_fd, write_fd;

static int
open_channel(void **state)
{
	int fds[2];

	alarm(WAIT_MAX_S);
	if (pipe(fds) < 0)
		return -1;
	read_fd = fds[0];
	write_fd = fds[1];
	return fcntl(read_fd, F_SETFL, O_NONBLOCK);
}

static int
close_channel(void **state)
{
	close(read_fd);
	close(write_fd);
	alarm(0);
	return 0;
}

/* The records that have arrived, as a string of their avail fields. */
static const char *
receive(void)
{
	static char seen[100];
	size_t count = 0;
	int record[3];

	while (read(read_fd, record, sizeof(record)) == sizeof(record)) {
		assert_int_equal(record[0], getpid());
		assert_int_equal(record[1], GENERATION);
		assert_in_range(record[2], 0, 1);
		assert_true(count < sizeof(seen) - 1);
		seen[count++] = (char)('0' + record[2]);
	}
	seen[count] = '\0';
	return seen;
}

/* Leave no room in the pipe, not even for one record. */
static void
fill_channel(void)
{
	char zero = 0;

	while (write(write_fd, &zero, 1) == 1)
		continue;
}

static void
empty_channel(void)
{
	char bytes[4096];

	while (read(read_fd, bytes, sizeof(bytes)) > 0)
		continue;
}

static void
the_first_pair_is_written_at_once(void **state)
{
	struct master_status status;

	master_status_init(&status, write_fd, GENERATION);
	assert_string_equal(receive(), "");
	master_status_ready(&status);
	assert_string_equal(receive(), "");
	master_status_busy(&status, clock_monotonic_us());
	assert_string_equal(receive(), "0");
	master_status_ready(&status);
	assert_string_equal(receive(), "1");
}

static void
there_is_one_pair_a_second_at_most(void **state)
{
	struct master_status status;

	master_status_init(&status, write_fd, GENERATION);
	for (unsigned second = 0; second < 3; second++) {
		for (unsigned request = 0; request < 1000; request++) {
			master_status_busy(&status, clock_monotonic_us());
			master_status_ready(&status);
		}
		clock_advance(1);
	}
	assert_string_equal(receive(), "010101");
}

/* Requests that overlap are one piece of work. */
static void
a_pair_that_was_begun_is_completed(void **state)
{
	struct master_status status;

	master_status_init(&status, write_fd, GENERATION);
	master_status_busy(&status, clock_monotonic_us());
	clock_advance(5);
	master_status_busy(&status, clock_monotonic_us());
	master_status_busy(&status, clock_monotonic_us());
	assert_string_equal(receive(), "0");
	master_status_ready(&status);
	master_status_ready(&status);
	assert_string_equal(receive(), "1");
	master_status_busy(&status, clock_monotonic_us());
	assert_string_equal(receive(), "0");
}

static void
a_full_channel_suppresses_the_whole_pair(void **state)
{
	struct master_status status;

	master_status_init(&status, write_fd, GENERATION);
	fill_channel();
	master_status_busy(&status, clock_monotonic_us());
	empty_channel();
	master_status_ready(&status);
	assert_string_equal(receive(), "");
	clock_advance(1);
	master_status_busy(&status, clock_monotonic_us());
	master_status_ready(&status);
	assert_string_equal(receive(), "01");
}

static void
ready_is_written_again_until_it_fits(void **state)
{
	struct master_status status;

	master_status_init(&status, write_fd, GENERATION);
	master_status_busy(&status, clock_monotonic_us());
	assert_string_equal(receive(), "0");
	fill_channel();
	master_status_ready(&status);
	empty_channel();
	master_status_busy(&status, clock_monotonic_us());
	assert_string_equal(receive(), "");
	master_status_ready(&status);
	assert_string_equal(receive(), "1");
}

static void
a_master_that_is_gone_is_left_alone(void **state)
{
	struct master_status status;

	signal(SIGPIPE, SIG_IGN); /* as main does */
	master_status_init(&status, write_fd, GENERATION);
	close(read_fd);
	master_status_busy(&status, clock_monotonic_us());
	master_status_ready(&status);
	assert_int_equal(status.fd, -1);
	assert_false(status.is_busy);
	signal(SIGPIPE, SIG_DFL);
}

static void
without_a_channel_nothing_is_written(void **state)
{
	struct master_status status;
	int closed_fd = dup(write_fd);

	master_status_init(&status, -1, GENERATION);
	master_status_busy(&status, clock_monotonic_us());
	master_status_ready(&status);
	assert_false(status.is_busy);
	close(closed_fd);
	master_status_init(&status, closed_fd, GENERATION);
	assert_int_equal(status.fd, -1);
	assert_string_equal(receive(), "");
}

#define STATUS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_channel, close_channel)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATUS_TEST(the_first_pair_is_written_at_once),
		STATUS_TEST(there_is_one_pair_a_second_at_most),
		STATUS_TEST(a_pair_that_was_begun_is_completed),
		STATUS_TEST(a_full_channel_suppresses_the_whole_pair),
		STATUS_TEST(ready_is_written_again_until_it_fits),
		STATUS_TEST(a_master_that_is_gone_is_left_alone),
		STATUS_TEST(without_a_channel_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

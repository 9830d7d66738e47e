/*
 * Unit tests of entropy_egd: servers of the Entropy Gathering Daemon's
 * protocol, which are this process itself, a step at a time.
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
#include <sys/socket.h>
#include <sys/un.h>

static int listener; /* -1: none */
static int server;   /* its connection; -1: none */

static int
setup_egd(void **state)
{
	listener = server = -1;
	return setup(state);
}

static int
teardown_egd(void **state)
{
	if (listener >= 0)
		close(listener);
	if (server >= 0)
		close(server);
	return teardown(state);
}

static void
listen_egd(const char *name, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", unit_path(name));
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, backlog), 0);
}

/* A connection between source and server. */
static void
connect_egd(void)
{
	if (listener < 0)
		listen_egd("egd", 5);
	open_source("egd:", unit_path("egd"));
	if (server >= 0)
		close(server);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
}

/* Start to read, and see the command arrive. */
static void
start_egd_read(size_t wanted, unsigned char expected)
{
	unsigned char command[3];

	start_read(wanted);
	assert_int_equal(done.calls, 0);
	assert_int_equal(read(server, command, sizeof(command)), 2);
	assert_int_equal(command[0], 1);
	assert_int_equal(command[1], expected);
}

static void
answer(const void *bytes, size_t len)
{
	assert_int_equal(write(server, bytes, len), len);
}

static void
a_server_gives_what_it_has_up_to_255(void **state)
{
	unsigned char full[256];

	connect_egd();
	assert_int_equal(fcntl(source->fd, F_GETFD), FD_CLOEXEC);
	start_egd_read(4, 4);
	answer("\4abcd", 5);
	finish_read();
	assert_got("abcd", 4);

	memset(full, 0xff, sizeof(full));
	start_egd_read(1000, 255);
	answer(full, sizeof(full));
	finish_read();
	assert_got(full, 255);

	/* It may give less than it was asked for. */
	start_egd_read(32, 32);
	answer("\1z", 2);
	finish_read();
	assert_got("z", 1);
	assert_true(entropy_source_is_open(source));
	assert_int_equal(unit_log_complaints(), 0);
}

static void
an_answer_may_come_byte_by_byte(void **state)
{
	connect_egd();
	start_egd_read(5, 5);
	for (int i = 0; i < 4; ++i) {
		answer(&"\4wxyz"[i], 1);
		loop_run_once(loop);
		assert_int_equal(done.calls, 0);
	}
	answer("z", 1);
	finish_read();
	assert_got("wxyz", 4);
}

static void
an_empty_answer_leaves_the_connection_open(void **state)
{
	connect_egd();
	start_egd_read(32, 32);
	answer("\0", 1);
	finish_read();
	assert_failed(ERROR_NOT_FOUND, "cannot read from EGD server");
	/* The two still understand each other. */
	assert_true(entropy_source_is_open(source));
	start_egd_read(32, 32);
	answer("\2ab", 3);
	finish_read();
	assert_got("ab", 2);
}

static void
more_than_was_asked_for_violates_the_protocol(void **state)
{
	connect_egd();
	start_egd_read(3, 3);
	answer("\4abcd", 5);
	finish_read();
	assert_failed(ERROR_PROTOCOL, "violates the protocol");
	assert_false(entropy_source_is_open(source));
}

static void
an_answer_that_ends_early_is_not_used(void **state)
{
	const char *const answers[] = { "", "\4", "\4abc" };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); ++i) {
		unit_log_clear();
		connect_egd();
		start_egd_read(4, 4);
		answer(answers[i], strlen(answers[i]));
		close(server);
		server = -1;
		finish_read();
		assert_failed(ERROR_CLOSED, "end of file");
		assert_false(entropy_source_is_open(source));
	}
}

/* The server has gone since: no SIGPIPE, and the next one is connected to. */
static void
a_restarted_server_is_connected_to_again(void **state)
{
	connect_egd();
	close(server);
	server = -1;
	start_read(4);
	finish_read();
	assert_failed(ERROR_CLOSED, "cannot read from EGD server");
	assert_int_equal(entropy_source_open(source), ERROR_NONE);
	server = accept(listener, NULL, NULL);
	start_egd_read(4, 4);
	answer("\1q", 2);
	finish_read();
	assert_got("q", 1);
}

/* An answer that stops half way is no use, nor is the connection. */
static void
an_answer_that_stops_half_way_times_out(void **state)
{
	const char *const answers[] = { "", "\4", "\4abc" };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); ++i) {
		unit_log_clear();
		connect_egd();
		start_egd_read(4, 4);
		answer(answers[i], strlen(answers[i]));
		loop_run_once(loop);
		assert_int_equal(done.calls, 0);
		clock_advance(ENTROPY_TIMEOUT_S);
		finish_read();
		assert_failed(ERROR_TIMED_OUT, "timed out");
		assert_false(entropy_source_is_open(source));
	}
}

/* It listens, but accepts nobody: connections pend until there is no room. */
static void
a_server_that_accepts_nobody_does_not_block(void **state)
{
	int fds[8];
	size_t count = 0;

	listen_egd("egd", 0);
	open_source("egd:", unit_path("egd"));
	start_read(4);
	clock_advance(ENTROPY_TIMEOUT_S);
	finish_read();
	assert_failed(ERROR_TIMED_OUT, "timed out");
	while (count < 8 && entropy_source_open(source) == ERROR_NONE) {
		fds[count++] = source->fd;
		source->fd = -1;
	}
	assert_true(count < 8);
	assert_true(unit_log_has("cannot connect to EGD server"));
	while (count > 0)
		close(fds[--count]);
}

static void
a_path_that_is_too_long_is_refused(void **state)
{
	char path[200];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	make_source("egd:", path);
	assert_int_equal(entropy_source_open(source), ERROR_IO);
	assert_true(unit_log_has("File name too long"));
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup_egd, teardown_egd)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_gives_what_it_has_up_to_255),
		TEST(an_answer_may_come_byte_by_byte),
		TEST(an_empty_answer_leaves_the_connection_open),
		TEST(more_than_was_asked_for_violates_the_protocol),
		TEST(an_answer_that_ends_early_is_not_used),
		TEST(a_restarted_server_is_connected_to_again),
		TEST(an_answer_that_stops_half_way_times_out),
		TEST(a_server_that_accepts_nobody_does_not_block),
		TEST(a_path_that_is_too_long_is_refused),
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

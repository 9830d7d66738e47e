/*
 * Unit tests of the entropy sources. The EGD servers are this process itself,
 * a step at a time; time runs out because the clock is moved. An alarm ends
 * the program where a call would hang.
 */
#include "entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "entropy_ops.h"
#include "loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../lib/unit.h"

#define HANG_S    30
#define TURNS_MAX 100

static struct loop *loop;
static struct entropy_source *source;
static int listener; /* of the EGD server; -1: none */
static int server;   /* its connection; -1: none */

/* What the callback was given. */
static struct {
	unsigned calls;
	enum error error;
	size_t len;
	unsigned char bytes[ENTROPY_BYTES_MAX];
} done;

static int
setup(void **state)
{
	loop = loop_new();
	source = NULL;
	listener = server = -1;
	memset(&done, 0, sizeof(done));
	return unit_setup(state);
}

static int
teardown(void **state)
{
	entropy_source_free(source);
	loop_free(loop);
	if (listener >= 0)
		close(listener);
	if (server >= 0)
		close(server);
	return unit_teardown(state);
}

static void
source_done(void *arg, enum error error, const void *bytes, size_t len)
{
	assert_ptr_equal(arg, &done);
	assert_true(len <= sizeof(done.bytes));
	++done.calls;
	done.error = error;
	done.len = len;
	memcpy(done.bytes, bytes, len);
}

static void
make_source(const char *prefix, const char *path)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s%s", prefix, path);
	entropy_source_free(source);
	assert_int_equal(entropy_source_new(&source, name), ERROR_NONE);
	assert_string_equal(entropy_source_name(source), name);
	assert_false(entropy_source_is_open(source));
}

static void
open_source(const char *prefix, const char *path)
{
	make_source(prefix, path);
	assert_int_equal(entropy_source_open(source), ERROR_NONE);
	assert_true(entropy_source_is_open(source));
}

static void
start_read(size_t wanted)
{
	memset(&done, 0, sizeof(done));
	entropy_source_read(source, loop, wanted, source_done, &done);
}

/* Turn the loop until the read is over. */
static void
finish_read(void)
{
	for (int i = 0; i < TURNS_MAX && done.calls == 0; ++i)
		loop_run_once(loop);
	assert_int_equal(done.calls, 1);
}

static void
assert_got(const void *bytes, size_t len)
{
	assert_int_equal(done.calls, 1);
	assert_int_equal(done.error, ERROR_NONE);
	assert_int_equal(done.len, len);
	assert_memory_equal(done.bytes, bytes, len);
}

static void
assert_failed(enum error error, const char *line)
{
	assert_int_equal(done.calls, 1);
	assert_int_equal(done.error, error);
	assert_int_equal(done.len, 0);
	assert_true(unit_log_has(line));
	assert_int_equal(unit_log_complaints(), 1);
}

static void
write_file(const char *name, const char *text)
{
	int fd = open(unit_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Names and kinds. */

static void
test_names(void **state)
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
test_missing(void **state)
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

/* Devices. */

static void
test_device(void **state)
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
test_bytes_are_wiped(void **state)
{
	unsigned char zero[ENTROPY_BYTES_MAX] = { 0 };

	open_source("dev:", "/dev/urandom");
	start_read(255);
	assert_int_equal(done.error, ERROR_NONE);
	assert_memory_not_equal(done.bytes, zero, sizeof(zero));
	assert_memory_equal(source->bytes, zero, sizeof(zero));
}

static void
test_device_at_its_end(void **state)
{
	open_source("dev:", "/dev/null");
	start_read(32);
	assert_failed(
	    ERROR_CLOSED, "cannot read from entropy device /dev/null");
	assert_false(entropy_source_is_open(source));
}

static void
test_device_that_fails(void **state)
{
	open_source("dev:", unit_directory);
	start_read(32);
	assert_failed(ERROR_IO, "Is a directory");
	assert_false(entropy_source_is_open(source));
}

static void
test_fifo_without_writer(void **state)
{
	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	open_source("dev:", unit_path("fifo"));
	start_read(32);
	assert_failed(ERROR_CLOSED, "cannot read from entropy device");
}

/* It is kept: it could not be opened again in the jail, and may yet speak. */
static void
test_silent_device(void **state)
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
test_slow_device(void **state)
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

/* Plain files. */

static void
test_file(void **state)
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
test_plain_path_of_a_silent_fifo(void **state)
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
test_free_during_read(void **state)
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

/* EGD servers. */

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
test_egd(void **state)
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
test_egd_byte_by_byte(void **state)
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
test_egd_has_nothing(void **state)
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
test_egd_gives_too_much(void **state)
{
	connect_egd();
	start_egd_read(3, 3);
	answer("\4abcd", 5);
	finish_read();
	assert_failed(ERROR_PROTOCOL, "violates the protocol");
	assert_false(entropy_source_is_open(source));
}

static void
test_egd_closes(void **state)
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
test_egd_restarts(void **state)
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
test_egd_silent(void **state)
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
test_egd_accepts_nobody(void **state)
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
test_egd_path_too_long(void **state)
{
	char path[200];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	make_source("egd:", path);
	assert_int_equal(entropy_source_open(source), ERROR_IO);
	assert_true(unit_log_has("File name too long"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_names),
		TEST(test_missing),
		TEST(test_device),
		TEST(test_bytes_are_wiped),
		TEST(test_device_at_its_end),
		TEST(test_device_that_fails),
		TEST(test_fifo_without_writer),
		TEST(test_silent_device),
		TEST(test_slow_device),
		TEST(test_file),
		TEST(test_plain_path_of_a_silent_fifo),
		TEST(test_free_during_read),
		TEST(test_egd),
		TEST(test_egd_byte_by_byte),
		TEST(test_egd_has_nothing),
		TEST(test_egd_gives_too_much),
		TEST(test_egd_closes),
		TEST(test_egd_restarts),
		TEST(test_egd_silent),
		TEST(test_egd_accepts_nobody),
		TEST(test_egd_path_too_long),
#undef TEST
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

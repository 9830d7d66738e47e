/*
 * Unit tests of log and its transports, against sockets in the place of those
 * of syslogd and postlogd. SIGALRM ends a test in which a line waits.
 */
#include "log.h"

#include "clock.h"
#include "log_transport.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "cmocka_range.h"

#define WAIT_MAX_S 20
#define TIME_ZONE  "CET-1CEST,M3.5.0,M10.5.0/3"

static char directory[] = "/tmp/test_log.XXXXXX";

/* The lines that a sink took. */
static struct {
	unsigned count;
	enum log_level level;
	char text[LOG_LINE_MAX + 100];
} taken;

static void
take_line(void *arg, enum log_level level, const char *text)
{
	assert_ptr_equal(arg, &taken);
	taken.count++;
	taken.level = level;
	snprintf(taken.text, sizeof(taken.text), "%s", text);
}

static void
assert_taken(unsigned count, enum log_level level, const char *text)
{
	assert_int_equal(taken.count, count);
	assert_int_equal(taken.level, level);
	assert_string_equal(taken.text, text);
}

/* Bind a socket that nobody reads until asked to. */
static int
bind_socket(const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	unlink(name);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* The next line that has arrived, with a NUL; -1: none has. */
static ssize_t
receive(int fd, char *line, size_t size)
{
	ssize_t len = recv(fd, line, size - 1, MSG_DONTWAIT);

	if (len >= 0) {
		line[len] = '\0';
		assert_int_equal(strlen(line), len);
	}
	return len;
}

static unsigned
drain(int fd)
{
	char line[4096];
	unsigned count = 0;

	while (receive(fd, line, sizeof(line)) >= 0)
		count++;
	return count;
}

/*
 * The next line is `before`, the time (now, or a moment ago), and `after`, in
 * which a %d stands for the process id.
 */
static void
assert_received(int fd, const char *before, const char *after)
{
	char line[4096], expected[4096], tail[1024], stamp[32];
	time_t now = clock_wall_s();
	struct tm tm;

	assert_true(receive(fd, line, sizeof(line)) > 0);
	snprintf(tail, sizeof(tail), "%.*s%d%s",
	    (int)(strstr(after, "%d") - after), after, (int)getpid(),
	    strstr(after, "%d") + 2);
	for (int age_s = 0; age_s < 5; age_s++) {
		time_t then = now - age_s;

		strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S ",
		    localtime_r(&then, &tm));
		snprintf(
		    expected, sizeof(expected), "%s%s%s", before, stamp, tail);
		if (strcmp(line, expected) == 0)
			return;
	}
	assert_string_equal(line, expected);
}

static int
enter_directory(void **state)
{
	return mkdtemp(directory) != NULL ? chdir(directory) : -1;
}

static int
leave_directory(void **state)
{
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* Leave behind an offset from UTC that no other test has. */
static void
learn_wrong_zone(void)
{
	setenv("TZ", "WRONG-7:21", 1);
	tzset();
	log_line_learn_zone(0);
	setenv("TZ", TIME_ZONE, 1);
	tzset();
}

static int
set_up(void **state)
{
	alarm(WAIT_MAX_S);
	learn_wrong_zone();
	memset(&taken, 0, sizeof(taken));
	log_set_tag("postfix/tlsmgr");
	return 0;
}

static int
tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	log_close();
	log_set_verbosity(0);
	log_enable_stderr(false);
	unlink("syslog");
	unlink("postlog");
	alarm(0);
	return 0;
}

static void
test_sink_takes_every_line(void **state)
{
	log_set_sink(take_line, &taken);
	log_info("number %d", 1);
	assert_taken(1, LOG_LEVEL_INFO, "number 1");
	log_warning("number %d", 2);
	assert_taken(2, LOG_LEVEL_WARNING, "number 2");
	log_error("number %d", 3);
	assert_taken(3, LOG_LEVEL_ERROR, "number 3");
	log_emergency(LOG_LEVEL_FATAL, "number 4");
	assert_taken(4, LOG_LEVEL_FATAL, "number 4");
}

static void
test_debug_lines_only_when_verbose(void **state)
{
	log_set_sink(take_line, &taken);
	log_debug("unseen");
	assert_int_equal(taken.count, 0);
	log_set_verbosity(1);
	assert_int_equal(log_verbosity(), 1);
	log_debug("seen");
	assert_taken(1, LOG_LEVEL_INFO, "seen");
}

static void
test_errno_is_kept(void **state)
{
	log_open_syslog("mail"); /* perhaps nobody is there: errno changes */
	assert_int_equal(log_postlog_open("nowhere", "host"), ERROR_IO);
	errno = EXDEV;
	log_info("%s", "text");
	assert_int_equal(errno, EXDEV);
	log_emergency(LOG_LEVEL_FATAL, "text");
	assert_int_equal(errno, EXDEV);
	log_close();
}

static void
test_lines_are_cut(void **state)
{
	char text[LOG_LINE_MAX * 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_sink(take_line, &taken);
	log_info("%s", text);
	assert_int_equal(strlen(taken.text), LOG_LINE_MAX);
	/* A character that is cut in half is not a character any more. */
	memcpy(text + LOG_LINE_MAX - 1, "\xc3\xa9", 2);
	log_info("%s", text);
	assert_int_equal(strlen(taken.text), LOG_LINE_MAX);
	assert_int_equal(taken.text[LOG_LINE_MAX - 1], '?');
}

static void
test_lines_are_printable(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "plain ~ text", "plain ~ text" },
		{ "tab\t newline\n esc\033[1m del\177", "tab? newline? "
							"esc?[1m del?" },
		{ "t\xc3\xa9st \xe2\x82\xac \xf0\x9f\x98\x80",
		    "t\xc3\xa9st \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xc2\xa0|\xdf\xbf|\xe0\xa0\x80|\xef\xbf\xbf|"
		  "\xf4\x8f\xbf\xbf",
		    "\xc2\xa0|\xdf\xbf|\xe0\xa0\x80|\xef\xbf\xbf|"
		    "\xf4\x8f\xbf\xbf" },
		{ "latin1 \xe9 x", "latin1 ? x" },
		{ "\x80\xbf\xfe\xff", "????" },
		{ "control \xc2\x9b"
		  "2J",
		    "control ??2J" },
		{ "overlong \xc0\x8a|\xc1\xbf|\xe0\x9f\xbf|\xf0\x8f\xbf\xbf",
		    "overlong ??|??|???|????" },
		{ "surrogate \xed\xa0\x80|\xed\xbf\xbf|\xed\x9f\xbf",
		    "surrogate ???|???|\xed\x9f\xbf" },
		{ "range \xf4\x90\x80\x80|\xf5\x80\x80\x80",
		    "range ????|????" },
		{ "cut \xe2\x82", "cut ??" },
		{ "cut \xc3(", "cut ?(" },
		{ "cut \xf0\x9f\x98 ", "cut ??? " },
	};

	log_set_sink(take_line, &taken);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_info("%s", cases[i].text);
		assert_string_equal(taken.text, cases[i].printed);
	}
}

static void
test_time_is_local_time(void **state)
{
	struct log_line line;
	char expected[64];
	struct tm tm;

	/* Every day and every hour has its turn, until the year 2106. */
	for (time_t now = 0; now < 4294967296; now += 54321) {
		strftime(expected, sizeof(expected), "%b %e %H:%M:%S ",
		    localtime_r(&now, &tm));
		log_line_init(&line);
		log_line_learn_zone(now);
		log_line_append_time(&line, now);
		assert_int_equal(line.len, strlen(expected));
		assert_memory_equal(line.bytes, expected, line.len);
	}
}

static void
test_syslog_datagram(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	log_info("a %s", "text");
	assert_received(fd, "<22>", "postfix/tlsmgr[%d]: a text");
	log_warning("text");
	assert_received(fd, "<20>", "postfix/tlsmgr[%d]: warning: text");
	log_error("text");
	assert_received(fd, "<19>", "postfix/tlsmgr[%d]: error: text");
	log_emergency(LOG_LEVEL_FATAL, "text");
	assert_received(fd, "<18>", "postfix/tlsmgr[%d]: fatal: text");
	log_emergency(LOG_LEVEL_PANIC, "text");
	assert_received(fd, "<18>", "postfix/tlsmgr[%d]: panic: text");
	log_set_tag("a\nb/tlsmgr");
	log_info("text");
	assert_received(fd, "<22>", "a?b/tlsmgr[%d]: text");
	close(fd);
}

static void
test_syslog_facility(void **state)
{
	static const struct {
		const char *name, *priority;
	} cases[] = { { "daemon", "<30>" }, { "local0", "<134>" },
		{ "local7", "<190>" }, { "user", "<14>" }, { "kern", "<6>" } };
	int fd = bind_socket("syslog", SOCK_DGRAM);

	assert_int_equal(log_syslog_open("syslog", "nonesuch"), ERROR_INVALID);
	assert_int_equal(log_syslog_open("syslog", ""), ERROR_INVALID);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    log_syslog_open("syslog", cases[i].name), ERROR_NONE);
		log_info("text");
		assert_received(
		    fd, cases[i].priority, "postfix/tlsmgr[%d]: text");
	}
	close(fd);
}

static void
test_syslog_stream(void **state)
{
	int fd = bind_socket("syslog", SOCK_STREAM);
	char text[100];
	int client_fd;
	ssize_t len;

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	log_info("one");
	log_info("two");
	client_fd = accept(fd, NULL, NULL);
	len = recv(client_fd, text, sizeof(text), MSG_DONTWAIT);
	assert_true(len > 0);
	assert_int_equal(text[len - 1], '\0');
	assert_string_equal(strstr(text, "]: "), "]: one");
	assert_int_equal(strlen(text) + 1, len / 2);
	assert_string_equal(strstr(text + len / 2, "]: "), "]: two");
	close(client_fd);
	close(fd);
}

static void
test_postlog_datagram(void **state)
{
	int fd = bind_socket("postlog", SOCK_DGRAM);

	assert_int_equal(
	    log_open_postlog("postlog", "mx1.example.com"), ERROR_NONE);
	log_info("a text");
	assert_received(fd, "", "mx1 postfix/tlsmgr[%d]: a text");
	log_warning("text");
	assert_received(fd, "", "mx1 postfix/tlsmgr[%d]: warning: text");
	assert_int_equal(log_open_postlog("postlog", "mx2"), ERROR_NONE);
	log_error("text");
	assert_received(fd, "", "mx2 postfix/tlsmgr[%d]: error: text");
	close(fd);
}

static void
test_line_is_bounded(void **state)
{
	struct log_line line;

	log_line_init(&line);
	for (size_t i = 0; i < sizeof(line.bytes); i++) {
		log_line_append(&line, "abc");
		log_line_append_number(&line, 18446744073709551615ul);
	}
	assert_int_equal(line.len, sizeof(line.bytes));
	assert_memory_equal(line.bytes, "abc18446744073709551615abc", 26);
}

/* The longest of everything arrives whole. */
static void
test_longest_line(void **state)
{
	char text[LOG_LINE_MAX + 1], tag[LOG_TAG_MAX + 1];
	char host[LOG_HOST_MAX + 1], line[4096];
	int fd = bind_socket("postlog", SOCK_DGRAM);

	memset(text, 'x', sizeof(text) - 1);
	memset(tag, 't', sizeof(tag) - 1);
	memset(host, 'h', sizeof(host) - 1);
	text[sizeof(text) - 1] = tag[sizeof(tag) - 1] = '\0';
	host[sizeof(host) - 1] = '\0';
	log_set_tag(tag);
	assert_int_equal(log_open_postlog("postlog", host), ERROR_NONE);
	log_warning("%s", text);
	assert_true(receive(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, host));
	assert_non_null(strstr(line, tag));
	assert_string_equal(strstr(line, "warning: ") + 9, text);
	close(fd);
}

static void
test_postlog_before_syslog(void **state)
{
	int syslog_fd = bind_socket("syslog", SOCK_DGRAM);
	int postlog_fd = bind_socket("postlog", SOCK_DGRAM);

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	assert_int_equal(log_open_postlog("postlog", "host"), ERROR_NONE);
	log_info("text");
	assert_int_equal(drain(syslog_fd), 0);
	assert_int_equal(drain(postlog_fd), 1);
	log_close_postlog();
	log_info("text");
	assert_int_equal(drain(syslog_fd), 1);
	assert_int_equal(drain(postlog_fd), 0);
	close(syslog_fd);
	close(postlog_fd);
}

static void
test_full_postlog_falls_back_to_syslog(void **state)
{
	int syslog_fd = bind_socket("syslog", SOCK_DGRAM);
	int postlog_fd = bind_socket("postlog", SOCK_DGRAM);
	unsigned sent = 0, missed = 0;
	char notice[100];

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	assert_int_equal(log_open_postlog("postlog", "host"), ERROR_NONE);
	while (missed < 3) {
		log_info("text");
		sent++;
		missed += drain(syslog_fd);
	}
	assert_true(drain(postlog_fd) < sent - missed);
	/* What it had no time for then it gets now, in order. */
	while (log_flush() != UINT64_MAX)
		drain(postlog_fd);
	drain(postlog_fd);
	log_info("again");
	snprintf(notice, sizeof(notice),
	    "host postfix/tlsmgr[%%d]: warning: "
	    "log: %u lines before this are missing",
	    missed);
	assert_received(postlog_fd, "", notice);
	assert_received(postlog_fd, "", "host postfix/tlsmgr[%d]: again");
	log_info("and again");
	assert_int_equal(drain(postlog_fd), 1);
	close(syslog_fd);
	close(postlog_fd);
}

/* What a log daemon had no time for goes to the next one, without a new line.
 */
static void
test_what_is_kept_outlives_the_log_daemon(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	unsigned arrived;

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned i = 0; i < 1000; i++)
		log_info("text");
	arrived = drain(fd);
	assert_in_range(log_flush(), 1, 100000);
	arrived += drain(fd);
	assert_true(arrived < 1000);
	close(fd);
	unlink("syslog");
	/* It is looked for now and then, not all the time. */
	assert_in_range(log_flush(), 500000, 1000000);
	fd = bind_socket("syslog", SOCK_DGRAM);
	assert_in_range(log_flush(), 1, 1000000);
	assert_int_equal(drain(fd), 0);
	clock_advance(2);
	while (log_flush() != UINT64_MAX)
		arrived += drain(fd);
	arrived += drain(fd);
	assert_int_equal(arrived, 1000);
	close(fd);
}

static void
test_full_syslog_loses_and_counts(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	unsigned arrived;
	char notice[100];

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned i = 0; i < 5000; i++)
		log_info("text");
	arrived = drain(fd);
	while (log_flush() != UINT64_MAX)
		arrived += drain(fd);
	arrived += drain(fd);
	assert_true(arrived > 1000 && arrived < 5000);
	log_info("again");
	snprintf(notice, sizeof(notice),
	    "postfix/tlsmgr[%%d]: warning: "
	    "log: %u lines before this are missing",
	    5000 - arrived);
	assert_received(fd, "<20>", notice);
	assert_received(fd, "<22>", "postfix/tlsmgr[%d]: again");
	close(fd);
}

static void
restart_syslogd(int type)
{
	int fd = bind_socket("syslog", type);

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	log_info("before");
	close(fd);
	fd = bind_socket("syslog", SOCK_DGRAM);
	log_info("after");
	assert_received(fd, "<22>", "postfix/tlsmgr[%d]: after");
	close(fd);
	unlink("syslog");
	log_info("nobody there");
	log_info("nobody there");
	log_emergency(LOG_LEVEL_FATAL, "nobody there");
	fd = bind_socket("syslog", SOCK_DGRAM);
	log_info("back");
	assert_received(fd, "<20>",
	    "postfix/tlsmgr[%d]: warning: "
	    "log: 3 lines before this are missing");
	assert_received(fd, "<22>", "postfix/tlsmgr[%d]: back");
	close(fd);
}

static void
test_syslogd_is_restarted(void **state)
{
	restart_syslogd(SOCK_DGRAM);
	restart_syslogd(SOCK_STREAM);
}

static void
test_nobody_there_at_the_start(void **state)
{
	char path[200];
	int fd;

	assert_int_equal(log_open_postlog("postlog", "host"), ERROR_IO);
	assert_int_equal(errno, ENOENT);
	fd = bind_socket("postlog", SOCK_DGRAM);
	log_info("text");
	assert_received(fd, "", "host postfix/tlsmgr[%d]: text");
	close(fd);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(log_open_postlog(path, "host"), ERROR_TOO_LARGE);
}

/* What a piece of code writes to standard error. */
static void
capture_stderr(void (*code)(void), char *text, size_t size)
{
	int saved = dup(STDERR_FILENO);
	int fds[2];
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	code();
	dup2(saved, STDERR_FILENO);
	close(saved);
	len = read(fds[0], text, size - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	close(fds[0]);
}

static void
write_warning(void)
{
	log_warning("a text");
}

static void
test_standard_error(void **state)
{
	char text[200];
	int fd = bind_socket("syslog", SOCK_DGRAM);

	capture_stderr(write_warning, text, sizeof(text));
	assert_string_equal(text, "postfix/tlsmgr: warning: a text\n");
	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	capture_stderr(write_warning, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(drain(fd), 1);
	log_enable_stderr(true);
	capture_stderr(write_warning, text, sizeof(text));
	assert_string_equal(text, "postfix/tlsmgr: warning: a text\n");
	assert_int_equal(drain(fd), 1);
	close(fd);
}

static void
write_last_words(void)
{
	log_emergency(LOG_LEVEL_FATAL, "a text");
}

/* What ends the process is said where anybody may hear it. */
static void
test_last_words_that_no_log_takes(void **state)
{
	char text[200];
	int fd = bind_socket("syslog", SOCK_DGRAM);

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	capture_stderr(write_last_words, text, sizeof(text));
	assert_string_equal(text, "");
	close(fd);
	unlink("syslog");
	capture_stderr(write_last_words, text, sizeof(text));
	assert_string_equal(text, "postfix/tlsmgr: fatal: a text\n");
	/* There will be others. */
	capture_stderr(write_warning, text, sizeof(text));
	assert_string_equal(text, "");
}

static void
end_fatally(void *arg)
{
	(void)arg;
	log_fatal("the %s is gone", "world");
}

static void
end_in_panic(void *arg)
{
	(void)arg;
	log_panic("%d and %d differ", 1, 2);
}

static void
test_fatal_and_panic_end_the_process(void **state)
{
	struct child child;

	child_run(&child, end_fatally, NULL);
	child_assert_exited(&child, 1);
	assert_string_equal(child.lines, "fatal: the world is gone\n");
	child_run(&child, end_in_panic, NULL);
	child_assert_killed(&child, SIGABRT);
	assert_string_equal(child.lines, "panic: 1 and 2 differ\n");
}

static void
test_limit(void **state)
{
	struct log_limit limit = { 0 }, other = { 0 };

	assert_true(log_limit_allows(&limit, 60));
	assert_int_equal(limit.suppressed, 0);
	assert_false(log_limit_allows(&limit, 60));
	assert_true(log_limit_allows(&other, 60));
	clock_advance(58);
	assert_false(log_limit_allows(&limit, 60));
	clock_advance(3);
	assert_true(log_limit_allows(&limit, 60));
	assert_int_equal(limit.suppressed, 2);
	assert_false(log_limit_allows(&limit, 60));
	clock_advance(61);
	assert_true(log_limit_allows(&limit, 60));
	assert_int_equal(limit.suppressed, 1);
}

#define LOG_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_sink_takes_every_line),
		LOG_TEST(test_debug_lines_only_when_verbose),
		LOG_TEST(test_errno_is_kept),
		LOG_TEST(test_lines_are_cut),
		LOG_TEST(test_lines_are_printable),
		LOG_TEST(test_time_is_local_time),
		LOG_TEST(test_syslog_datagram),
		LOG_TEST(test_syslog_facility),
		LOG_TEST(test_syslog_stream),
		LOG_TEST(test_postlog_datagram),
		LOG_TEST(test_line_is_bounded),
		LOG_TEST(test_longest_line),
		LOG_TEST(test_postlog_before_syslog),
		LOG_TEST(test_full_postlog_falls_back_to_syslog),
		LOG_TEST(test_what_is_kept_outlives_the_log_daemon),
		LOG_TEST(test_full_syslog_loses_and_counts),
		LOG_TEST(test_syslogd_is_restarted),
		LOG_TEST(test_nobody_there_at_the_start),
		LOG_TEST(test_standard_error),
		LOG_TEST(test_last_words_that_no_log_takes),
		LOG_TEST(test_fatal_and_panic_end_the_process),
		LOG_TEST(test_limit),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

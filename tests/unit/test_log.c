/*
 * Unit tests of log.c and log_line.c: what a line looks like, which lines are
 * written, and where to when no log daemon takes them.
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "log_fixture.h"

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

static void
set_sink(void)
{
	memset(&taken, 0, sizeof(taken));
	log_set_sink(take_line, &taken);
}

static void
the_sink_takes_every_line(void **state)
{
	set_sink();
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
debug_lines_are_written_only_with_v(void **state)
{
	set_sink();
	log_debug("unseen");
	assert_int_equal(taken.count, 0);
	log_set_verbosity(1);
	log_debug("seen");
	assert_taken(1, LOG_LEVEL_INFO, "seen");
}

static void
errno_is_kept(void **state)
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
long_lines_are_cut(void **state)
{
	char text[LOG_LINE_MAX * 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set_sink();
	log_info("%s", text);
	assert_int_equal(strlen(taken.text), LOG_LINE_MAX);
	/* A character that is cut in half is not a character any more. */
	memcpy(text + LOG_LINE_MAX - 1, "\xc3\xa9", 2);
	log_info("%s", text);
	assert_int_equal(strlen(taken.text), LOG_LINE_MAX);
	assert_int_equal(taken.text[LOG_LINE_MAX - 1], '?');
}

static void
what_is_not_printable_becomes_a_question_mark(void **state)
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
		{ "override \xe2\x80\xae"
		  "gpj.exe",
		    "override ???gpj.exe" },
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

	set_sink();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_info("%s", cases[i].text);
		assert_string_equal(taken.text, cases[i].printed);
	}
}

static void
the_time_is_local_time_on_every_day(void **state)
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
a_line_never_outgrows_its_buffer(void **state)
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
standard_error_gets_lines_without_a_log_or_when_asked(void **state)
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
a_fatal_line_that_no_log_takes_goes_to_standard_error(void **state)
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
fatal_and_panic_end_the_process(void **state)
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
a_limit_allows_one_line_a_period_and_counts_the_rest(void **state)
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

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_sink_takes_every_line),
		TEST(debug_lines_are_written_only_with_v),
		TEST(errno_is_kept),
		TEST(long_lines_are_cut),
		TEST(what_is_not_printable_becomes_a_question_mark),
		TEST(the_time_is_local_time_on_every_day),
		TEST(a_line_never_outgrows_its_buffer),
		TEST(standard_error_gets_lines_without_a_log_or_when_asked),
		TEST(a_fatal_line_that_no_log_takes_goes_to_standard_error),
		TEST(fatal_and_panic_end_the_process),
		TEST(a_limit_allows_one_line_a_period_and_counts_the_rest),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

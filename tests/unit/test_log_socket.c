/*
 * Unit tests of log_socket.c, log_syslog.c and log_postlog.c: lines as log
 * daemons get them, and what becomes of lines while one is slow or gone.
 */
#include "log.h"

#include "clock.h"
#include "log_transport.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "log_fixture.h"

static void
syslog_lines_have_priority_time_and_tag(void **state)
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
the_facility_is_part_of_the_priority(void **state)
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
lines_on_a_stream_end_with_a_nul(void **state)
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
postlog_lines_have_time_host_and_tag(void **state)
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

/* The longest of everything arrives whole. */
static void
the_longest_line_arrives_whole(void **state)
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
postlog_comes_before_syslog(void **state)
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
a_line_that_a_full_postlog_refuses_goes_to_syslog(void **state)
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
	while (log_write_backlog() != UINT64_MAX)
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
queued_lines_go_to_the_next_log_daemon(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	unsigned arrived;

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned i = 0; i < 1000; i++)
		log_info("text");
	arrived = drain(fd);
	assert_in_range(log_write_backlog(), 1, 100000);
	arrived += drain(fd);
	assert_true(arrived < 1000);
	close(fd);
	unlink("syslog");
	/* It is looked for now and then, not all the time. */
	assert_in_range(log_write_backlog(), 500000, 1000000);
	fd = bind_socket("syslog", SOCK_DGRAM);
	assert_in_range(log_write_backlog(), 1, 1000000);
	assert_int_equal(drain(fd), 0);
	clock_advance(2);
	while (log_write_backlog() != UINT64_MAX)
		arrived += drain(fd);
	arrived += drain(fd);
	assert_int_equal(arrived, 1000);
	close(fd);
}

static void
lines_that_a_full_syslog_loses_are_counted(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	unsigned arrived;
	char notice[100];

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned i = 0; i < 5000; i++)
		log_info("text");
	arrived = drain(fd);
	while (log_write_backlog() != UINT64_MAX)
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

static unsigned
count_reports(int fd)
{
	unsigned count = 0;
	char line[4096];

	while (receive(fd, line, sizeof(line)) > 0)
		count += strstr(line, "are missing") != NULL;
	return count;
}

/* Its queue is emptied again and again, and always too late. */
static void
lines_about_missing_lines_do_not_add_to_a_flood(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	unsigned reports = 0;

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 5000; i++)
			log_info("text");
		while (log_write_backlog() != UINT64_MAX)
			reports += count_reports(fd);
		reports += count_reports(fd);
	}
	assert_int_equal(reports, 1);
	clock_advance(1);
	log_info("text");
	assert_int_equal(count_reports(fd), 1);
	close(fd);
}

/* Though the last of those lines was not long ago. */
static void
what_is_missing_is_said_before_the_end(void **state)
{
	int fd = bind_socket("syslog", SOCK_DGRAM);
	char line[4096];

	assert_int_equal(log_syslog_open("syslog", "mail"), ERROR_NONE);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5000; i++)
			log_info("text");
		while (log_write_backlog() != UINT64_MAX)
			drain(fd);
		drain(fd);
	}
	log_info("text");
	assert_true(receive(fd, line, sizeof(line)) > 0);
	assert_null(strstr(line, "are missing"));
	log_close();
	assert_true(receive(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "are missing"));
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
a_restarted_syslogd_is_connected_to_again(void **state)
{
	restart_syslogd(SOCK_DGRAM);
	clock_advance(1);
	restart_syslogd(SOCK_STREAM);
}

static void
a_postlog_that_comes_late_is_connected_to(void **state)
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

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(syslog_lines_have_priority_time_and_tag),
		TEST(the_facility_is_part_of_the_priority),
		TEST(lines_on_a_stream_end_with_a_nul),
		TEST(postlog_lines_have_time_host_and_tag),
		TEST(the_longest_line_arrives_whole),
		TEST(postlog_comes_before_syslog),
		TEST(a_line_that_a_full_postlog_refuses_goes_to_syslog),
		TEST(queued_lines_go_to_the_next_log_daemon),
		TEST(lines_that_a_full_syslog_loses_are_counted),
		TEST(lines_about_missing_lines_do_not_add_to_a_flood),
		TEST(what_is_missing_is_said_before_the_end),
		TEST(a_restarted_syslogd_is_connected_to_again),
		TEST(a_postlog_that_comes_late_is_connected_to),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

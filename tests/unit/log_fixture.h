/*
 * log_fixture: a directory of the test's own, and sockets in the place of those
 * of syslogd and postlogd. SIGALRM ends a test in which a line waits. Included
 * once, after cmocka.h, by the tests of log and its transports.
 */
#ifndef LOG_FIXTURE_H
#define LOG_FIXTURE_H

#include "clock.h"
#include "log.h"
#include "log_transport.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MAX_S 20
#define TIME_ZONE  "CET-1CEST,M3.5.0,M10.5.0/3"

static char directory[] = "/tmp/test_log.XXXXXX";

/* Bind a socket that nobody reads until asked to. */
static inline int
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
static inline ssize_t
receive(int fd, char *line, size_t size)
{
	ssize_t len = recv(fd, line, size - 1, MSG_DONTWAIT);

	if (len >= 0) {
		line[len] = '\0';
		assert_int_equal(strlen(line), len);
	}
	return len;
}

static inline unsigned
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
static inline void
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

static inline int
enter_directory(void **state)
{
	return mkdtemp(directory) != NULL ? chdir(directory) : -1;
}

static inline int
leave_directory(void **state)
{
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* Leave behind an offset from UTC that no other test has. */
static inline void
learn_wrong_zone(void)
{
	setenv("TZ", "WRONG-7:21", 1);
	tzset();
	log_line_learn_zone(0);
	setenv("TZ", TIME_ZONE, 1);
	tzset();
}

static inline int
set_up(void **state)
{
	alarm(WAIT_MAX_S);
	learn_wrong_zone();
	log_set_tag("postfix/tlsmgr");
	return 0;
}

static inline int
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

#endif

/*
 * log_syslog: lines for syslogd. Owns one socket.
 *
 * Not by syslog(3): glibc's blocks while syslogd's queue is full; it retries a
 * lost socket once and then drops the line without a trace; and it is not
 * async-signal-safe. What is sent are the same bytes.
 */
#include "log_transport.h"

#include "clock.h"

#include <string.h>
#include <syslog.h>

static struct log_socket syslog_socket = { .fd = -1 };
static bool is_open;
static int open_facility;

/* The number of a facility, or -1. */
static int
find_facility(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} facilities[] = {
		{ "auth", LOG_AUTH },
		{ "authpriv", LOG_AUTHPRIV },
		{ "cron", LOG_CRON },
		{ "daemon", LOG_DAEMON },
		{ "ftp", LOG_FTP },
		{ "kern", LOG_KERN },
		{ "lpr", LOG_LPR },
		{ "mail", LOG_MAIL },
		{ "news", LOG_NEWS },
		{ "security", LOG_AUTH },
		{ "syslog", LOG_SYSLOG },
		{ "user", LOG_USER },
		{ "uucp", LOG_UUCP },
		{ "local0", LOG_LOCAL0 },
		{ "local1", LOG_LOCAL1 },
		{ "local2", LOG_LOCAL2 },
		{ "local3", LOG_LOCAL3 },
		{ "local4", LOG_LOCAL4 },
		{ "local5", LOG_LOCAL5 },
		{ "local6", LOG_LOCAL6 },
		{ "local7", LOG_LOCAL7 },
	};

	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
		if (strcmp(facilities[i].name, name) == 0)
			return facilities[i].number;
	return -1;
}

bool
log_facility_is_known(const char *facility)
{
	return find_facility(facility) >= 0;
}

enum error
log_syslog_open(const char *path, const char *facility)
{
	int number = find_facility(facility);
	enum error error;

	if (number < 0)
		return ERROR_INVALID;
	error = log_socket_open(&syslog_socket, path, true);
	if (error == ERROR_TOO_LARGE)
		return error;
	open_facility = number;
	is_open = true;
	return ERROR_NONE;
}

bool
log_syslog_is_open(void)
{
	return is_open;
}

uint64_t
log_syslog_write_backlog(void)
{
	return log_socket_write_backlog(&syslog_socket);
}

bool
log_syslog_send(enum log_level level, const char *tag, const char *text)
{
	static const int severities[] = {
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_FATAL] = LOG_CRIT,
		[LOG_LEVEL_PANIC] = LOG_CRIT,
	};
	struct log_line line;

	log_line_init(&line);
	log_line_append(&line, "<");
	log_line_append_number(
	    &line, (unsigned long)(open_facility | severities[level]));
	log_line_append(&line, ">");
	log_line_append_time(&line, clock_wall_s());
	log_line_append_message(&line, level, tag, text);
	return log_socket_send(&syslog_socket, &line);
}

void
log_syslog_close(void)
{
	is_open = false;
	log_socket_close(&syslog_socket);
}

/*
 * log_postlog: lines for postlogd(8), one datagram each, which it writes to
 * $maillog_file as they are. Owns one socket.
 */
#include "log_transport.h"

#include "clock.h"

#include <string.h>

static struct log_socket postlog_socket = { .fd = -1 };
static bool is_open;
static char host[LOG_HOST_MAX + 1];

enum error
log_postlog_open(const char *path, const char *hostname)
{
	size_t len = strcspn(hostname, ".");
	enum error error;

	if (len > LOG_HOST_MAX)
		len = LOG_HOST_MAX;
	memcpy(host, hostname, len);
	host[len] = '\0';
	log_text_sanitize(host);
	error = log_socket_open(&postlog_socket, path, false);
	is_open = error != ERROR_TOO_LARGE;
	return error;
}

bool
log_postlog_is_open(void)
{
	return is_open;
}

uint64_t
log_postlog_write_backlog(void)
{
	return log_socket_write_backlog(&postlog_socket);
}

bool
log_postlog_send(enum log_level level, const char *tag, const char *text)
{
	struct log_line line;

	log_line_init(&line);
	log_line_append_time(&line, clock_wall_s());
	log_line_append(&line, host);
	log_line_append(&line, " ");
	log_line_append_message(&line, level, tag, text);
	return log_socket_send(&postlog_socket, &line);
}

void
log_postlog_close(void)
{
	is_open = false;
	log_socket_close(&postlog_socket);
}

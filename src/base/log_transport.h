/*
 * log_transport: how a line gets to its destination. Private to log*.c and
 * their tests.
 *
 * All of this may be called from a signal handler, but for the open functions
 * and log_line_learn_zone(): no stdio, no allocation, no time zone lookup, and
 * no state that is invalid between two of its changes.
 */
#ifndef LOG_TRANSPORT_H
#define LOG_TRANSPORT_H

#include "error.h"
#include "log.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LOG_TAG_MAX  128
#define LOG_HOST_MAX 64
#define LOG_PATH_MAX 108 /* with NUL: what fits in a socket address */

/* A line as it is sent: LOG_LINE_MAX, and some for what stands before it. */
struct log_line {
	size_t len;
	char bytes[LOG_LINE_MAX + LOG_TAG_MAX + LOG_HOST_MAX + 64];
};

/* An empty line. */
void log_line_init(struct log_line *);

/* Append a text, or a number in decimal; what does not fit is cut. */
void log_line_append(struct log_line *, const char *text);
void log_line_append_number(struct log_line *, unsigned long);

/* "Nov  1 02:15:01 ", the local time. */
void log_line_append_time(struct log_line *, time_t now);

/* "tag[pid]: warning: text" */
void log_line_append_message(
    struct log_line *, enum log_level, const char *tag, const char *text);

/* "warning: ", or nothing for info. */
const char *log_level_prefix(enum log_level);

/*
 * Look up how far local time is from UTC at `now`, for lines to come. A signal
 * handler uses the offset that the last ordinary line found.
 */
void log_line_learn_zone(time_t now);

/* Replace what is not printable UTF-8 by question marks, in place. */
void log_text_sanitize(char *text);

/* Lines that a busy log daemon has not taken yet, up to this many bytes. */
#define LOG_BACKLOG_MAX (128 * 1024)

/* A connected local socket, made again when it is lost. */
struct log_socket {
	char path[LOG_PATH_MAX];
	bool may_be_stream;
	bool is_stream;
	volatile sig_atomic_t fd;                /* owned; -1: not connected */
	volatile sig_atomic_t is_backlog_in_use; /* not for a handler now */
	uint64_t reconnect_us; /* not before, for what was kept (monotonic) */
	size_t backlog_len;
	char backlog[LOG_BACKLOG_MAX]; /* each line behind its length */
};

/* ERROR_TOO_LARGE, ERROR_IO: as log_open_postlog(). */
enum error log_socket_open(
    struct log_socket *, const char *path, bool may_be_stream);

/*
 * Never waits. A line for which there is no room now is kept, in order, until
 * there is. False: the line was not taken.
 */
bool log_socket_send(struct log_socket *, const struct log_line *);
/*
 * Send what was kept, as far as there is room, connecting again if need be.
 * Returns as log_write_backlog() does.
 */
uint64_t log_socket_write_backlog(struct log_socket *);
/* Close the connection; what was kept stays for the next one. */
void log_socket_close(struct log_socket *);

/*
 * The socket of syslogd(8) at a path, with a facility by name. Errors as of
 * log_open_syslog() and log_open_postlog(); the other functions do for it what
 * those of log_socket do. A send returns false when the line was not taken.
 */
enum error log_syslog_open(const char *path, const char *facility);
bool log_syslog_is_open(void);
uint64_t log_syslog_write_backlog(void);
bool log_syslog_send(enum log_level, const char *tag, const char *text);
void log_syslog_close(void);

/* The same for postlogd(8). */
enum error log_postlog_open(const char *path, const char *hostname);
bool log_postlog_is_open(void);
uint64_t log_postlog_write_backlog(void);
bool log_postlog_send(enum log_level, const char *tag, const char *text);
void log_postlog_close(void);

#endif

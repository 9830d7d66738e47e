/*
 * log: one line for the administrator, in the form that Postfix's own daemons
 * use, to syslog(3), to postlogd(8) or to standard error.
 *
 * Levels say whose fault it is: warning is about one record, one file or one
 * client; error about a service we cannot give; fatal means the world is not as
 * it must be (master starts us again); panic is a bug of ours.
 *
 * Writing a line never waits, and never fails its caller. Lines that a
 * destination does not take are lost there; a line says how many once it takes
 * lines again. Lines are made printable and cut at LOG_LINE_MAX. Nothing secret
 * is ever passed here. errno is kept.
 */
#ifndef LOG_H
#define LOG_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX 2000 /* bytes of message text */

enum log_level {
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_FATAL,
	LOG_LEVEL_PANIC,
};

/*
 * Hand every line (the text alone: no time stamp, tag or severity word) to a
 * function instead of the real destinations; NULL restores them. For tests, and
 * for `tlsmgrctl check`, which reports what the daemon would log.
 */
typedef void log_sink_fn(void *arg, enum log_level, const char *text);
void log_set_sink(log_sink_fn *, void *arg);

/* The tag, e.g. "postfix/tlsmgr". Copied. */
void log_set_tag(const char *tag);

/*
 * Connect to the syslog socket now, before the jail, with a facility by name
 * ("mail"). ERROR_INVALID: no such facility. A socket that is not there now is
 * tried again with each line. May be called again, for another facility.
 * Until a destination is opened, lines go to standard error.
 */
enum error log_open_syslog(const char *facility);
/* Is there a facility of that name? */
bool log_facility_is_known(const char *facility);

/*
 * Connect to postlogd's datagram socket at `path`, now, before the jail, and
 * send lines there instead; a line that it does not take goes to syslog. The
 * host name is cut at the first dot. A path relative to $queue_directory,
 * where the daemon runs, can be connected to again from within the jail.
 * ERROR_TOO_LARGE: the path is too long. ERROR_IO: not there now, but tried
 * again with each line; errno says why.
 */
enum error log_open_postlog(const char *path, const char *hostname);

/* Send lines to syslog again. */
void log_close_postlog(void);

/* Copy every line to standard error as well ("tag: warning: text"). */
void log_enable_stderr(bool enable);

/* -v given this many times: log_debug() lines are written when above 0. */
void log_set_verbosity(int verbosity);

/*
 * Log a line of that level, made as printf(3) does. log_debug() is for levels
 * of detail that -v asks for, and logs as info.
 */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Log, then exit(1). Start-up and main only. */
_Noreturn void log_fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Log, then abort(). A condition that no input can bring about. */
_Noreturn void log_panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Log from a signal handler: async-signal-safe. The text is short, printable
 * and fixed.
 */
void log_emergency(enum log_level, const char *text);

/*
 * Send lines that a log daemon did not take when they were written. Returns in
 * how many microseconds to call again; UINT64_MAX: none is left.
 */
uint64_t log_write_backlog(void);

/* Close the destinations; lines go to standard error from here on. */
void log_close(void);

/*
 * Rate limit for one kind of line: true if a line may be written now. The
 * number of lines held back since the last one is left in `suppressed`.
 */
struct log_limit {
	uint64_t next_us;    /* monotonic; 0: never written */
	unsigned suppressed; /* held back since the last line written */
	unsigned held_back;  /* counting now */
};
bool log_limit_allows(struct log_limit *, unsigned period_s);

#endif

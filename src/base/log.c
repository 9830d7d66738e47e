/*
 * log: from a message to a line, and to the destinations that are open. Owns
 * the tag and the counts of lines that were not taken. Never waits, never
 * allocates; the sockets belong to log_syslog.c and log_postlog.c.
 */
#include "log.h"

#include "clock.h"
#include "log_transport.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* The longest wait at the end for a log daemon that is behind. */
#define END_WAIT_MS  1000
#define WAIT_STEP_MS 10

/* In a flood, every other line would be about those that are missing. */
#define REPORT_PERIOD_US 1000000

/* In order of preference: the first that takes a line gets it. */
enum transport { POSTLOG, SYSLOG, TRANSPORT_COUNT };

static struct {
	bool (*is_open)(void);
	bool (*send)(enum log_level, const char *tag, const char *text);
	uint64_t (*write_backlog)(void);
	unsigned missed; /* lines not taken, and not reported yet */
	uint64_t next_report_us;
} transports[TRANSPORT_COUNT] = {
	[POSTLOG] = { log_postlog_is_open, log_postlog_send,
	    log_postlog_write_backlog, 0, 0 },
	[SYSLOG] = { log_syslog_is_open, log_syslog_send,
	    log_syslog_write_backlog, 0, 0 },
};

static char log_tag[LOG_TAG_MAX + 1] = "tlsmgr";
static bool also_to_stderr;
static int log_verbosity;
static log_sink_fn *log_sink;
static void *log_sink_arg;

void
log_set_sink(log_sink_fn *sink, void *arg)
{
	log_sink = sink;
	log_sink_arg = arg;
}

void
log_set_tag(const char *tag)
{
	snprintf(log_tag, sizeof(log_tag), "%s", tag);
	log_text_sanitize(log_tag);
}

enum error
log_open_syslog(const char *facility)
{
	tzset();
	return log_syslog_open(_PATH_LOG, facility);
}

enum error
log_open_postlog(const char *path, const char *hostname)
{
	tzset();
	return log_postlog_open(path, hostname);
}

void
log_close_postlog(void)
{
	log_postlog_close();
	transports[POSTLOG].missed = 0;
	transports[POSTLOG].next_report_us = 0;
}

uint64_t
log_write_backlog(void)
{
	uint64_t delay_us, next_us = UINT64_MAX;

	for (enum transport i = 0; i < TRANSPORT_COUNT; i++) {
		if (!transports[i].is_open())
			continue;
		delay_us = transports[i].write_backlog();
		if (delay_us < next_us)
			next_us = delay_us;
	}
	return next_us;
}

/* Tell a destination that is back how many lines it has missed. */
static void
report_missed(enum transport i)
{
	char text[64];

	snprintf(text, sizeof(text), "log: %u lines before this are missing",
	    transports[i].missed);
	if (transports[i].send(LOG_LEVEL_WARNING, log_tag, text)) {
		transports[i].missed = 0;
		transports[i].next_report_us =
		    clock_monotonic_us() + REPORT_PERIOD_US;
	}
}

/* Before the process ends: what is still to be sent, for so long at most. */
static void
finish(unsigned timeout_ms)
{
	for (unsigned waited_ms = 0;
	     log_write_backlog() != UINT64_MAX && waited_ms < timeout_ms;
	     waited_ms += WAIT_STEP_MS)
		poll(NULL, 0, WAIT_STEP_MS);
	for (enum transport i = 0; i < TRANSPORT_COUNT; i++)
		if (transports[i].is_open() && transports[i].missed > 0)
			report_missed(i);
}

void
log_close(void)
{
	finish(END_WAIT_MS);
	log_close_postlog();
	log_syslog_close();
	transports[SYSLOG].missed = 0;
	transports[SYSLOG].next_report_us = 0;
}

void
log_enable_stderr(bool enable)
{
	also_to_stderr = enable;
}

void
log_set_verbosity(int verbosity)
{
	log_verbosity = verbosity;
}

/* One write, so that lines of several processes do not mix. */
static void
write_to_stderr(enum log_level level, const char *text)
{
	struct log_line line;

	log_line_init(&line);
	log_line_append(&line, log_tag);
	log_line_append(&line, ": ");
	log_line_append(&line, log_level_prefix(level));
	log_line_append(&line, text);
	log_line_append(&line, "\n");
	if (write(STDERR_FILENO, line.bytes, line.len) < 0)
		return; /* no destination is left */
}

/* Hand a line to where it goes. Async-signal-safe with `in_handler`. */
static void
deliver(enum log_level level, const char *text, bool in_handler)
{
	bool has_destination = false;
	bool taken = false;

	if (log_sink != NULL) {
		log_sink(log_sink_arg, level, text);
		return;
	}
	for (enum transport i = 0; i < TRANSPORT_COUNT && !taken; i++) {
		if (!transports[i].is_open())
			continue;
		has_destination = true;
		if (transports[i].missed > 0 && !in_handler &&
		    clock_monotonic_us() >= transports[i].next_report_us)
			report_missed(i);
		taken = transports[i].send(level, log_tag, text);
		if (!taken)
			transports[i].missed++;
	}
	/* Why the process ends is written somewhere in any case. */
	if (also_to_stderr || !has_destination ||
	    (!taken && level >= LOG_LEVEL_FATAL))
		write_to_stderr(level, text);
}

static void log_message(enum log_level, const char *fmt, va_list)
    __attribute__((format(printf, 2, 0)));

static void
log_message(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX + 1];
	int saved_errno = errno;

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		snprintf(text, sizeof(text), "cannot format: %s", fmt);
	log_text_sanitize(text);
	log_line_learn_zone(clock_wall_s());
	deliver(level, text, false);
	errno = saved_errno;
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (log_verbosity <= 0)
		return;
	va_start(ap, fmt);
	log_message(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_FATAL, fmt, ap);
	va_end(ap);
	finish(END_WAIT_MS);
	/* No atexit(3): we may be within a library that holds its locks. */
	_exit(1);
}

void
log_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_message(LOG_LEVEL_PANIC, fmt, ap);
	va_end(ap);
	finish(END_WAIT_MS);
	abort();
}

void
log_emergency(enum log_level level, const char *text)
{
	int saved_errno = errno;

	deliver(level, text, true);
	errno = saved_errno;
}

bool
log_limit_allows(struct log_limit *limit, unsigned period_s)
{
	uint64_t now_us = clock_monotonic_us();

	if (now_us < limit->next_us) {
		limit->held_back++;
		return false;
	}
	limit->next_us = now_us + (uint64_t)period_s * 1000000;
	limit->suppressed = limit->held_back;
	limit->held_back = 0;
	return true;
}

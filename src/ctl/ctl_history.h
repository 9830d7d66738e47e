/*
 * ctl_history: what the daemon counted, minute by minute or in larger steps, as
 * the request `history` has it.
 */
#ifndef CTL_HISTORY_H
#define CTL_HISTORY_H

#include "ctl_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_history_row {
	char *name; /* owned */
	bool is_counter;
};

/* The time in which something was counted. */
struct ctl_history_step {
	int64_t time_s; /* when it began, since the epoch */
	double seconds; /* for which it was counted */
	double *values; /* owned; one for each row */
};

/* All zero is an empty one. Steps are in order, and some may be missing. */
struct ctl_history {
	char *file; /* owned; where it is kept, "" for memory */
	struct ctl_history_row *rows; /* owned, as the steps */
	size_t row_count;
	struct ctl_history_step *steps;
	size_t step_count;
	int64_t step_s;
};

/*
 * All minutes from that time on. CTL_OK, or the error was printed. To be freed
 * in any case.
 */
int ctl_history_ask(struct ctl_client *, int64_t since_s, struct ctl_history *);
void ctl_history_fini(struct ctl_history *);

/*
 * In steps of so many seconds, a multiple of 60, which begin at whole ones of
 * local time: counters and durations are added up, of gauges the last counts.
 */
void ctl_history_group(
    const struct ctl_history *, int64_t step_s, struct ctl_history *grouped);
/* The same of all from that time on, in one, whose values are to be freed. */
void ctl_history_sum(
    const struct ctl_history *, int64_t since_s, struct ctl_history_step *sum);
/* When the step began that a time is in; the same as ctl_history_group(). */
int64_t ctl_history_step_of(int64_t time_s, int64_t step_s);

/* Of a row by name; NAN: the daemon does not have it. */
double ctl_history_value(const struct ctl_history *,
    const struct ctl_history_step *, const char *name);

/*
 * What people want to know of a step. Requests are those of Postfix; a rate is
 * a second, a share from 0 to 1. A time is an upper bound, in microseconds, and
 * INFINITY where there is none. Errors are what should not happen: requests,
 * reads and writes that failed, sessions lost, entropy that did not come,
 * complaints.
 */
enum ctl_history_figure {
	CTL_HISTORY_REQUESTS, /* rate */
	CTL_HISTORY_STORES,   /* rate, of all caches */
	CTL_HISTORY_FOUND_SMTPD,
	CTL_HISTORY_FOUND_SMTP,
	CTL_HISTORY_FOUND_LMTP, /* shares of lookups */
	CTL_HISTORY_MEDIAN,     /* time to answer, of half of them */
	CTL_HISTORY_99_PERCENT, /* the same of 99% */
	CTL_HISTORY_CLIENTS,
	CTL_HISTORY_SESSIONS, /* in all caches */
	CTL_HISTORY_ERRORS,
	CTL_HISTORY_FIGURES,
};

/*
 * NAN: there is nothing to say, as of a share of nothing, or of a rate in less
 * than ten seconds, which could be any.
 */
double ctl_history_figure(const struct ctl_history *,
    const struct ctl_history_step *, enum ctl_history_figure);
/* The rate of a figure of one cache, and the share of lookups that found. */
double ctl_history_cache_rate(const struct ctl_history *,
    const struct ctl_history_step *, const char *cache, const char *name);
double ctl_history_found_share(const struct ctl_history *,
    const struct ctl_history_step *, const char *cache);

/* To standard output: for people, and all figures for programs. */
void ctl_history_text(const struct ctl_history *, int64_t now_s);
void ctl_history_json(const struct ctl_history *);
void ctl_history_csv(const struct ctl_history *);
/*
 * Draw it, with gnuplot(1), to an absolute path. CTL_OK, or what is wrong was
 * said.
 */
int ctl_history_plot(const struct ctl_history *, const char *path);

#endif

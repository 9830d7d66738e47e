/*
 * ctl_statistics: what the daemon's statistics are called and what they are,
 * from counters.def, and their values in the answer to `stats`.
 */
#ifndef CTL_STATISTICS_H
#define CTL_STATISTICS_H

#include "buffer.h"
#include "ctl_rates.h"
#include "ctl_reply.h"

#include <stdbool.h>
#include <stdint.h>

enum ctl_kind {
	CTL_COUNTER,
	CTL_GAUGE,
	CTL_BYTES,
	CTL_TIME,
	CTL_SECONDS,
	CTL_MICROSECONDS,
	CTL_FLAG,
	CTL_TEXT,
};

struct ctl_statistic {
	const char *name;
	enum ctl_kind kind;
	const char *help;
};

/* The tables, each ended by a row without a name. */
extern const struct ctl_statistic ctl_process_statistics[];
extern const struct ctl_statistic ctl_shared_statistics[];
extern const struct ctl_statistic ctl_cache_statistics[];
/* The scope of ctl_shared_statistics, as a type is that of a cache's. */
#define CTL_SHARED "shared"
/* Before the name of a request: how many there were. */
#define CTL_REQUEST_PREFIX "request."

/*
 * A value, borrowed from the reply; `scope` is the type of a cache, CTL_SHARED,
 * or NULL for those of the process.
 * NULL, or false and 0: a daemon of another version, which does not give it.
 */
const char *ctl_statistics_text(
    const struct ctl_reply *, const char *scope, const char *name);
bool ctl_statistics_number(const struct ctl_reply *, const char *scope,
    const char *name, int64_t *number);
/* The same; 0 where there is none. */
int64_t ctl_statistics_get(
    const struct ctl_reply *, const char *scope, const char *name);

/*
 * Is it one of those with which this program looks, again and again? They are
 * not what is looked at.
 */
bool ctl_statistics_is_look(const char *request);
/* Does the daemon that gave these know that request? */
bool ctl_statistics_has_request(const struct ctl_reply *, const char *request);

/* A value whose name begins with a prefix, borrowed from the reply. */
struct ctl_statistics_entry {
	const char *name; /* without the prefix */
	int64_t number;
};
/*
 * Go to the first entry, then, from each, to the next. False at the end. What
 * is no number is skipped. The walk begins with ctl_reply_from_start().
 */
bool ctl_statistics_next(
    struct ctl_reply *walk, const char *prefix, struct ctl_statistics_entry *);

/* Of a kind of request, how many took how long. */
struct ctl_statistics_latency {
	char request[64];
	const char *part; /* "le.10" and the like, "count" or "sum_us" */
	int64_t number;
};
/* The same for these; all of one kind come in turn. */
bool ctl_statistics_next_latency(
    struct ctl_reply *walk, struct ctl_statistics_latency *);

/*
 * The three forms, to standard output. Prometheus alone takes NULL: there is no
 * daemon.
 */
void ctl_status_text(const struct ctl_reply *statistics,
    const struct ctl_rates_now *, int64_t now_s, bool is_coloured);
void ctl_status_json(
    const struct ctl_reply *statistics, const struct ctl_rates_now *);
void ctl_status_prometheus(
    const struct ctl_reply *statistics, bool is_openmetrics);

#endif

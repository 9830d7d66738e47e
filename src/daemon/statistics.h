/*
 * statistics: all that is counted, from counters.def, for those who ask. Only
 * reads; nothing is walked.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "buffer.h"
#include "daemon.h"

/* Append one attribute for each statistic; numbers are decimal. */
void statistics_put(const struct daemon *, struct buffer *reply);

/*
 * Those that the history keeps: the rows, and later what they are, a value for
 * each in the same order.
 */
void statistics_add_rows(const struct daemon *, struct history *);
void statistics_read_rows(
    const struct daemon *, uint64_t values[HISTORY_ROWS_MAX]);

/* A few lines in the log: totals since the start. */
void statistics_log(const struct daemon *);

/* Those of the engine, borrowed from it; all is 0 or "" where there is none. */
void statistics_read_engine(const struct daemon *, struct shared_statistics *);

#endif

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

/* A few lines in the log: totals since the start. */
void statistics_log(const struct daemon *);

#endif

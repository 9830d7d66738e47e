/*
 * history_unit: a history of a few rows for unit tests. Included once, after
 * cmocka.h, by the test's only file.
 */
#ifndef HISTORY_UNIT_H
#define HISTORY_UNIT_H

#include "history.h"

#include "unit.h"

enum {
	ROW_REQUESTS,
	ROW_CLIENTS,
	ROW_BYTES,
	ROWS,
};

#define MINUTE INT64_C(29000000) /* at which tests begin */
#define START  ((time_t)(MINUTE * HISTORY_MINUTE_S))

static inline void
history_unit_init(struct history *history)
{
	history_init(history);
	history_add_row(history, "requests", HISTORY_COUNTER);
	history_add_row(history, "clients", HISTORY_GAUGE);
	history_add_row(history, "bytes", HISTORY_BYTES);
}

/* So many seconds after the start by either clock. */
static inline struct history_record *
history_unit_look_at(struct history *history, int64_t wall_s,
    uint64_t monotonic_s, uint64_t requests, uint64_t clients, uint64_t bytes)
{
	const uint64_t values[ROWS] = { requests, clients, bytes };

	return history_look(history, START + wall_s,
	    (1000 + monotonic_s) * UINT64_C(1000000), values);
}

static inline struct history_record *
history_unit_look(struct history *history, uint64_t seconds, uint64_t requests)
{
	return history_unit_look_at(
	    history, (int64_t)seconds, seconds, requests, 1, 1);
}

/* What is in the minute that is so many after the first; -1: no record. */
static inline int64_t
history_unit_value(const struct history *history, int64_t minute, size_t row)
{
	const struct history_record *record =
	    history_find(history, MINUTE + minute);

	return record != NULL ? (int64_t)history_value(history, record, row)
	                      : -1;
}

static inline int64_t
history_unit_duration_ms(const struct history *history, int64_t minute)
{
	const struct history_record *record =
	    history_find(history, MINUTE + minute);

	return record != NULL ? (int64_t)record->duration_ms : -1;
}

#endif

/*
 * history: what the statistics were, minute by minute, for a day. A ring of
 * records in memory, of a size that is known beforehand; history_file.h keeps
 * it over a reload.
 *
 * A row is a statistic that is kept: of a counter, by how much it rose in that
 * minute; of a gauge, what it was when the minute was last looked at. Numbers
 * alone: no identifier and no key ever gets here.
 *
 * A minute is one of the wall clock, but how long a record was counted for is
 * measured, so that a rate is right whatever becomes of that clock. What is
 * counted between two looks belongs to the minute of the first. A minute that
 * comes twice, as after a clock was set back, has the counts and the duration
 * of both; so has one in which two processes were at work.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HISTORY_MINUTE_S 60
#define HISTORY_MINUTES  1440
#define HISTORY_ROWS_MAX 112
#define HISTORY_NAME_LEN 31

enum history_kind {
	HISTORY_COUNTER = 1, /* adds up */
	HISTORY_GAUGE,
	HISTORY_BYTES, /* a gauge, kept to the next kB */
};

struct history_row {
	char name[HISTORY_NAME_LEN]; /* ends with NUL, and zeros behind it */
	uint8_t kind;                /* enum history_kind */
};

/*
 * As it is kept in memory and in the file. What does not fit into a value is
 * UINT32_MAX; bytes are in units of 1024, rounded up.
 */
struct history_record {
	uint64_t checksum;    /* in the file: of all that follows */
	int64_t minute;       /* since the epoch; 0: there is none */
	uint64_t duration_ms; /* for which it was counted */
	uint32_t values[HISTORY_ROWS_MAX];
};

/* The most that a ring takes, in memory and once more in its file. */
#define HISTORY_SIZE_MAX (HISTORY_MINUTES * sizeof(struct history_record))

struct history {
	size_t row_count;
	struct history_row rows[HISTORY_ROWS_MAX];
	struct history_record *records; /* owned; minute m is at m modulo
	                                   HISTORY_MINUTES */
	bool has_begun;
	time_t looked_at;                    /* wall */
	uint64_t looked_at_us;               /* monotonic */
	uint64_t counters[HISTORY_ROWS_MAX]; /* as they were then */
};

/* An empty one without rows. */
void history_init(struct history *);
void history_fini(struct history *);

/*
 * One more row, in order; before anything is recorded. The name is copied. One
 * that is too long, or one too many, is a mistake of the program: it panics.
 */
void history_add_row(
    struct history *, const char *name, enum history_kind kind);

/*
 * What the rows are now: a value for each, in order. The first call is where
 * counting begins, and returns NULL. All others record the difference to the
 * call before, and return the record that changed, borrowed. A counter that
 * fell counts as one that did not rise.
 */
struct history_record *history_look(struct history *, time_t wall_s,
    uint64_t monotonic_us, const uint64_t values[]);

/* The record of that minute, borrowed; NULL: there is none. */
const struct history_record *history_find(
    const struct history *, int64_t minute);

/* The value of a row in its own unit. */
uint64_t history_value(
    const struct history *, const struct history_record *, size_t row);

/*
 * Take over a record that another process left, with that many values and the
 * rows of this one to which they belong (HISTORY_ROWS_MAX: to none). Where
 * there is one of that minute already counts are added, and gauges are left,
 * since that process came before. False: the minute is a day or more away from
 * `now`, or another has its place.
 */
bool history_merge(struct history *, const struct history_record *,
    const size_t rows[], size_t row_count, time_t now);

#endif

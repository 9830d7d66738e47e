/*
 * history: the ring. Owns its records. Knows no clock, no file, and not what
 * it counts.
 */
#include "history.h"

#include "log.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define KB 1024

_Static_assert(HISTORY_SIZE_MAX < 700 * KB, "a day is less than 700 kB");
_Static_assert(sizeof(struct history_row) == HISTORY_NAME_LEN + 1,
    "no padding: rows are compared, and written, as they are");

void
history_init(struct history *history)
{
	*history = (struct history){
		.records =
		    xcalloc(HISTORY_MINUTES, sizeof(struct history_record)),
	};
}

void
history_fini(struct history *history)
{
	free(history->records);
	history->records = NULL;
}

void
history_add_row(
    struct history *history, const char *name, enum history_kind kind)
{
	struct history_row *row = &history->rows[history->row_count];

	if (history->row_count == HISTORY_ROWS_MAX ||
	    strlen(name) >= HISTORY_NAME_LEN)
		log_panic("no room for %s in the history", name);
	*row = (struct history_row){ .kind = (uint8_t)kind };
	memcpy(row->name, name, strlen(name));
	history->row_count++;
}

static struct history_record *
place_of(const struct history *history, int64_t minute)
{
	/* An unsigned minute has a place also before 1970. */
	return &history->records[(uint64_t)minute % HISTORY_MINUTES];
}

/* Its record, which is emptied where it was that of another minute. */
static struct history_record *
take_place(struct history *history, int64_t minute)
{
	struct history_record *record = place_of(history, minute);

	if (record->minute != minute) {
		memset(record, 0, sizeof(*record));
		record->minute = minute;
	}
	return record;
}

static uint32_t
clamp(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static void
record_values(struct history *history, struct history_record *record,
    const uint64_t values[])
{
	uint64_t before, now;

	for (size_t i = 0; i < history->row_count; i++) {
		before = history->counters[i];
		now = values[i];
		switch (history->rows[i].kind) {
		case HISTORY_COUNTER:
			if (now > before)
				record->values[i] =
				    clamp(record->values[i] + (now - before));
			break;
		case HISTORY_BYTES:
			record->values[i] = clamp(now / KB + (now % KB != 0));
			break;
		default:
			record->values[i] = clamp(now);
			break;
		}
	}
}

struct history_record *
history_look(struct history *history, time_t wall_s, uint64_t monotonic_us,
    const uint64_t values[])
{
	struct history_record *record = NULL;
	uint64_t passed_ms;

	if (history->has_begun) {
		passed_ms = (monotonic_us - history->looked_at_us) / 1000;
		record =
		    take_place(history, history->looked_at / HISTORY_MINUTE_S);
		record_values(history, record, values);
		record->duration_ms += passed_ms;
		/* Less than a millisecond is left for the next time. */
		history->looked_at_us += passed_ms * 1000;
	} else {
		history->looked_at_us = monotonic_us;
	}
	history->has_begun = true;
	history->looked_at = wall_s;
	memcpy(
	    history->counters, values, history->row_count * sizeof(values[0]));
	return record;
}

const struct history_record *
history_find(const struct history *history, int64_t minute)
{
	const struct history_record *record = place_of(history, minute);

	return minute > 0 && record->minute == minute ? record : NULL;
}

uint64_t
history_value(const struct history *history,
    const struct history_record *record, size_t row)
{
	uint64_t value = record->values[row];

	return history->rows[row].kind == HISTORY_BYTES ? value * KB : value;
}

static void
merge_values(const struct history *history, struct history_record *into,
    const struct history_record *from, const size_t rows[], size_t row_count,
    bool is_new)
{
	for (size_t i = 0; i < row_count; i++) {
		if (rows[i] >= history->row_count)
			continue;
		if (is_new || history->rows[rows[i]].kind == HISTORY_COUNTER)
			into->values[rows[i]] = clamp(
			    (uint64_t)into->values[rows[i]] + from->values[i]);
	}
}

bool
history_merge(struct history *history, const struct history_record *record,
    const size_t rows[], size_t row_count, time_t now)
{
	int64_t this_minute = now / HISTORY_MINUTE_S;
	struct history_record *into = place_of(history, record->minute);
	bool is_new = into->minute == 0;

	if (record->minute <= 0 ||
	    record->minute <= this_minute - HISTORY_MINUTES ||
	    record->minute >= this_minute + HISTORY_MINUTES)
		return false;
	if (!is_new && into->minute != record->minute)
		return false;
	into->minute = record->minute;
	into->duration_ms += record->duration_ms;
	merge_values(history, into, record, rows, row_count, is_new);
	return true;
}

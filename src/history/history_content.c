/*
 * history_content: see its header. Reads bytes that may be anything.
 */
#include "history_content.h"

#include "checksum.h"

#include <string.h>

#define SEED 0x686973746f727931 /* "history1" */

static const char magic[HISTORY_MAGIC_LEN] = "tlshist";

/* The layout is the file's: nothing in it is left to the compiler. */
_Static_assert(
    sizeof(struct history_header) ==
	HISTORY_MAGIC_LEN + 16 + HISTORY_ROWS_MAX * sizeof(struct history_row),
    "no padding");
_Static_assert(
    sizeof(struct history_record) == 24 + HISTORY_ROWS_MAX * sizeof(uint32_t),
    "no padding");
_Static_assert(sizeof(struct history_content) ==
		   sizeof(struct history_header) + HISTORY_SIZE_MAX,
    "no padding");

static uint64_t
header_checksum(const struct history_header *header)
{
	return checksum64(SEED, &header->record_size,
	    sizeof(*header) - offsetof(struct history_header, record_size));
}

static uint64_t
record_checksum(const struct history_record *record)
{
	return checksum64(SEED, &record->minute,
	    sizeof(*record) - offsetof(struct history_record, minute));
}

void
history_content_header(
    struct history_header *header, const struct history *history)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->magic, magic, sizeof(magic));
	header->record_size = sizeof(struct history_record);
	header->row_count = (uint32_t)history->row_count;
	memcpy(header->rows, history->rows, sizeof(header->rows));
	header->checksum = header_checksum(header);
}

void
history_content_seal(struct history_record *record)
{
	record->checksum = record_checksum(record);
}

static enum error
judge_header(const struct history_header *header)
{
	if (memcmp(header->magic, magic, sizeof(magic)) != 0)
		return ERROR_INVALID;
	if (header->checksum != header_checksum(header))
		return ERROR_DAMAGED;
	/* Right, but of a version with other sizes. */
	if (header->record_size != sizeof(struct history_record) ||
	    header->row_count > HISTORY_ROWS_MAX)
		return ERROR_INVALID;
	return ERROR_NONE;
}

/* The row of that name and kind; HISTORY_ROWS_MAX: there is none. */
static size_t
find_row(const struct history *history, const struct history_row *wanted)
{
	for (size_t i = 0; i < history->row_count; i++)
		if (memcmp(&history->rows[i], wanted, sizeof(*wanted)) == 0)
			return i;
	return HISTORY_ROWS_MAX;
}

static bool
is_empty(const struct history_record *record)
{
	return record->minute == 0 && record->checksum == 0;
}

enum error
history_content_take(const struct history_content *content, size_t len,
    struct history *history, time_t now, unsigned *damaged)
{
	const struct history_header *header = &content->header;
	size_t rows[HISTORY_ROWS_MAX];
	enum error error = judge_header(header);

	*damaged = 0;
	if (len < sizeof(*header))
		error = ERROR_DAMAGED;
	if (error != ERROR_NONE)
		return error;
	for (size_t i = 0; i < header->row_count; i++)
		rows[i] = find_row(history, &header->rows[i]);
	for (size_t i = 0; i < HISTORY_MINUTES; i++) {
		const struct history_record *record = &content->records[i];

		if (is_empty(record))
			continue;
		/* Its place is part of what must be right. */
		if (record->checksum != record_checksum(record) ||
		    (uint64_t)record->minute % HISTORY_MINUTES != i)
			++*damaged;
		else
			history_merge(
			    history, record, rows, header->row_count, now);
	}
	return ERROR_NONE;
}

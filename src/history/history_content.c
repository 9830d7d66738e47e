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
    sizeof(struct history_head) ==
	HISTORY_MAGIC_LEN + 16 + HISTORY_ROWS_MAX * sizeof(struct history_row),
    "no padding");
_Static_assert(
    sizeof(struct history_record) == 24 + HISTORY_ROWS_MAX * sizeof(uint32_t),
    "no padding");
_Static_assert(sizeof(struct history_content) ==
		   sizeof(struct history_head) + HISTORY_SIZE_MAX,
    "no padding");

static uint64_t
head_checksum(const struct history_head *head)
{
	return checksum64(SEED, &head->record_size,
	    sizeof(*head) - offsetof(struct history_head, record_size));
}

static uint64_t
record_checksum(const struct history_record *record)
{
	return checksum64(SEED, &record->minute,
	    sizeof(*record) - offsetof(struct history_record, minute));
}

void
history_content_head(struct history_head *head, const struct history *history)
{
	memset(head, 0, sizeof(*head));
	memcpy(head->magic, magic, sizeof(magic));
	head->record_size = sizeof(struct history_record);
	head->row_count = (uint32_t)history->row_count;
	memcpy(head->rows, history->rows, sizeof(head->rows));
	head->checksum = head_checksum(head);
}

void
history_content_seal(struct history_record *record)
{
	record->checksum = record_checksum(record);
}

static enum error
judge_head(const struct history_head *head)
{
	if (memcmp(head->magic, magic, sizeof(magic)) != 0)
		return ERROR_INVALID;
	if (head->checksum != head_checksum(head))
		return ERROR_DAMAGED;
	/* Right, but of a version with other sizes. */
	if (head->record_size != sizeof(struct history_record) ||
	    head->row_count > HISTORY_ROWS_MAX)
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
	const struct history_head *head = &content->head;
	size_t rows[HISTORY_ROWS_MAX];
	enum error error = judge_head(head);

	*damaged = 0;
	if (len < sizeof(*head))
		error = ERROR_DAMAGED;
	if (error != ERROR_NONE)
		return error;
	for (size_t i = 0; i < head->row_count; i++)
		rows[i] = find_row(history, &head->rows[i]);
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
			    history, record, rows, head->row_count, now);
	}
	return ERROR_NONE;
}

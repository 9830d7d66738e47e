/*
 * journal_cursor: reading on from record to record. Values are stepped over by
 * arithmetic unless somebody asks for one. Owns the windows: a piece of the
 * file in memory for each who reads on.
 */
#include "journal_private.h"

#include "clock.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_LEN (64 * 1024)

/*
 * What the disk is asked for beyond the window. The kernel would read ahead as
 * well, but by as much as it is set to, and that may take it milliseconds.
 */
#define AHEAD_LEN (128 * 1024)

static void
window_fini(struct journal_window *window)
{
	if (window->data != NULL)
		explicit_bzero(window->data, window->size);
	free(window->data);
	*window = (struct journal_window){ 0 };
}

void
journal_windows_fini(struct journal *journal)
{
	for (int i = 0; i < JOURNAL_READERS; i++)
		window_fini(&journal->windows[i]);
}

void
journal_windows_forget(struct journal *journal)
{
	for (int i = 0; i < JOURNAL_READERS; i++)
		journal->windows[i].len = 0;
}

/* A record larger than the window gets one of its size, for as long as used. */
static void
window_resize(struct journal_window *window, size_t size)
{
	if (window->size == size)
		return;
	window_fini(window);
	window->data = xmalloc(size);
	window->size = size;
}

/* Ask the disk for this, or find that it was asked too long ago: false. */
static bool
wait_on(struct journal *journal, struct journal_cursor *cursor,
    uint64_t position, uint64_t end, uint64_t limit)
{
	uint64_t now_us = clock_monotonic_us();

	if (cursor->awaited_end < end) {
		if (cursor->awaited_end == 0)
			cursor->waiting_since_us = now_us;
		cursor->awaited_end = end;
		journal_io_fetch(
		    journal, position, min_u64(end + AHEAD_LEN, limit));
	}
	return now_us - cursor->waiting_since_us < JOURNAL_DISK_PATIENCE_US;
}

/* As many bytes from `position` on as the window takes; at least `least`. */
static enum error
window_fill(struct journal *journal, struct journal_cursor *cursor,
    uint64_t position, size_t least, uint64_t limit)
{
	struct journal_window *window = &journal->windows[cursor->reader];
	size_t len = (size_t)min_u64(window->size, limit - position);
	bool is_overdue = false;
	enum error error = ERROR_AGAIN;

	window->len = 0;
	window->position = position;
	if (!cursor->may_block) {
		error = journal_io_read_cached(
		    journal, window->data, len, least, position, &window->len);
		is_overdue = error == ERROR_AGAIN;
		if (is_overdue &&
		    wait_on(journal, cursor, position, position + least, limit))
			return ERROR_AGAIN;
	}
	if (error == ERROR_AGAIN) {
		error = journal_io_read(
		    journal, window->data, len, position, &window->len);
		cursor->awaited_end = 0;
	}
	/* The head of a record may be there before the rest of it is. */
	if (position + window->len >= cursor->awaited_end)
		cursor->awaited_end = 0;
	if (window->len < least)
		return error != ERROR_NONE ? error : ERROR_DAMAGED;
	if (is_overdue)
		journal_io_count_overdue(journal);
	return ERROR_NONE;
}

/* `len` bytes at `position`; more, as far as `limit`, are read with them. */
static enum error
window_read(struct journal *journal, struct journal_cursor *cursor,
    uint64_t position, size_t len, uint64_t limit, const unsigned char **bytes)
{
	struct journal_window *window = &journal->windows[cursor->reader];
	enum error error = ERROR_NONE;

	if (position < window->position ||
	    position + len > window->position + window->len) {
		if (journal_fault_is_in_backoff(journal, cursor->slot))
			return ERROR_IO;
		window_resize(window, len > WINDOW_LEN ? len : WINDOW_LEN);
		error = window_fill(journal, cursor, position, len, limit);
	}
	if (error == ERROR_IO)
		journal_fault_add(journal, cursor->slot, position, len);
	if (error == ERROR_NONE)
		*bytes = window->data + (position - window->position);
	return error;
}

uint32_t
journal_segment_end(const struct journal *journal, uint32_t slot)
{
	const struct journal_tail *tail = &journal->tail;
	uint32_t end = journal->segments[slot].end;

	if (slot == tail->slot)
		return tail->written + (uint32_t)tail->buffer.len;
	return end != 0 ? end : JOURNAL_SEGMENT_LEN;
}

/* Bytes at the cursor: from the tail's buffer or from the file. */
static enum error
segment_read(struct journal *journal, struct journal_cursor *cursor, size_t len,
    const unsigned char **bytes)
{
	const struct journal_tail *tail = &journal->tail;
	uint32_t slot = cursor->slot, offset = cursor->offset;
	uint32_t end = journal_segment_end(journal, slot);

	if (slot == tail->slot) {
		if (offset >= tail->written) {
			*bytes = buffer_head(&tail->buffer) +
			         (offset - tail->written);
			return ERROR_NONE;
		}
		end = tail->written;
	}
	return window_read(journal, cursor, journal_position(slot, offset), len,
	    journal_position(slot, end), bytes);
}

void
journal_cursor_enter(struct journal_cursor *cursor, uint32_t slot)
{
	cursor->slot = slot;
	cursor->offset = JOURNAL_SEGMENT_HEAD_LEN;
	cursor->awaited_end = 0;
}

void
journal_cursor_step(
    struct journal_cursor *cursor, const struct journal_record *record)
{
	cursor->offset +=
	    (uint32_t)journal_record_len(journal_record_size(record));
	cursor->next_sequence = record->sequence + 1;
	cursor->awaited_end = 0;
}

/* Head and key of the record at an offset of a segment. */
static enum error
read_head(struct journal *journal, struct journal_cursor *cursor,
    struct journal_record *record)
{
	const struct journal_segment *segment =
	    &journal->segments[cursor->slot];
	uint32_t end = journal_segment_end(journal, cursor->slot);
	const unsigned char *bytes;
	enum error error;

	if (cursor->offset + JOURNAL_RECORD_HEAD_LEN > end)
		return ERROR_NOT_FOUND;
	error = segment_read(journal, cursor, JOURNAL_RECORD_HEAD_LEN, &bytes);
	if (error != ERROR_NONE)
		return error;
	if (!journal_record_decode(bytes, end - cursor->offset, record))
		return ERROR_DAMAGED;
	error = segment_read(
	    journal, cursor, JOURNAL_RECORD_HEAD_LEN + record->key_len, &bytes);
	if (error != ERROR_NONE)
		return error;
	if (!journal_record_check(bytes, segment->serial, record->key_len))
		return ERROR_DAMAGED;
	if ((int)record->type == JOURNAL_END)
		return ERROR_NOT_FOUND;
	if (record->sequence >= journal->next_sequence)
		return ERROR_DAMAGED;
	record->position = journal_position(cursor->slot, cursor->offset);
	journal_record_point(record, bytes, false);
	return ERROR_NONE;
}

/*
 * What is given up here stays so: at the next start it might be whole, or have
 * a number that is not too high any more, while nobody knows what was to
 * supersede it. A write that fails changes nothing.
 */
static void
mark_end(struct journal *journal, const struct journal_cursor *cursor)
{
	unsigned char mark[JOURNAL_RECORD_HEAD_LEN];

	journal_end_encode(mark, journal->segments[cursor->slot].serial,
	    journal->next_sequence);
	journal_io_write(journal, mark, sizeof(mark),
	    journal_position(cursor->slot, cursor->offset));
}

/*
 * There is nothing from here on: let the segment end here, unless this only
 * walks. In the tail, go on with what is in memory.
 */
static void
end_segment(
    struct journal *journal, struct journal_cursor *cursor, bool is_damaged)
{
	if (cursor->slot == journal->tail.slot) {
		if (cursor->offset < journal->tail.written)
			cursor->offset = journal->tail.written;
		return;
	}
	if (cursor->reader == JOURNAL_READER_WALK)
		return;
	if (is_damaged)
		mark_end(journal, cursor);
	if (cursor->offset < journal_segment_end(journal, cursor->slot))
		journal->segments[cursor->slot].end = cursor->offset;
}

enum error
journal_cursor_peek(struct journal *journal, struct journal_cursor *cursor,
    struct journal_record *record)
{
	enum error error;

	while ((error = read_head(journal, cursor, record)) == ERROR_NONE &&
	       record->sequence < cursor->next_sequence)
		cursor->offset +=
		    (uint32_t)journal_record_len(journal_record_size(record));
	if (error == ERROR_DAMAGED)
		journal_io_report_damage(
		    journal, journal_position(cursor->slot, cursor->offset));
	if (error == ERROR_DAMAGED || error == ERROR_NOT_FOUND)
		end_segment(journal, cursor, error == ERROR_DAMAGED);
	return error;
}

enum error
journal_cursor_peek_value(struct journal *journal,
    struct journal_cursor *cursor, struct journal_record *record)
{
	size_t len =
	    JOURNAL_RECORD_HEAD_LEN + record->key_len + record->value_len;
	const unsigned char *bytes;
	enum error error;

	error = segment_read(journal, cursor, len, &bytes);
	if (error == ERROR_NONE && !journal_record_check_value(bytes, record))
		error = ERROR_DAMAGED;
	if (error == ERROR_DAMAGED)
		journal_io_report_damage(journal, record->position);
	if (error == ERROR_NONE)
		journal_record_point(record, bytes, true);
	return error;
}

/*
 * The last segment that does not begin above all that the cursor has seen, or
 * the one before that: they may overlap after a compaction.
 */
static void
find_segment(const struct journal *journal, struct journal_cursor *cursor)
{
	const struct journal_segment *segments = journal->segments;
	uint32_t slot = journal->chain.first, next;

	if (slot == JOURNAL_NO_SLOT)
		return;
	while ((next = segments[slot].next) != JOURNAL_NO_SLOT &&
	       segments[next].first_sequence <= cursor->next_sequence)
		slot = next;
	if (segments[slot].previous != JOURNAL_NO_SLOT)
		slot = segments[slot].previous;
	journal_cursor_enter(cursor, slot);
}

bool
journal_cursor_leave(
    const struct journal *journal, struct journal_cursor *cursor)
{
	uint32_t next = journal->segments[cursor->slot].next;

	if (next != JOURNAL_NO_SLOT)
		journal_cursor_enter(cursor, next);
	return next != JOURNAL_NO_SLOT;
}

enum error
journal_cursor_next(struct journal *journal, struct journal_cursor *cursor,
    struct journal_record *record)
{
	enum error error;

	if (cursor->slot == JOURNAL_NO_SLOT)
		find_segment(journal, cursor);
	if (cursor->slot == JOURNAL_NO_SLOT)
		return ERROR_NOT_FOUND;
	while ((error = journal_cursor_peek(journal, cursor, record)) ==
	       ERROR_NOT_FOUND)
		if (!journal_cursor_leave(journal, cursor))
			return ERROR_NOT_FOUND;
	return error;
}

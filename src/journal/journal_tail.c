/*
 * journal_tail: where records are appended. Owns the write buffers. A record is
 * copied once, into the buffer, and written together with its neighbours.
 *
 * Each write ends in a mark that says that nothing follows, and the next write
 * begins on top of it. A segment without the mark was torn by a kill.
 */
#include "journal_private.h"

#include "clock.h"

/* What the buffer may grow to while the disk takes nothing. */
#define BUFFER_MAX (8 * JOURNAL_WRITE_LEN)

/* The memory that is kept while a site is at work. */
#define BUSY_SIZE (2 * JOURNAL_WRITE_LEN)

void
journal_tail_init(struct journal_tail *tail)
{
	buffer_fini(&tail->buffer);
	*tail = (struct journal_tail){ .slot = JOURNAL_NO_SLOT };
}

bool
journal_tail_has_room(const struct journal_tail *tail, size_t len)
{
	return tail->written + tail->buffer.len + len +
	           JOURNAL_RECORD_HEAD_LEN <=
	       JOURNAL_SEGMENT_LEN;
}

void
journal_tail_append(struct journal *journal, struct journal_tail *tail,
    const struct journal_record *record)
{
	size_t len = journal_record_len(journal_record_size(record));

	journal_record_encode(buffer_reserve(&tail->buffer, len),
	    journal->segments[tail->slot].serial, record);
	buffer_commit(&tail->buffer, len);
}

enum error
journal_tail_write(struct journal *journal, struct journal_tail *tail)
{
	size_t len = tail->buffer.len;
	enum error error;

	if (len == 0)
		return ERROR_NONE;
	journal_end_encode(
	    buffer_reserve(&tail->buffer, JOURNAL_RECORD_HEAD_LEN),
	    journal->segments[tail->slot].serial, journal->next_sequence);
	error = journal_io_write(journal, buffer_head(&tail->buffer),
	    len + JOURNAL_RECORD_HEAD_LEN,
	    journal_position(tail->slot, tail->written));
	if (error != ERROR_NONE)
		return error;
	tail->written += (uint32_t)len;
	tail->unwritten_since_us = 0;
	buffer_clear(&tail->buffer, BUSY_SIZE);
	return ERROR_NONE;
}

enum error
journal_tail_close(struct journal *journal)
{
	struct journal_tail *tail = &journal->tail;
	enum error error = journal_tail_write(journal, tail);

	if (error != ERROR_NONE)
		return error;
	journal->segments[tail->slot].end = tail->written;
	tail->slot = JOURNAL_NO_SLOT;
	return ERROR_NONE;
}

/* Begin a segment, in memory so far. The one before it has been written. */
static enum error
tail_begin(struct journal *journal)
{
	struct journal_tail *tail = &journal->tail;
	enum error error;
	uint32_t slot;

	journal_chain_free_retired(journal);
	error = journal_chain_reserve(journal, &slot);
	if (error != ERROR_NONE)
		return error;
	journal->segments[slot].first_sequence = journal->next_sequence;
	journal_chain_insert(journal, slot, JOURNAL_NO_SLOT);
	tail->slot = slot;
	tail->written = 0;
	journal_chain_encode_head(journal, slot, JOURNAL_SEGMENT_LIVE,
	    buffer_reserve(&tail->buffer, JOURNAL_SEGMENT_HEAD_LEN));
	buffer_commit(&tail->buffer, JOURNAL_SEGMENT_HEAD_LEN);
	return ERROR_NONE;
}

/* Let there be room for a record, and for the end mark behind it. */
static enum error
make_room(struct journal *journal, size_t len)
{
	struct journal_tail *tail = &journal->tail;
	enum error error = ERROR_NONE;

	if (tail->slot != JOURNAL_NO_SLOT && !journal_tail_has_room(tail, len))
		error = journal_tail_close(journal);
	else if (tail->buffer.len >= JOURNAL_WRITE_LEN &&
		 journal_tail_write(journal, tail) != ERROR_NONE &&
		 tail->buffer.len + len + JOURNAL_RECORD_HEAD_LEN > BUFFER_MAX)
		error = journal->write_error;
	if (error == ERROR_NONE && tail->slot == JOURNAL_NO_SLOT)
		error = tail_begin(journal);
	return error;
}

enum error
journal_append(struct journal *journal, struct journal_record *record)
{
	struct journal_tail *tail = &journal->tail;
	enum error error;

	if (record->key_len > JOURNAL_KEY_MAX ||
	    record->value_len > JOURNAL_VALUE_MAX)
		return ERROR_TOO_LARGE;
	if (journal->load.phase == JOURNAL_LOAD_EMPTYING)
		return ERROR_AGAIN;
	error =
	    make_room(journal, journal_record_len(journal_record_size(record)));
	if (error != ERROR_NONE)
		return error;
	if (tail->unwritten_since_us == 0)
		tail->unwritten_since_us = clock_monotonic_us();
	record->sequence = journal->next_sequence++;
	record->position = journal_position(
	    tail->slot, tail->written + (uint32_t)tail->buffer.len);
	journal_tail_append(journal, tail, record);
	return ERROR_NONE;
}

uint64_t
journal_unwritten_since_us(const struct journal *journal)
{
	return journal->tail.unwritten_since_us;
}

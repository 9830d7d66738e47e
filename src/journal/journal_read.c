/*
 * journal_read: what the owner reads: one record by its position, the head,
 * all of them for a replay or for a walk.
 */
#include "journal_private.h"

/* Memory kept for journal_read(), whatever the size of the last record. */
#define READ_SIZE (16 * 1024)

#define CACHE_LINE_LEN 64
#define PREFETCH_MAX   2048

/*
 * The slot and offset of a position that comes from outside. False: there is
 * no place for a record of this length.
 */
static bool
find_place(const struct journal *journal, uint64_t position, size_t len,
    uint32_t *slot, uint32_t *offset)
{
	uint32_t end = JOURNAL_SEGMENT_LEN;

	if (position < JOURNAL_HEADER_LEN)
		return false;
	position -= JOURNAL_HEADER_LEN;
	if (position / JOURNAL_SEGMENT_LEN >= journal->slot_count)
		return false;
	*slot = (uint32_t)(position / JOURNAL_SEGMENT_LEN);
	*offset = (uint32_t)(position % JOURNAL_SEGMENT_LEN);
	/* Not where reading on would end: that may be because of damage. */
	if (*slot == journal->tail.slot)
		end = journal_segment_end(journal, *slot);
	return journal->segments[*slot].state == JOURNAL_SLOT_LIVE &&
	       *offset >= JOURNAL_SEGMENT_HEAD_LEN && *offset + len <= end;
}

void
journal_set_map_limit(struct journal *journal, uint64_t bytes)
{
	uint64_t limit = bytes / JOURNAL_SEGMENT_LEN;

	journal->map.limit =
	    limit < JOURNAL_SLOTS_MAX ? (uint32_t)limit : JOURNAL_SLOTS_MAX;
}

/* The record's bytes with one read of the file. */
static enum error
fetch(struct journal *journal, uint64_t position, size_t len,
    const unsigned char **bytes)
{
	unsigned char *data;
	enum error error;
	size_t got;

	buffer_clear(&journal->read, READ_SIZE);
	data = buffer_reserve(&journal->read, len);
	error = journal_io_read(journal, data, len, position, &got);
	if (error != ERROR_NONE)
		return error;
	buffer_commit(&journal->read, got);
	*bytes = data;
	return got == len ? ERROR_NONE : ERROR_DAMAGED;
}

/* Are these the bytes of the record that is asked for? */
static bool
is_record(const struct journal *journal, uint32_t slot,
    const unsigned char *bytes, size_t len, const struct journal_record *wanted,
    struct journal_record *record)
{
	return journal_record_decode(bytes, len, record) &&
	       record->type == JOURNAL_PUT &&
	       record->sequence == wanted->sequence &&
	       record->key_len == wanted->key_len &&
	       record->value_len == wanted->value_len &&
	       journal_record_check(
		   bytes, journal->segments[slot].serial, record->key_len) &&
	       journal_record_check_value(bytes, record);
}

/* The bytes of a record where they are in memory, or NULL. */
static const unsigned char *
find_in_memory(struct journal *journal, uint32_t slot, uint32_t offset)
{
	const struct journal_tail *tail = &journal->tail;
	const unsigned char *segment;

	if (slot == tail->slot && offset >= tail->written)
		return buffer_head(&tail->buffer) + (offset - tail->written);
	segment = journal_map_segment(&journal->map, journal->fd, slot);
	return segment != NULL ? segment + offset : NULL;
}

/* All of a record is needed soon: wait for its parts at once. */
static void
prefetch(const unsigned char *bytes, size_t len)
{
	size_t offset;

	if (len > PREFETCH_MAX)
		len = PREFETCH_MAX;
	for (offset = 0; offset < len; offset += CACHE_LINE_LEN)
		__builtin_prefetch(bytes + offset);
}

/* Where the record is in memory, take it from there, else from the file. */
static enum error
read_record(struct journal *journal, const struct journal_record *wanted,
    struct journal_record *record)
{
	size_t len = journal_record_len(wanted->key_len, wanted->value_len);
	const unsigned char *bytes;
	uint32_t slot, offset;
	enum error error;

	if (!find_place(journal, wanted->position, len, &slot, &offset))
		return ERROR_DAMAGED;
	bytes = find_in_memory(journal, slot, offset);
	if (bytes != NULL)
		prefetch(bytes, len);
	if (bytes == NULL ||
	    !is_record(journal, slot, bytes, len, wanted, record)) {
		/* What a map shows wrong the file may show right. */
		journal_map_drop(&journal->map, slot);
		/* A kill may have cut the file within the padding. */
		error = fetch(journal, wanted->position,
		    JOURNAL_RECORD_HEAD_LEN + wanted->key_len +
			wanted->value_len,
		    &bytes);
		if (error != ERROR_NONE)
			return error;
		if (!is_record(journal, slot, bytes, len, wanted, record))
			return ERROR_DAMAGED;
	}
	record->position = wanted->position;
	journal_record_point(record, bytes, true);
	return ERROR_NONE;
}

enum error
journal_read(struct journal *journal, uint64_t position, uint64_t sequence,
    size_t key_len, size_t value_len, struct journal_record *record)
{
	const struct journal_record wanted = {
		.position = position,
		.sequence = sequence,
		.key_len = key_len,
		.value_len = value_len,
	};
	enum error error = ERROR_DAMAGED;

	if (key_len <= JOURNAL_KEY_MAX && value_len <= JOURNAL_VALUE_MAX)
		error = read_record(journal, &wanted, record);
	if (error == ERROR_DAMAGED)
		journal_io_report_damage(journal, position);
	return error;
}

void
journal_wipe_reads(struct journal *journal)
{
	buffer_clear(&journal->read, READ_SIZE);
	journal_windows_fini(journal);
}

/*
 * Nothing is left: begin again at the start of the file, so that its end can
 * be cut off. A tail that is there already may as well stay.
 */
static void
leave_empty_tail(struct journal *journal)
{
	uint32_t slot = journal->tail.slot;

	if (slot != 0 && journal_tail_close(journal) == ERROR_NONE)
		journal_chain_retire(journal, slot);
}

enum error
journal_head(struct journal *journal, struct journal_record *record)
{
	struct journal_cursor *head = &journal->head;
	enum error error;
	uint32_t slot;

	while ((slot = journal->chain.first) != JOURNAL_NO_SLOT) {
		if (head->slot != slot)
			journal_cursor_enter(head, slot);
		error = journal_cursor_peek(journal, head, record);
		if (error != ERROR_NOT_FOUND)
			return error;
		if (slot == journal->tail.slot) {
			leave_empty_tail(journal);
			return ERROR_NOT_FOUND;
		}
		journal_chain_retire(journal, slot);
	}
	return ERROR_NOT_FOUND;
}

void
journal_drop_head(struct journal *journal)
{
	struct journal_record record;

	if (journal_head(journal, &record) == ERROR_NONE)
		journal_cursor_step(&journal->head, &record);
}

void
journal_replay_begin(struct journal *journal)
{
	journal_compact_abandon(journal);
	journal->has_losses = false;
	journal->replay.above = journal->head.above;
	journal_io_expect(journal, true);
	journal_cursor_enter(&journal->replay, journal->chain.first);
}

bool
journal_has_losses(const struct journal *journal)
{
	return journal->has_losses;
}

enum error
journal_replay_next(struct journal *journal, struct journal_record *record)
{
	struct journal_cursor *replay = &journal->replay;
	enum error error = journal_cursor_next(journal, replay, record);

	if (error == ERROR_NOT_FOUND)
		journal_io_expect(journal, false);
	if (error != ERROR_NONE)
		return error;
	error = journal_cursor_peek_value(journal, replay, record);
	journal_cursor_step(replay, record);
	return error;
}

enum error
journal_walk_next(
    struct journal *journal, uint64_t *cursor, struct journal_record *record)
{
	struct journal_cursor *walk = &journal->walk;
	enum error error;

	if (*cursor != walk->above || *cursor == 0)
		*walk = (struct journal_cursor){
			.reader = JOURNAL_READER_WALK,
			.slot = JOURNAL_NO_SLOT,
			.above = *cursor,
		};
	if (walk->above < journal->head.above)
		walk->above = journal->head.above;
	do
		error = journal_cursor_next(journal, walk, record);
	while (error == ERROR_DAMAGED || error == ERROR_IO);
	if (error == ERROR_NONE)
		journal_cursor_step(walk, record);
	*cursor = error == ERROR_NONE ? walk->above : 0;
	return error;
}

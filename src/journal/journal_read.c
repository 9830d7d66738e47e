/*
 * journal_read: one record by its position: from the buffer of the tail, from
 * a mapped segment, or else from the file. Owns the buffer for that.
 */
#include "journal_private.h"

/* Memory kept for journal_read(), whatever the size of the last record. */
#define READ_SIZE (16 * 1024)

#define CACHE_LINE_LEN 64
#define PREFETCH_MAX   2048

/*
 * The slot and offset of a position that comes from outside. False: there is
 * no room for a record of this length.
 */
static bool
locate(const struct journal *journal, uint64_t position, size_t len,
    uint32_t *slot, uint32_t *offset)
{
	uint32_t end = JOURNAL_SEGMENT_LEN;

	if (!journal_is_live_position(journal, position))
		return false;
	*slot = journal_slot_of(position);
	*offset = (uint32_t)(position - journal_position(*slot, 0));
	/* Not where reading on would end: that may be because of damage. */
	if (*slot == journal->tail.slot)
		end = journal_segment_end(journal, *slot);
	return *offset >= JOURNAL_SEGMENT_HEAD_LEN && *offset + len <= end;
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

/* Which record is asked for. */
struct wanted {
	uint64_t position;
	uint64_t sequence;
	size_t size; /* of key and value */
	size_t len;  /* of the record */
};

/* Are these the bytes of it? */
static bool
is_record(const struct journal *journal, uint32_t slot,
    const unsigned char *bytes, const struct wanted *wanted,
    struct journal_record *record)
{
	return journal_record_decode(bytes, wanted->len, record) &&
	       record->type == JOURNAL_PUT &&
	       record->sequence == wanted->sequence &&
	       journal_record_size(record) == wanted->size &&
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
	/* To map it again would have the disk asked again. */
	if (journal_fault_is_in_backoff(journal, slot))
		return NULL;
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

/*
 * The record from the file, also where a map shows it wrong. A kill may have
 * cut the file within the padding, which is not read.
 */
static enum error
read_from_file(struct journal *journal, uint32_t slot,
    const struct wanted *wanted, struct journal_record *record,
    const unsigned char **bytes)
{
	size_t len = JOURNAL_RECORD_HEAD_LEN + wanted->size;
	enum error error;

	journal_map_drop(&journal->map, slot);
	if (journal_fault_is_in_backoff(journal, slot))
		return ERROR_IO;
	error = fetch(journal, wanted->position, len, bytes);
	if (error == ERROR_IO)
		journal_fault_add(journal, slot, wanted->position, len);
	if (error == ERROR_NONE &&
	    !is_record(journal, slot, *bytes, wanted, record))
		error = ERROR_DAMAGED;
	return error;
}

enum error
journal_read(struct journal *journal, uint64_t position, uint64_t sequence,
    size_t size, struct journal_record *record)
{
	const struct wanted wanted = { position, sequence, size,
		journal_record_len(size) };
	const unsigned char *bytes = NULL;
	enum error error = ERROR_DAMAGED;
	uint32_t slot, offset;

	if (locate(journal, position, wanted.len, &slot, &offset)) {
		bytes = find_in_memory(journal, slot, offset);
		error = ERROR_NONE;
	}
	if (bytes != NULL)
		prefetch(bytes, wanted.len);
	if (error == ERROR_NONE &&
	    (bytes == NULL ||
		!is_record(journal, slot, bytes, &wanted, record)))
		error = read_from_file(journal, slot, &wanted, record, &bytes);
	if (error == ERROR_NONE) {
		record->position = position;
		journal_record_point(record, bytes, true);
	}
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

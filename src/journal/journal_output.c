/*
 * journal_output: the segment that a compaction writes. Nobody takes it for
 * one before its header is there, which comes last.
 */
#include "journal_private.h"

uint32_t
journal_first_source(const struct journal *journal)
{
	const struct journal_compaction *pass = &journal->compaction;
	uint32_t slot = pass->source.slot, previous;

	while (
	    (previous = journal->segments[slot].previous) != JOURNAL_NO_SLOT &&
	    journal->segments[previous].serial < pass->first_serial)
		slot = previous;
	return slot;
}

/* Begin an output, in memory so far. */
static enum error
output_begin(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	enum error error = journal_retire_free(journal);

	if (error == ERROR_NONE)
		error = journal_chain_reserve(journal, &pass->output);
	if (error == ERROR_NONE)
		pass->written = JOURNAL_SEGMENT_HEAD_LEN;
	return error;
}

/* Write what is in the buffer, and `extra` bytes behind that. */
static enum error
output_write(struct journal *journal, size_t extra)
{
	struct journal_compaction *pass = &journal->compaction;
	size_t len = pass->buffer.len;
	enum error error;

	error = journal_io_write(journal, buffer_head(&pass->buffer),
	    len + extra, journal_position(pass->output, pass->written));
	if (error != ERROR_NONE)
		return error;
	pass->written += (uint32_t)len;
	buffer_clear(&pass->buffer, 2 * JOURNAL_WRITE_LEN);
	return ERROR_NONE;
}

/*
 * The head comes last: until then nobody takes this for a segment. From then
 * on it stands for all that its sources held, dead or alive, and so it begins
 * with the number that the oldest of them began with. By then what superseded
 * the dead must be on disk, and what was removed must be gone from there.
 */
enum error
journal_output_write_end(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	unsigned char head[JOURNAL_SEGMENT_HEAD_LEN];
	enum error error;

	journal->segments[pass->output].first_sequence =
	    journal->segments[journal_first_source(journal)].first_sequence;
	journal_end_encode(
	    buffer_reserve(&pass->buffer, JOURNAL_RECORD_HEAD_LEN),
	    journal->segments[pass->output].serial, journal->next_sequence);
	error = output_write(journal, JOURNAL_RECORD_HEAD_LEN);
	if (error == ERROR_NONE && journal->purging_count > 0)
		error = ERROR_AGAIN;
	while (error == ERROR_NONE && journal->retired.count > 0)
		error = journal_retire_free(journal);
	if (error == ERROR_NONE)
		error = journal_tail_write(journal);
	if (error != ERROR_NONE)
		return error;
	journal_chain_encode_head(
	    journal, pass->output, JOURNAL_SEGMENT_LIVE, head);
	return journal_io_write(
	    journal, head, sizeof(head), journal_position(pass->output, 0));
}

bool
journal_output_has_room(const struct journal_compaction *pass, size_t len)
{
	return pass->written + pass->buffer.len + len +
	           JOURNAL_RECORD_HEAD_LEN <=
	       JOURNAL_SEGMENT_LEN;
}

enum error
journal_output_append(
    struct journal *journal, const struct journal_record *record)
{
	struct journal_compaction *pass = &journal->compaction;
	size_t len = journal_record_len(journal_record_size(record));
	enum error error = ERROR_NONE;

	if (pass->output == JOURNAL_NO_SLOT)
		error = output_begin(journal);
	if (error == ERROR_NONE && pass->buffer.len >= JOURNAL_WRITE_LEN)
		error = output_write(journal, 0);
	if (error != ERROR_NONE)
		return error;
	journal_record_encode(buffer_reserve(&pass->buffer, len),
	    journal->segments[pass->output].serial, record);
	buffer_commit(&pass->buffer, len);
	return ERROR_NONE;
}

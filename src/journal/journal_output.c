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
	struct journal_tail *output = &journal->compaction.output;
	enum error error = journal_retire_free(journal);

	if (error == ERROR_NONE)
		error = journal_chain_reserve(journal, &output->slot);
	if (error == ERROR_NONE)
		output->written = JOURNAL_SEGMENT_HEAD_LEN;
	return error;
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
	struct journal_tail *output = &journal->compaction.output;
	unsigned char head[JOURNAL_SEGMENT_HEAD_LEN];
	enum error error = journal_tail_write(journal, output);

	journal->segments[output->slot].first_sequence =
	    journal->segments[journal_first_source(journal)].first_sequence;
	if (error == ERROR_NONE && journal->purging_count > 0)
		error = ERROR_AGAIN;
	while (error == ERROR_NONE && journal->retired.count > 0)
		error = journal_retire_free(journal);
	if (error == ERROR_NONE)
		error = journal_tail_write(journal, &journal->tail);
	if (error != ERROR_NONE)
		return error;
	journal_chain_encode_head(
	    journal, output->slot, JOURNAL_SEGMENT_LIVE, head);
	return journal_io_write(
	    journal, head, sizeof(head), journal_position(output->slot, 0));
}

enum error
journal_output_append(
    struct journal *journal, const struct journal_record *record)
{
	struct journal_tail *output = &journal->compaction.output;
	enum error error = ERROR_NONE;

	if (output->slot == JOURNAL_NO_SLOT)
		error = output_begin(journal);
	if (error == ERROR_NONE && output->buffer.len >= JOURNAL_WRITE_LEN)
		error = journal_tail_write(journal, output);
	if (error == ERROR_NONE)
		journal_tail_append(journal, output, record);
	return error;
}

/*
 * journal_retire: how segments leave, and the accounts of what is live in
 * them. A segment with live records that leaves takes them along; then the
 * owner's index leads nowhere until the owner has taken that out, and until
 * then the slot is not used again.
 */
#include "journal_private.h"

bool
journal_holds(
    const struct journal *journal, uint64_t position, uint64_t sequence)
{
	return sequence >= journal->dropped_sequence &&
	       journal_is_live_position(journal, position);
}

void
journal_add_live(struct journal *journal, uint64_t position, size_t size)
{
	struct journal_segment *segment =
	    &journal->segments[journal_slot_of(position)];

	if (!journal_is_live_position(journal, position))
		return;
	segment->live_entries++;
	segment->live_bytes += (uint32_t)size;
	journal->live.entries++;
	journal->live.bytes += size;
}

void
journal_remove_live(struct journal *journal, uint64_t position, size_t size)
{
	struct journal_segment *segment =
	    &journal->segments[journal_slot_of(position)];

	if (!journal_is_live_position(journal, position) ||
	    segment->live_entries == 0)
		return;
	segment->live_entries--;
	segment->live_bytes -= (uint32_t)size;
	journal->live.entries--;
	journal->live.bytes -= size;
}

const struct journal_live *
journal_live(const struct journal *journal)
{
	return &journal->live;
}

static void
forget_cursor(struct journal_cursor *cursor, uint32_t slot)
{
	if (cursor->slot == slot)
		cursor->slot = JOURNAL_NO_SLOT;
}

void
journal_retire(struct journal *journal, uint32_t slot, bool is_lost)
{
	struct journal_segment *segment = &journal->segments[slot];

	forget_cursor(&journal->oldest, slot);
	forget_cursor(&journal->replay, slot);
	forget_cursor(&journal->walk, slot);
	forget_cursor(&journal->compaction.source, slot);
	forget_cursor(&journal->compaction.moving, slot);
	journal_fault_clear(journal, slot);
	segment->doubt_sequence = 0;
	if (segment->live_entries == 0) {
		journal_chain_retire(journal, slot, JOURNAL_SLOT_RETIRED);
		return;
	}
	journal->live.entries -= segment->live_entries;
	journal->live.bytes -= segment->live_bytes;
	if (is_lost)
		journal->live.lost += segment->live_entries;
	journal->purging_count++;
	journal_chain_retire(journal, slot, JOURNAL_SLOT_PURGING);
}

enum error
journal_retire_free(struct journal *journal)
{
	enum error error = journal_tail_write(journal, &journal->tail);

	return error != ERROR_NONE ? error
	                           : journal_chain_free_retired(journal);
}

bool
journal_is_purge_due(const struct journal *journal)
{
	return journal->purging_count > 0 || journal->is_cleared;
}

/* Those that this search is for have no live records any more. */
void
journal_purge_begin(struct journal *journal)
{
	uint32_t slot = journal->retired.first;

	journal->is_cleared = false;
	for (; slot != JOURNAL_NO_SLOT; slot = journal->segments[slot].next)
		journal->segments[slot].live_entries = 0;
}

void
journal_purge_end(struct journal *journal)
{
	uint32_t slot = journal->retired.first;

	for (; slot != JOURNAL_NO_SLOT; slot = journal->segments[slot].next) {
		struct journal_segment *segment = &journal->segments[slot];

		if (segment->state == JOURNAL_SLOT_PURGING &&
		    segment->live_entries == 0) {
			segment->state = JOURNAL_SLOT_RETIRED;
			journal->purging_count--;
		}
	}
}

/*
 * journal_replay: reading in the order of the journal: the oldest record, all
 * of them for a replay, or some at a time for a walk.
 */
#include "journal_private.h"

#include "clock.h"
#include "minmax.h"

/* Segments that are read ahead of a replay, and asked for at once. */
#define AHEAD_SEGMENTS 16
#define FETCH_SEGMENTS 2

/* What cannot be read holds up a replay no longer than this, in all. */
#define REPLAY_PATIENCE_US 1000000

/* The bound of a doubt that is not known yet. */
#define OPEN UINT64_MAX

/*
 * Nothing is left: begin again at the start of the file, so that its end can
 * be cut off. A tail that is there already may as well stay.
 */
static void
leave_empty_tail(struct journal *journal)
{
	uint32_t slot = journal->tail.slot;

	if (slot != 0 && journal_tail_close(journal) == ERROR_NONE)
		journal_retire(journal, slot, true);
}

/* The oldest record in this segment. */
static enum error
peek_oldest(
    struct journal *journal, uint32_t slot, struct journal_record *record)
{
	struct journal_segment *segment = &journal->segments[slot];
	struct journal_cursor *oldest = &journal->oldest;
	enum error error;

	if (slot != journal->tail.slot && segment->live_entries == 0)
		return ERROR_NOT_FOUND;
	/* The wait for another one goes on meanwhile. */
	if (oldest->slot != slot && journal_fault_is_in_backoff(journal, slot))
		return ERROR_IO;
	if (oldest->slot != slot) {
		journal_cursor_enter(oldest, slot);
		oldest->offset = segment->oldest;
		oldest->next_sequence = 0;
	}
	do
		error = journal_cursor_peek(journal, oldest, record);
	while (error == ERROR_DAMAGED);
	return error;
}

/* Nothing is live there yet, for the index still leads to the sources. */
static bool
is_being_moved_to(const struct journal *journal, uint32_t slot)
{
	return journal->compaction.phase == JOURNAL_COMPACT_MOVING &&
	       journal->compaction.output.slot == slot;
}

/*
 * Segments leave when nothing older is there. What stands behind one that
 * cannot be read stays in the file, dropped: it may supersede what that holds.
 */
enum error
journal_oldest(struct journal *journal, struct journal_record *record)
{
	uint32_t slot = journal->chain.first, next;
	enum error error;

	for (; slot != JOURNAL_NO_SLOT; slot = next) {
		next = journal->segments[slot].next;
		if (is_being_moved_to(journal, slot))
			continue;
		error = peek_oldest(journal, slot, record);
		if (error == ERROR_NONE || error == ERROR_AGAIN)
			return error;
		if (error != ERROR_NOT_FOUND || slot != journal->chain.first ||
		    !journal_is_whole(journal))
			continue;
		if (slot == journal->tail.slot)
			leave_empty_tail(journal);
		else
			journal_retire(journal, slot, true);
	}
	return ERROR_NOT_FOUND;
}

void
journal_unread(const struct journal *journal, struct journal_unread *unread)
{
	uint32_t slot = journal->chain.first, next;

	*unread = (struct journal_unread){ 0 };
	for (; slot != JOURNAL_NO_SLOT && slot != journal->oldest.slot;
	     slot = next) {
		const struct journal_segment *segment =
		    &journal->segments[slot];

		next = segment->next;
		if (is_being_moved_to(journal, slot))
			continue;
		if (unread->entries == 0 && next != JOURNAL_NO_SLOT) {
			unread->first_entries = segment->live_entries;
			unread->first_bytes = segment->live_bytes;
			unread->next_sequence =
			    journal->segments[next].first_sequence;
		}
		unread->entries += segment->live_entries;
	}
}

void
journal_drop_oldest(struct journal *journal)
{
	struct journal_cursor *oldest = &journal->oldest;
	uint64_t *reached_sequence = &journal->passed_sequence;
	struct journal_record record;

	/* Not another one, if this was the last in its segment that lived. */
	if (oldest->slot == JOURNAL_NO_SLOT ||
	    journal_cursor_peek(journal, oldest, &record) != ERROR_NONE)
		return;
	journal_cursor_step(oldest, &record);
	journal->segments[oldest->slot].oldest = oldest->offset;
	oldest->next_sequence = 0;
	if (oldest->slot == journal->chain.first && journal_is_whole(journal))
		reached_sequence = &journal->dropped_sequence;
	*reached_sequence = max_u64(*reached_sequence, record.sequence + 1);
}

bool
journal_may_find_dropped(const struct journal *journal)
{
	return !journal_is_whole(journal) ||
	       journal->passed_sequence > journal->dropped_sequence;
}

void
journal_drop_below(struct journal *journal, uint64_t sequence)
{
	uint32_t slot, next;

	journal->dropped_sequence =
	    max_u64(journal->dropped_sequence, sequence);
	while ((slot = journal->chain.first) != JOURNAL_NO_SLOT &&
	       (next = journal->segments[slot].next) != JOURNAL_NO_SLOT &&
	       journal->segments[next].first_sequence <= sequence)
		journal_retire(journal, slot, false);
}

void
journal_replay_begin(struct journal *journal)
{
	uint32_t slot = journal->chain.first;

	journal_compact_abandon(journal);
	journal->is_replay_due = false;
	journal->replay_patience_us = 0;
	journal->oldest.slot = JOURNAL_NO_SLOT;
	journal->replay.next_sequence = journal->dropped_sequence;
	journal->replay.slot = JOURNAL_NO_SLOT;
	if (slot != JOURNAL_NO_SLOT)
		journal_cursor_enter(&journal->replay, slot);
	for (; slot != JOURNAL_NO_SLOT; slot = journal->segments[slot].next) {
		journal->segments[slot].doubt_sequence = 0;
		journal->segments[slot].is_fetched = false;
		journal->segments[slot].oldest = JOURNAL_SEGMENT_HEAD_LEN;
	}
}

void
journal_replay_abandon(struct journal *journal)
{
	journal->is_replay_due = true;
}

bool
journal_is_replay_due(const struct journal *journal)
{
	/* A pass that is moving must come to its end: see move_step(). */
	return journal->is_replay_due &&
	       journal->compaction.phase != JOURNAL_COMPACT_MOVING;
}

/*
 * The disk is slower than we are: let it have enough to do. Not all of that at
 * once, for asking takes the kernel a while as well.
 */
static void
fetch_ahead(struct journal *journal)
{
	uint32_t slot = journal->replay.slot;
	unsigned asked = 0;

	for (unsigned i = 0; i < AHEAD_SEGMENTS && slot != JOURNAL_NO_SLOT &&
			     asked < FETCH_SEGMENTS;
	     i++) {
		struct journal_segment *segment = &journal->segments[slot];

		if (!segment->is_fetched) {
			journal_io_fetch(journal, journal_position(slot, 0),
			    journal_position(slot, JOURNAL_SEGMENT_LEN));
			segment->is_fetched = true;
			asked++;
		}
		slot = segment->next;
	}
}

/*
 * The first record behind what was left out: replay goes up in sequence
 * numbers, so all that was left out is below.
 */
static void
bound_doubt(struct journal *journal, uint64_t sequence)
{
	if (!journal->is_doubt_open)
		return;
	for (uint32_t i = 0; i < journal->slot_count; i++)
		if (journal->segments[i].doubt_sequence == OPEN)
			journal->segments[i].doubt_sequence = sequence;
	journal->is_doubt_open = false;
}

uint64_t
journal_doubt_sequence(const struct journal *journal)
{
	uint64_t doubt_sequence = 0;

	for (uint32_t i = 0; i < journal->slot_count; i++)
		doubt_sequence = max_u64(
		    doubt_sequence, journal->segments[i].doubt_sequence);
	return doubt_sequence > journal->dropped_sequence ? doubt_sequence : 0;
}

/* It cannot be read: wait, or go on without it. */
static enum error
replay_past_fault(struct journal *journal)
{
	struct journal_cursor *replay = &journal->replay;
	uint64_t now_us = clock_monotonic_us();

	if (journal->replay_patience_us == 0)
		journal->replay_patience_us = now_us + REPLAY_PATIENCE_US;
	if (now_us < journal->replay_patience_us)
		return ERROR_AGAIN;
	journal->segments[replay->slot].doubt_sequence = OPEN;
	journal->is_doubt_open = true;
	return journal_cursor_leave(journal, replay) ? ERROR_IO
	                                             : ERROR_NOT_FOUND;
}

enum error
journal_replay_next(struct journal *journal, struct journal_record *record)
{
	struct journal_cursor *replay = &journal->replay;
	enum error error = journal_cursor_next(journal, replay, record);

	if (error == ERROR_NONE) {
		bound_doubt(journal, record->sequence);
		error = journal_cursor_peek_value(journal, replay, record);
		if (error == ERROR_NONE || error == ERROR_DAMAGED)
			journal_cursor_step(replay, record);
	}
	if (error == ERROR_AGAIN)
		fetch_ahead(journal);
	if (error == ERROR_IO)
		error = replay_past_fault(journal);
	if (error == ERROR_NOT_FOUND)
		bound_doubt(journal, journal->next_sequence);
	return error;
}

/* Where one walk was, or another: some begin in between. */
static void
walk_from(struct journal *journal, uint64_t sequence)
{
	struct journal_cursor *walk = &journal->walk;

	sequence = max_u64(max_u64(sequence, journal->dropped_sequence), 1);
	if (sequence != walk->next_sequence)
		*walk = (struct journal_cursor){
			.reader = JOURNAL_READER_WALK,
			.slot = JOURNAL_NO_SLOT,
			.next_sequence = sequence,
		};
}

/* Go on behind what cannot be read, in the tail with what is in memory. */
static bool
walk_past(struct journal *journal)
{
	struct journal_cursor *walk = &journal->walk;

	if (walk->slot == journal->tail.slot) {
		walk->offset = journal->tail.written;
		return true;
	}
	if (!journal_cursor_leave(journal, walk))
		return false;
	walk->next_sequence = max_u64(
	    walk->next_sequence, journal->segments[walk->slot].first_sequence);
	return true;
}

enum error
journal_walk_next(
    struct journal *journal, uint64_t *cursor, struct journal_record *record)
{
	struct journal_cursor *walk = &journal->walk;
	bool is_over;
	enum error error;

	walk_from(journal, *cursor);
	error = journal_cursor_next(journal, walk, record);
	if (error == ERROR_NONE)
		journal_cursor_step(walk, record);
	is_over = error == ERROR_NOT_FOUND;
	if (error == ERROR_IO ||
	    (error == ERROR_DAMAGED && walk->slot != journal->tail.slot))
		is_over = !walk_past(journal);
	*cursor = is_over ? 0 : walk->next_sequence;
	return error;
}

/*
 * journal_compact: compaction, which leaves dead records behind. Owns the pass
 * under way.
 *
 * A pass reads the oldest segments and copies what lives into a new one, the
 * output. When that is whole on disk it is inserted into the chain, in front of
 * the segments it was made from; then the owner is told where its records
 * are now; then those segments retire. So each record is on disk at least once
 * at any time, and what is there twice is the same.
 *
 * A pass begins at the head. So when it meets a REMOVE, whatever that removed
 * has been left out already, and the REMOVE can be left out as well. The last
 * segments are none of its business: they may hold what supersedes a record
 * that lived when it was copied.
 */
#include "journal_private.h"

#include "clock.h"

/* Dead bytes that are let be, whatever there is that lives. */
#define SLACK_LEN (4 * JOURNAL_SEGMENT_LEN)

/* Where a pass gained nothing, let so many segments come before the next. */
#define HOLD_SEGMENTS 4
#define HOLD_US       1000000

void
journal_compact_init(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;

	journal_tail_init(&pass->output);
	*pass = (struct journal_compaction){
		.source = { .reader = JOURNAL_READER_COMPACT },
		.moving = { .reader = JOURNAL_READER_COMPACT },
		.output = pass->output,
	};
}

void
journal_compact_abandon(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->phase == JOURNAL_COMPACT_COPYING &&
	    pass->output.slot != JOURNAL_NO_SLOT)
		journal_chain_release(journal, pass->output.slot);
	pass->phase = JOURNAL_COMPACT_IDLE;
	journal_tail_init(&pass->output);
}

/* The output cannot be written: its sources stay, for another time. */
static void
pass_fail(struct journal *journal)
{
	journal_compact_abandon(journal);
	journal->compaction.hold_us = clock_monotonic_us() + HOLD_US;
}

static bool
is_above_low_water(const struct journal *journal)
{
	return journal_chain_len(journal) >
	       2 * journal_live_len(journal) + SLACK_LEN;
}

/* Clients add more than is read: blocking reads are allowed. */
static bool
is_above_high_water(const struct journal *journal)
{
	return journal_chain_len(journal) >
	       3 * journal_live_len(journal) + 2 * SLACK_LEN;
}

/*
 * Begin a pass if there is reason to. While something cannot be read, or is
 * yet to be purged, it may be what a record that would be left out superseded.
 */
static bool
pass_begin(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t first = journal->chain.first, tail = journal->tail.slot;

	if (!is_above_low_water(journal) || first == tail ||
	    !journal_is_whole(journal) || journal->retired.count > 0 ||
	    journal->next_serial < pass->hold_serial ||
	    (pass->hold_us != 0 && clock_monotonic_us() < pass->hold_us))
		return false;
	pass->phase = JOURNAL_COMPACT_COPYING;
	pass->end_sequence = tail != JOURNAL_NO_SLOT
	                         ? journal->segments[tail].first_sequence
	                         : journal->next_sequence;
	pass->first_serial = journal->next_serial;
	journal_cursor_enter(&pass->source, first);
	pass->source.next_sequence = journal->dropped_sequence;
	pass->is_source_done = false;
	pass->hold_serial = 0;
	pass->hold_us = 0;
	return true;
}

/*
 * The owner drops the oldest while a pass is reading there; and its output may
 * have been given up.
 */
static void
pass_check(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->source.slot == JOURNAL_NO_SLOT ||
	    (pass->phase == JOURNAL_COMPACT_COPYING &&
		(!journal_is_whole(journal) || journal->purging_count > 0)) ||
	    (pass->phase == JOURNAL_COMPACT_MOVING &&
		pass->moving.slot == JOURNAL_NO_SLOT))
		journal_compact_abandon(journal);
}

static void
pass_end(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t last = pass->source.slot;

	journal_compact_abandon(journal);
	journal_retire(journal, last, true);
	if (is_above_low_water(journal))
		pass->hold_serial = journal->next_serial + HOLD_SEGMENTS;
}

/* Insert the output into the chain. */
static void
output_end(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t slot = pass->output.slot;

	if (slot == JOURNAL_NO_SLOT) {
		pass->phase = JOURNAL_COMPACT_RETIRING;
	} else if (journal_output_write_end(journal) != ERROR_NONE) {
		pass_fail(journal);
	} else {
		journal->segments[slot].end = pass->output.written;
		journal_chain_insert(
		    journal, slot, journal_first_source(journal));
		pass->moving.next_sequence = 0;
		journal_cursor_enter(&pass->moving, slot);
		pass->phase = JOURNAL_COMPACT_MOVING;
	}
}

/* A segment has been read: go on to the next, or come to an end. */
static void
source_advance(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t next = journal->segments[pass->source.slot].next;

	pass->is_source_done =
	    next == JOURNAL_NO_SLOT ||
	    journal->segments[next].first_sequence >= pass->end_sequence;
	if (pass->is_source_done) {
		output_end(journal);
		return;
	}
	journal_cursor_enter(&pass->source, next);
	/* If all so far is dead, there is nothing to wait for. */
	if (pass->output.slot == JOURNAL_NO_SLOT)
		pass->phase = JOURNAL_COMPACT_RETIRING;
}

/*
 * Copy one record, if it lives; where the output is full, insert that. False:
 * the record is not in memory yet.
 */
static bool
copy_step(
    struct journal *journal, const struct journal_compact_ops *ops, void *arg)
{
	struct journal_compaction *pass = &journal->compaction;
	struct journal_record record;
	enum error error = ERROR_NOT_FOUND;

	/* A segment without a live record need not be read. */
	if (journal->segments[pass->source.slot].live_entries > 0)
		error = journal_cursor_peek(journal, &pass->source, &record);
	if (error == ERROR_NOT_FOUND)
		source_advance(journal);
	if (error == ERROR_IO)
		pass_fail(journal);
	if (error != ERROR_NONE)
		return error != ERROR_AGAIN;
	if (record.type == JOURNAL_PUT && ops->is_live(arg, &record)) {
		if (pass->output.slot != JOURNAL_NO_SLOT &&
		    !journal_tail_has_room(&pass->output,
			journal_record_len(journal_record_size(&record)))) {
			output_end(journal);
			return true;
		}
		error =
		    journal_cursor_peek_value(journal, &pass->source, &record);
		if (error == ERROR_AGAIN)
			return false;
		if (error == ERROR_NONE)
			error = journal_output_append(journal, &record);
	}
	/* One that does not check is left behind, and lost with its segment. */
	if (error == ERROR_NONE || error == ERROR_DAMAGED)
		journal_cursor_step(&pass->source, &record);
	else
		pass_fail(journal);
	return true;
}

static bool
move_step(
    struct journal *journal, const struct journal_compact_ops *ops, void *arg)
{
	struct journal_compaction *pass = &journal->compaction;
	struct journal_record record;
	enum error error = journal_cursor_peek(journal, &pass->moving, &record);
	uint32_t slot;

	if (error == ERROR_NONE) {
		journal_cursor_step(&pass->moving, &record);
		ops->moved(arg, &record);
	} else if (error == ERROR_NOT_FOUND) {
		pass->phase = JOURNAL_COMPACT_RETIRING;
	} else if (error == ERROR_DAMAGED) {
		/* Its sources hold what was not moved; the rest is lost. */
		slot = pass->moving.slot;
		pass_fail(journal);
		journal_retire(journal, slot, true);
	}
	/*
	 * What cannot be read at present is moved later: a pass that began anew
	 * would leave out what stands in the sources, below what it has seen.
	 */
	return error != ERROR_AGAIN && error != ERROR_IO;
}

/* One that was not read to its end is where the next output begins. */
static void
retire_step(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t first = journal_first_source(journal);

	if (first != pass->source.slot) {
		journal_retire(journal, first, true);
	} else if (pass->is_source_done) {
		pass_end(journal);
	} else {
		pass->output.slot = JOURNAL_NO_SLOT;
		pass->phase = JOURNAL_COMPACT_COPYING;
	}
}

/* What costs next to nothing. */
static uint64_t
idle_slice(struct journal *journal)
{
	bool is_more = journal->retired.count > 0 &&
	               journal_retire_free(journal) == ERROR_NONE &&
	               journal->retired.count > 0 &&
	               journal->purging_count == 0;

	return journal_chain_trim(journal) || is_more ? 0 : JOURNAL_IDLE;
}

uint64_t
journal_compact_slice(struct journal *journal,
    const struct journal_compact_ops *ops, void *arg, uint64_t deadline_us)
{
	struct journal_compaction *pass = &journal->compaction;
	bool is_there = true;

	if (pass->phase == JOURNAL_COMPACT_IDLE && !pass_begin(journal))
		return idle_slice(journal);
	pass_check(journal);
	/* They must be gone before the next output stands: not all at once. */
	if (pass->phase == JOURNAL_COMPACT_COPYING &&
	    journal->retired.count > 0) {
		if (journal_retire_free(journal) != ERROR_NONE)
			pass_fail(journal);
		return 0;
	}
	pass->source.may_block = pass->moving.may_block =
	    is_above_high_water(journal);
	do {
		switch (pass->phase) {
		case JOURNAL_COMPACT_IDLE:
			return 0;
		case JOURNAL_COMPACT_COPYING:
			is_there = copy_step(journal, ops, arg);
			break;
		case JOURNAL_COMPACT_MOVING:
			is_there = move_step(journal, ops, arg);
			break;
		case JOURNAL_COMPACT_RETIRING:
			retire_step(journal);
			break;
		}
	} while (is_there && clock_monotonic_us() < deadline_us);
	return is_there ? 0 : JOURNAL_FETCH_DELAY_US;
}

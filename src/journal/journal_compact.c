/*
 * journal_compact: squeezing out dead records. Owns the pass under way.
 *
 * A pass reads the oldest segments and copies what lives into a new one, the
 * output. When that is whole on disk it takes its place in the chain, in front
 * of the segments it was made from; then the owner is told where its records
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

	buffer_fini(&pass->buffer);
	*pass = (struct journal_compaction){
		.source = { .reader = JOURNAL_READER_COMPACT },
		.moving = { .reader = JOURNAL_READER_COMPACT },
		.output = JOURNAL_NO_SLOT,
	};
}

void
journal_compact_abandon(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->phase == JOURNAL_COMPACT_COPYING &&
	    pass->output != JOURNAL_NO_SLOT)
		journal_chain_release(journal, pass->output);
	pass->phase = JOURNAL_COMPACT_IDLE;
	pass->output = JOURNAL_NO_SLOT;
	buffer_fini(&pass->buffer);
}

/* The output cannot be written: its sources stay, for another time. */
static void
pass_fail(struct journal *journal)
{
	journal_compact_abandon(journal);
	journal->compaction.hold_us = clock_monotonic_us() + HOLD_US;
}

/* The owner drops the head while a pass is reading there. */
void
journal_compact_retiring(struct journal *journal, uint32_t slot)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->phase == JOURNAL_COMPACT_IDLE)
		return;
	if (pass->phase == JOURNAL_COMPACT_MOVING && slot == pass->output)
		pass->moving.slot = JOURNAL_NO_SLOT;
	if (slot == pass->source.slot)
		journal_compact_abandon(journal);
	else if (slot == pass->first_source)
		pass->first_source = journal->segments[slot].next;
}

static bool
is_due(const struct journal *journal, uint64_t live_bytes)
{
	return journal_chain_len(journal) > 2 * live_bytes + SLACK_LEN;
}

/* Clients add more than the disk brings: then they wait for it, too. */
static bool
is_pressing(const struct journal *journal, uint64_t live_bytes)
{
	return journal_chain_len(journal) > 3 * live_bytes + 2 * SLACK_LEN;
}

/* Begin a pass if there is reason to. */
static bool
pass_begin(struct journal *journal, uint64_t live_bytes)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t first = journal->chain.first, tail = journal->tail.slot;

	if (!is_due(journal, live_bytes) || first == tail ||
	    journal->next_serial < pass->hold_serial ||
	    (pass->hold_us != 0 && clock_monotonic_us() < pass->hold_us))
		return false;
	pass->phase = JOURNAL_COMPACT_COPYING;
	pass->end_sequence = tail != JOURNAL_NO_SLOT
	                         ? journal->segments[tail].first_sequence
	                         : journal->next_sequence;
	journal_cursor_enter(&pass->source, first);
	pass->source.above = journal->head.above;
	pass->is_source_done = false;
	pass->first_source = first;
	pass->hold_serial = 0;
	pass->hold_us = 0;
	return true;
}

static void
pass_end(struct journal *journal, uint64_t live_bytes)
{
	struct journal_compaction *pass = &journal->compaction;
	uint32_t last = pass->source.slot;

	journal_compact_abandon(journal);
	journal_chain_retire(journal, last);
	if (is_due(journal, live_bytes))
		pass->hold_serial = journal->next_serial + HOLD_SEGMENTS;
}

static enum error
output_begin(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	enum error error = journal_chain_reserve(journal, &pass->output);

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
static enum error
output_write_end(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;
	unsigned char head[JOURNAL_SEGMENT_HEAD_LEN];
	enum error error;

	journal->segments[pass->output].first_sequence =
	    journal->segments[pass->first_source].first_sequence;

	journal_end_encode(
	    buffer_reserve(&pass->buffer, JOURNAL_RECORD_HEAD_LEN),
	    journal->segments[pass->output].serial, journal->next_sequence);
	error = output_write(journal, JOURNAL_RECORD_HEAD_LEN);
	if (error == ERROR_NONE)
		error = journal_tail_write(journal);
	if (error == ERROR_NONE)
		error = journal_chain_free_retired(journal);
	if (error != ERROR_NONE)
		return error;
	journal_chain_encode_head(
	    journal, pass->output, JOURNAL_SEGMENT_LIVE, head);
	return journal_io_write(
	    journal, head, sizeof(head), journal_position(pass->output, 0));
}

/* Let the output take its place in the chain. */
static void
output_end(struct journal *journal)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->output == JOURNAL_NO_SLOT) {
		pass->phase = JOURNAL_COMPACT_RETIRING;
	} else if (output_write_end(journal) != ERROR_NONE) {
		pass_fail(journal);
	} else {
		journal->segments[pass->output].end = pass->written;
		journal_chain_insert(journal, pass->output, pass->first_source);
		pass->moving.above = 0;
		journal_cursor_enter(&pass->moving, pass->output);
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
	if (pass->output == JOURNAL_NO_SLOT)
		pass->phase = JOURNAL_COMPACT_RETIRING;
}

/* Does a record of this length fit in the output, and an end mark? */
static bool
output_has_room(const struct journal_compaction *pass, size_t len)
{
	return pass->written + pass->buffer.len + len +
	           JOURNAL_RECORD_HEAD_LEN <=
	       JOURNAL_SEGMENT_LEN;
}

static enum error
output_append(struct journal *journal, const struct journal_record *record)
{
	struct journal_compaction *pass = &journal->compaction;
	size_t len = journal_record_len(record->key_len, record->value_len);
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

/*
 * Copy one record, if it lives; where the output is full, bring that in. False:
 * the disk has yet to bring the record.
 */
static bool
copy_step(
    struct journal *journal, const struct journal_compact_ops *ops, void *arg)
{
	struct journal_compaction *pass = &journal->compaction;
	struct journal_record record;
	enum error error;
	bool is_live;

	error = journal_cursor_peek(journal, &pass->source, &record);
	if (error == ERROR_NOT_FOUND)
		source_advance(journal);
	if (error != ERROR_NONE)
		return error != ERROR_AGAIN;
	is_live = record.type == JOURNAL_PUT && ops->is_live(arg, &record);
	if (pass->phase != JOURNAL_COMPACT_COPYING)
		return true;
	if (is_live && pass->output != JOURNAL_NO_SLOT &&
	    !output_has_room(
		pass, journal_record_len(record.key_len, record.value_len))) {
		output_end(journal);
		return true;
	}
	if (is_live)
		error =
		    journal_cursor_peek_value(journal, &pass->source, &record);
	if (error == ERROR_AGAIN)
		return false;
	/* One that does not check is left behind. */
	if (is_live && error != ERROR_NONE)
		journal->has_losses = true;
	if (is_live && error == ERROR_NONE &&
	    output_append(journal, &record) != ERROR_NONE)
		pass_fail(journal);
	else
		journal_cursor_step(&pass->source, &record);
	return true;
}

static bool
move_step(
    struct journal *journal, const struct journal_compact_ops *ops, void *arg)
{
	struct journal_compaction *pass = &journal->compaction;
	struct journal_record record;
	enum error error = ERROR_NOT_FOUND;

	if (pass->moving.slot != JOURNAL_NO_SLOT)
		error = journal_cursor_peek(journal, &pass->moving, &record);
	if (error == ERROR_NONE) {
		journal_cursor_step(&pass->moving, &record);
		ops->moved(arg, &record);
	} else if (error == ERROR_NOT_FOUND) {
		pass->phase = JOURNAL_COMPACT_RETIRING;
	} else if (error != ERROR_AGAIN) {
		pass_fail(journal);
	}
	return error != ERROR_AGAIN;
}

/* One that was not read to its end is where the next output begins. */
static void
retire_step(struct journal *journal, uint64_t live_bytes)
{
	struct journal_compaction *pass = &journal->compaction;

	if (pass->first_source != pass->source.slot) {
		journal_chain_retire(journal, pass->first_source);
	} else if (pass->is_source_done) {
		pass_end(journal, live_bytes);
	} else {
		pass->output = JOURNAL_NO_SLOT;
		pass->phase = JOURNAL_COMPACT_COPYING;
	}
}

uint64_t
journal_compact_slice(struct journal *journal, uint64_t live_bytes,
    const struct journal_compact_ops *ops, void *arg, uint64_t deadline_us)
{
	struct journal_compaction *pass = &journal->compaction;
	bool is_there = true;

	if (pass->phase == JOURNAL_COMPACT_IDLE &&
	    !pass_begin(journal, live_bytes))
		return journal_chain_trim(journal) ? 0 : UINT64_MAX;
	pass->source.is_urgent = pass->moving.is_urgent =
	    is_pressing(journal, live_bytes);
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
			retire_step(journal, live_bytes);
			break;
		}
	} while (is_there && clock_monotonic_us() < deadline_us);
	return is_there ? 0 : JOURNAL_FETCH_DELAY_US;
}

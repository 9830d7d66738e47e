/*
 * journal_load: the chain as a file has it, a slice at a time. Only segment
 * headers are read, one small read each; where a segment ends is found when it
 * is read on. No segment is appended to again, so nothing depends on how the
 * last one ended. And a file that is none of ours is emptied here.
 */
#include "journal_private.h"

#include "clock.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>

/* A file of more is looked at for holes: somebody may have made it so long. */
#define PLAUSIBLE_SLOTS 8192

/* Headers that are asked for at once. */
#define FETCH_SLOTS 64

void
journal_load_fini(struct journal *journal)
{
	free(journal->load.found);
	journal->load = (struct journal_load){ 0 };
}

/* Slots that the file has, in part at least, of those that we use. */
static uint32_t
slot_count(const struct journal *journal)
{
	uint64_t len =
	    min_u64(journal->file_len, journal_position(JOURNAL_SLOTS_MAX, 0));

	if (len <= JOURNAL_HEADER_LEN)
		return 0;
	return (uint32_t)((len - JOURNAL_HEADER_LEN + JOURNAL_SEGMENT_LEN - 1) /
			  JOURNAL_SEGMENT_LEN);
}

/* Where it ends in a hole, however large, that goes first and at once. */
void
journal_load_begin(struct journal *journal)
{
	struct journal_load *load = &journal->load;
	uint64_t end;

	load->phase = JOURNAL_LOAD_READING;
	load->end_sequence = journal->next_sequence;
	load->slot_end = slot_count(journal);
	/* Not all file systems are right about what is a hole. */
	if (load->slot_end > PLAUSIBLE_SLOTS)
		load->slot_end =
		    journal_io_data_end(journal, 0, load->slot_end);
	end = journal_position(load->slot_end, 0);
	if (end < journal->file_len)
		journal_io_truncate(journal, end);
	journal_chain_resize(journal, load->slot_end);
	for (uint32_t slot = 0; slot < load->slot_end; slot++)
		journal->segments[slot].state = JOURNAL_SLOT_UNKNOWN;
	load->found = xcalloc(load->slot_end, sizeof(*load->found));
}

/*
 * By sequence. An output begins with the number that the oldest of its sources
 * began with. If a kill left both, the output comes first: reading on from its
 * end leaves out all that it stands for.
 */
static int
compare_found(const void *left, const void *right)
{
	const struct journal_found *a = left, *b = right;

	if (a->first_sequence != b->first_sequence)
		return a->first_sequence < b->first_sequence ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial > b->serial ? -1 : 1;
	return 0;
}

static int
compare_segment(
    const struct journal_segment *segment, const struct journal_found *found)
{
	const struct journal_found other = {
		.serial = segment->serial,
		.first_sequence = segment->first_sequence,
	};

	return compare_found(&other, found);
}

static void
fetch_heads(struct journal *journal)
{
	struct journal_load *load = &journal->load;
	uint32_t end = load->slot + FETCH_SLOTS;

	if (load->slot < load->fetched)
		return;
	for (load->fetched = load->slot;
	     load->fetched < end && load->fetched < load->slot_end;
	     load->fetched++)
		journal_io_fetch(journal, journal_position(load->fetched, 0),
		    journal_position(load->fetched, JOURNAL_SEGMENT_HEAD_LEN));
}

static enum error
read_head(
    struct journal *journal, uint32_t slot, struct journal_segment_head *head)
{
	struct journal_load *load = &journal->load;
	unsigned char bytes[JOURNAL_SEGMENT_HEAD_LEN] = { 0 };
	uint64_t position = journal_position(slot, 0);
	uint64_t now_us = clock_monotonic_us();
	enum error error;
	size_t got;

	error = journal_io_read_cached(
	    journal, bytes, sizeof(bytes), sizeof(bytes), position, &got);
	if (error == ERROR_AGAIN) {
		if (load->waiting_since_us == 0)
			load->waiting_since_us = now_us;
		fetch_heads(journal);
		if (now_us - load->waiting_since_us < JOURNAL_DISK_PATIENCE_US)
			return ERROR_AGAIN;
		error = journal_io_read(
		    journal, bytes, sizeof(bytes), position, &got);
	}
	load->waiting_since_us = 0;
	if (error != ERROR_NONE)
		return error;
	journal_segment_decode(bytes, head);
	if (head->kind == JOURNAL_SEGMENT_DAMAGED)
		journal_io_report_damage(journal, position);
	return ERROR_NONE;
}

/* Not free, whatever its header says. */
static bool
is_in_use(const struct journal_segment_head *head)
{
	return head->kind == JOURNAL_SEGMENT_LIVE ||
	       head->kind == JOURNAL_SEGMENT_DAMAGED;
}

/*
 * As it is found, or, where the header cannot be true, as one without a serial
 * number. That one is retired, and so void on disk: a number that is too high
 * today would not be so at the next start.
 */
static struct journal_found
found_as(const struct journal *journal, uint32_t slot,
    const struct journal_segment_head *head)
{
	struct journal_found found = { .slot = slot };

	if (head->kind == JOURNAL_SEGMENT_LIVE &&
	    head->serial < journal->next_serial &&
	    head->first_sequence < journal->next_sequence) {
		found.serial = head->serial;
		found.first_sequence = head->first_sequence;
	}
	return found;
}

/*
 * Read the header of the next slot. False: it is not in memory yet. Where its
 * segment belongs is known when all were read.
 */
static bool
read_slot(struct journal *journal)
{
	struct journal_load *load = &journal->load;
	struct journal_segment_head head = { .kind = JOURNAL_SEGMENT_NONE };
	enum error error = read_head(journal, load->slot, &head);

	if (error == ERROR_AGAIN)
		return false;
	if (error != ERROR_NONE) {
		journal->segments[load->slot].doubt_sequence =
		    load->end_sequence;
		journal_fault_add(journal, load->slot,
		    journal_position(load->slot, 0), JOURNAL_SEGMENT_HEAD_LEN);
	} else if (is_in_use(&head)) {
		load->found[load->count++] =
		    found_as(journal, load->slot, &head);
	} else {
		journal->segments[load->slot].state = JOURNAL_SLOT_FREE;
	}
	load->slot++;
	return true;
}

static void
insert(
    struct journal *journal, const struct journal_found *found, uint32_t before)
{
	journal->segments[found->slot] = (struct journal_segment){
		.serial = found->serial,
		.first_sequence = found->first_sequence,
		.oldest = JOURNAL_SEGMENT_HEAD_LEN,
	};
	journal_chain_insert(journal, found->slot, before);
}

/*
 * What has been appended meanwhile is newer than all that was found. Segments
 * of which all records were dropped, or which are more than the bounds allow,
 * leave unread.
 */
static void
link_found(struct journal *journal, uint64_t max_len)
{
	struct journal_load *load = &journal->load;
	uint64_t max = max_len / JOURNAL_SEGMENT_LEN + 1;
	uint32_t before = journal->chain.first, excess = 0, i;

	if (max_len > 0 && load->count > max)
		excess = load->count - (uint32_t)max;
	qsort(load->found, load->count, sizeof(*load->found), compare_found);
	for (i = 0; i < load->count; ++i)
		insert(journal, &load->found[i], before);
	for (i = 0; i < load->count; ++i)
		if (i < excess || load->found[i].serial == 0 ||
		    (i + 1 < load->count
			    ? load->found[i + 1].first_sequence
			    : load->end_sequence) <= journal->dropped_sequence)
			journal_retire(journal, load->found[i].slot, false);
	if (excess > 0)
		journal->dropped_sequence = max_u64(journal->dropped_sequence,
		    load->found[excess].first_sequence);
	journal_load_fini(journal);
	journal->is_trim_due = true;
}

void
journal_load_late(struct journal *journal, uint32_t slot)
{
	struct journal_segment_head head = { .kind = JOURNAL_SEGMENT_NONE };
	struct journal_found found;
	uint32_t before = journal->chain.first;

	if (read_head(journal, slot, &head) != ERROR_NONE) {
		journal_fault_add(journal, slot, journal_position(slot, 0),
		    JOURNAL_SEGMENT_HEAD_LEN);
		return;
	}
	journal->segments[slot].doubt_sequence = 0;
	journal_chain_release(journal, slot);
	if (!is_in_use(&head))
		return;
	found = found_as(journal, slot, &head);
	while (before != JOURNAL_NO_SLOT &&
	       compare_segment(&journal->segments[before], &found) < 0)
		before = journal->segments[before].next;
	insert(journal, &found, before);
	if (found.serial == 0)
		journal_retire(journal, slot, false);
	else
		journal->is_replay_due = true;
}

/* A megabyte takes the kernel a while; what is a hole, nothing. */
static uint64_t
empty_slice(struct journal *journal, uint64_t deadline_us)
{
	uint32_t count = journal_io_data_end(journal, 0, slot_count(journal));
	uint64_t len;

	do {
		len = count > 0 ? journal_position(--count, 0) : 0;
		if (journal_io_truncate(journal, len) != ERROR_NONE)
			return JOURNAL_FETCH_DELAY_US * 100;
	} while (len > 0 && clock_monotonic_us() < deadline_us);
	if (len > 0)
		return 0;
	journal->load.phase = JOURNAL_LOAD_DONE;
	return JOURNAL_IDLE;
}

static uint64_t
read_slice(struct journal *journal, uint64_t max_len, uint64_t deadline_us)
{
	struct journal_load *load = &journal->load;

	while (load->slot < load->slot_end) {
		if (!read_slot(journal))
			return JOURNAL_FETCH_DELAY_US;
		if (clock_monotonic_us() >= deadline_us)
			return 0;
	}
	link_found(journal, max_len);
	return JOURNAL_IDLE;
}

uint64_t
journal_load_slice(
    struct journal *journal, uint64_t max_len, uint64_t deadline_us)
{
	uint64_t next_us = JOURNAL_IDLE;

	switch (journal->load.phase) {
	case JOURNAL_LOAD_EMPTYING:
		next_us = empty_slice(journal, deadline_us);
		break;
	case JOURNAL_LOAD_READING:
		next_us = read_slice(journal, max_len, deadline_us);
		break;
	case JOURNAL_LOAD_DONE:
		break;
	}
	/* What fails is tried again with the first write. */
	if (next_us == JOURNAL_IDLE && journal->file_len == 0)
		journal_superblock_write(journal);
	return next_us;
}

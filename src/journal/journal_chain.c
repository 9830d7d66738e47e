/*
 * journal_chain: the slots of the file, and which of them make up the journal.
 * Owns the array of segments and the lists through it.
 *
 * A slot becomes free only when its segment is void on disk. Segments are made
 * void in the order in which they left the chain, oldest first, and after all
 * that was appended has been written: so at a kill, what superseded a record
 * is never gone before the record is.
 */
#include "journal_private.h"

#include "clock.h"
#include "xalloc.h"

#include <stdlib.h>

/* Free slots kept at the end of the file: hysteresis. */
#define SPARE_SLOTS(count) (1 + (count) / 8)

/* Retired slots made free in one go, and for how long: a write each. */
#define FREED_SLOTS 32
#define FREEING_US  500

/* Slots cut off in one go. The kernel takes a while for each megabyte. */
#define TRIM_SLOTS 1

static void
list_init(struct journal_list *list)
{
	*list = (struct journal_list){
		.first = JOURNAL_NO_SLOT,
		.last = JOURNAL_NO_SLOT,
	};
}

/* Where a list's link to the segment behind `slot` is kept. */
static uint32_t *
link_behind(struct journal *journal, struct journal_list *list, uint32_t slot)
{
	return slot == JOURNAL_NO_SLOT ? &list->first
	                               : &journal->segments[slot].next;
}

static uint32_t *
link_before(struct journal *journal, struct journal_list *list, uint32_t slot)
{
	return slot == JOURNAL_NO_SLOT ? &list->last
	                               : &journal->segments[slot].previous;
}

/* Insert in front of `before`, or as the last where that is none. */
static void
list_insert(struct journal *journal, struct journal_list *list, uint32_t slot,
    uint32_t before)
{
	struct journal_segment *segment = &journal->segments[slot];
	uint32_t *back = link_before(journal, list, before);

	segment->next = before;
	segment->previous = *back;
	*link_behind(journal, list, segment->previous) = slot;
	*back = slot;
	list->count++;
}

static void
list_remove(struct journal *journal, struct journal_list *list, uint32_t slot)
{
	struct journal_segment *segment = &journal->segments[slot];

	*link_behind(journal, list, segment->previous) = segment->next;
	*link_before(journal, list, segment->next) = segment->previous;
	list->count--;
}

void
journal_chain_init(struct journal *journal)
{
	list_init(&journal->chain);
	list_init(&journal->retired);
	journal->purging_count = 0;
}

void
journal_chain_fini(struct journal *journal)
{
	free(journal->segments);
	journal->segments = NULL;
	journal->slot_count = journal->slots_size = 0;
	journal->fault_count = 0;
	journal->is_trim_due = false;
	journal_chain_init(journal);
}

void
journal_chain_resize(struct journal *journal, uint32_t slot_count)
{
	uint32_t size = journal->slots_size;

	if (size < slot_count) {
		size = size * 2 > slot_count ? size * 2 : slot_count;
		journal->segments = xrealloc(
		    journal->segments, size * sizeof(*journal->segments));
		journal->slots_size = size;
	}
	while (journal->slot_count < slot_count)
		journal->segments[journal->slot_count++] =
		    (struct journal_segment){ .state = JOURNAL_SLOT_FREE };
	journal->slot_count = slot_count;
}

enum error
journal_chain_reserve(struct journal *journal, uint32_t *slot)
{
	enum error error = journal_superblock_write(journal);
	uint32_t i = 0;

	if (error != ERROR_NONE && journal->is_superblock_due)
		return error;
	while (i < journal->slot_count &&
	       journal->segments[i].state != JOURNAL_SLOT_FREE)
		i++;
	if (i >= JOURNAL_SLOTS_MAX)
		return ERROR_NO_SPACE;
	if (i >= journal->slot_count)
		journal_chain_resize(journal, i + 1);
	journal->segments[i] = (struct journal_segment){
		.serial = journal->next_serial++,
		.oldest = JOURNAL_SEGMENT_HEAD_LEN,
		.state = JOURNAL_SLOT_RESERVED,
	};
	journal_windows_forget(journal);
	*slot = i;
	return ERROR_NONE;
}

void
journal_chain_release(struct journal *journal, uint32_t slot)
{
	journal->segments[slot].state = JOURNAL_SLOT_FREE;
	journal->is_trim_due = true;
}

void
journal_chain_insert(struct journal *journal, uint32_t slot, uint32_t before)
{
	journal->segments[slot].state = JOURNAL_SLOT_LIVE;
	list_insert(journal, &journal->chain, slot, before);
}

void
journal_chain_retire(
    struct journal *journal, uint32_t slot, enum journal_slot_state state)
{
	list_remove(journal, &journal->chain, slot);
	list_insert(journal, &journal->retired, slot, JOURNAL_NO_SLOT);
	journal->segments[slot].state = state;
}

void
journal_chain_encode_head(const struct journal *journal, uint32_t slot,
    enum journal_segment_kind kind, unsigned char *to)
{
	const struct journal_segment *segment = &journal->segments[slot];
	const struct journal_segment_head head = {
		.kind = kind,
		.serial = segment->serial,
		.first_sequence = segment->first_sequence,
		.next_sequence = journal->next_sequence,
	};

	journal_segment_encode(to, &head);
}

/* Say on disk that the segment is no more. */
static enum error
write_void(struct journal *journal, uint32_t slot)
{
	unsigned char head[JOURNAL_SEGMENT_HEAD_LEN];

	journal_chain_encode_head(journal, slot, JOURNAL_SEGMENT_VOID, head);
	return journal_io_write(
	    journal, head, sizeof(head), journal_position(slot, 0));
}

enum error
journal_chain_free_retired(struct journal *journal)
{
	uint64_t deadline_us = clock_monotonic_us() + FREEING_US;
	uint32_t slot, count = FREED_SLOTS;
	enum error error;

	while (count-- > 0 &&
	       (slot = journal->retired.first) != JOURNAL_NO_SLOT &&
	       journal->segments[slot].state == JOURNAL_SLOT_RETIRED) {
		error = write_void(journal, slot);
		if (error != ERROR_NONE)
			return error;
		list_remove(journal, &journal->retired, slot);
		journal_chain_release(journal, slot);
		if (journal->segments[slot].is_bad)
			journal->segments[slot].state = JOURNAL_SLOT_BAD;
		if (clock_monotonic_us() >= deadline_us)
			break;
	}
	return ERROR_NONE;
}

/* The superblock knows first, so that nobody takes it for damage. */
static bool
truncate_to(struct journal *journal, uint32_t slot_count)
{
	uint64_t len = journal_position(slot_count, 0);

	journal->file_len = len;
	journal->is_superblock_due = true;
	if (journal_superblock_write(journal) != ERROR_NONE ||
	    journal_io_truncate(journal, len) != ERROR_NONE)
		return false;
	journal_chain_resize(journal, slot_count);
	return true;
}

/* Free slots at the end of the file. */
static uint32_t
count_free(const struct journal *journal)
{
	uint32_t count = 0;

	while (count < journal->slot_count &&
	       journal->segments[journal->slot_count - 1 - count].state ==
		   JOURNAL_SLOT_FREE)
		count++;
	return count;
}

/* Of so many slots at the end, those to cut off now: a hole costs nothing. */
static uint32_t
cut_count(const struct journal *journal, uint32_t free_count)
{
	uint32_t count = journal->slot_count;
	uint32_t end = journal_io_data_end(journal, count - free_count, count);

	return count - end > TRIM_SLOTS ? count - end : TRIM_SLOTS;
}

bool
journal_chain_trim(struct journal *journal)
{
	uint32_t count = journal->slot_count, spare = SPARE_SLOTS(count);
	uint32_t free_count;

	if (!journal->is_trim_due || journal->load.phase != JOURNAL_LOAD_DONE)
		return false;
	free_count = count_free(journal);
	journal->is_trim_due =
	    free_count >= spare + TRIM_SLOTS &&
	    truncate_to(
		journal, count - cut_count(journal, free_count - spare));
	return journal->is_trim_due;
}

uint64_t
journal_chain_len(const struct journal *journal)
{
	return (uint64_t)journal->chain.count * JOURNAL_SEGMENT_LEN;
}

/*
 * journal_chain: the slots of the file, and which of them make up the journal.
 * Owns the array of segments and the two lists through it.
 *
 * A slot becomes free only when its segment is void on disk. Segments are made
 * void in the order in which they left the chain, oldest first, and after all
 * that was appended has been written: so at a kill, what superseded a record
 * is never gone before the record is.
 */
#include "journal_private.h"

#include "xalloc.h"

#include <stdlib.h>

/* Free slots kept at the end of the file, so that it does not pump. */
#define SPARE_SLOTS(count) (1 + (count) / 8)

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
	free(journal->segments);
	journal->segments = NULL;
	journal->slot_count = journal->slots_size = 0;
	journal->is_trim_due = false;
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
	uint32_t i = 0;

	journal_chain_free_retired(journal);
	while (i < journal->slot_count &&
	       journal->segments[i].state != JOURNAL_SLOT_FREE)
		++i;
	if (i == JOURNAL_SLOTS_MAX)
		return ERROR_NO_SPACE;
	if (i == journal->slot_count)
		journal_chain_resize(journal, i + 1);
	journal->segments[i] = (struct journal_segment){
		.serial = journal->next_serial++,
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

static void
forget_cursor(struct journal_cursor *cursor, uint32_t slot)
{
	if (cursor->slot == slot)
		cursor->slot = JOURNAL_NO_SLOT;
}

void
journal_chain_retire(struct journal *journal, uint32_t slot)
{
	journal_compact_retiring(journal, slot);
	forget_cursor(&journal->head, slot);
	forget_cursor(&journal->replay, slot);
	forget_cursor(&journal->walk, slot);
	list_remove(journal, &journal->chain, slot);
	journal->segments[slot].state = JOURNAL_SLOT_RETIRED;
	list_insert(journal, &journal->retired, slot, JOURNAL_NO_SLOT);
	journal_chain_free_retired(journal);
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

/* Say on disk that the segment is no more. What it tells of numbers stays. */
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
	enum error error;
	uint32_t slot;

	while ((slot = journal->retired.first) != JOURNAL_NO_SLOT) {
		error = journal_tail_write(journal);
		if (error == ERROR_NONE)
			error = write_void(journal, slot);
		if (error != ERROR_NONE)
			return error;
		list_remove(journal, &journal->retired, slot);
		journal_chain_release(journal, slot);
	}
	return ERROR_NONE;
}

bool
journal_chain_trim(struct journal *journal)
{
	uint32_t count = journal->slot_count, spare = SPARE_SLOTS(count), i;

	if (!journal->is_trim_due)
		return false;
	for (i = 0; i < spare + TRIM_SLOTS && i < count; ++i)
		if (journal->segments[count - 1 - i].state != JOURNAL_SLOT_FREE)
			break;
	journal->is_trim_due = i == spare + TRIM_SLOTS;
	if (!journal->is_trim_due)
		return false;
	count -= TRIM_SLOTS;
	if (journal_io_truncate(journal, journal_position(count, 0)) ==
	    ERROR_NONE)
		journal_chain_resize(journal, count);
	else
		journal->is_trim_due = false;
	return journal->is_trim_due;
}

uint64_t
journal_chain_len(const struct journal *journal)
{
	return (uint64_t)journal->chain.count * JOURNAL_SEGMENT_LEN;
}

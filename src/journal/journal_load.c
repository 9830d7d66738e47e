/*
 * journal_load: the chain as a file has it. Only segment heads are read, one
 * small read each; where a segment ends is found when it is read on. No
 * segment is appended to again, so nothing depends on how the last one ended.
 */
#include "journal_private.h"

#include "xalloc.h"

#include <stdlib.h>
#include <sys/stat.h>

/*
 * Serial numbers that may have been given out and used, for an output that was
 * never brought in, without any head that tells of them.
 */
#define SERIALS_UNTOLD 65536

struct found {
	struct journal_segment_head head;
	uint32_t slot;
};

/*
 * By sequence. An output begins with the number that the oldest of its sources
 * began with. If a kill left both, the output comes first: reading on from its
 * end leaves out all that it stands for.
 */
static int
compare_found(const void *left, const void *right)
{
	const struct journal_segment_head *a =
	    &((const struct found *)left)->head;
	const struct journal_segment_head *b =
	    &((const struct found *)right)->head;

	if (a->first_sequence != b->first_sequence)
		return a->first_sequence < b->first_sequence ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial > b->serial ? -1 : 1;
	return 0;
}

static enum error
load_head(
    struct journal *journal, uint32_t slot, struct journal_segment_head *head)
{
	unsigned char bytes[JOURNAL_SEGMENT_HEAD_LEN] = { 0 };
	uint64_t position = journal_position(slot, 0);
	enum error error;
	size_t got;

	error = journal_io_read(journal, bytes, sizeof(bytes), position, &got);
	if (error != ERROR_NONE)
		return error;
	journal_segment_decode(bytes, head);
	if (head->kind == JOURNAL_SEGMENT_DAMAGED)
		journal_io_report_damage(journal, position);
	return ERROR_NONE;
}

/*
 * Numbers in use are not used again. The last records of the journal are not
 * read, but their segment holds no more than so many.
 */
static void
learn_numbers(struct journal *journal, const struct journal_segment_head *head)
{
	uint64_t serial = head->serial + SERIALS_UNTOLD;
	uint64_t sequence = head->next_sequence + JOURNAL_SEGMENT_RECORDS_MAX;

	if (journal->next_serial < serial)
		journal->next_serial = serial;
	if (journal->next_sequence < sequence)
		journal->next_sequence = sequence;
}

/* Collect what is live, in the order of slots. */
static enum error
load_slots(struct journal *journal, struct found *found, uint32_t *count)
{
	struct journal_segment_head head;
	enum error error;
	uint32_t slot;

	*count = 0;
	for (slot = 0; slot < journal->slot_count; ++slot) {
		error = load_head(journal, slot, &head);
		if (error != ERROR_NONE)
			return error;
		learn_numbers(journal, &head);
		if (head.kind == JOURNAL_SEGMENT_LIVE)
			found[(*count)++] =
			    (struct found){ .head = head, .slot = slot };
	}
	return ERROR_NONE;
}

static void
link_found(struct journal *journal, struct found *found, uint32_t count)
{
	struct journal_segment *segment;
	uint32_t i;

	qsort(found, count, sizeof(*found), compare_found);
	for (i = 0; i < count; ++i) {
		segment = &journal->segments[found[i].slot];
		segment->serial = found[i].head.serial;
		segment->first_sequence = found[i].head.first_sequence;
		journal_chain_insert(journal, found[i].slot, JOURNAL_NO_SLOT);
	}
}

enum error
journal_chain_load(struct journal *journal)
{
	struct found *found;
	uint64_t slots = 0;
	uint32_t count;
	enum error error;

	journal_chain_init(journal);
	if (journal->file_len > JOURNAL_HEADER_LEN)
		slots = (journal->file_len - JOURNAL_HEADER_LEN +
			    JOURNAL_SEGMENT_LEN - 1) /
		        JOURNAL_SEGMENT_LEN;
	if (slots > JOURNAL_SLOTS_MAX)
		return ERROR_DAMAGED;
	journal_chain_resize(journal, (uint32_t)slots);
	found = xcalloc(slots + 1, sizeof(*found));
	error = load_slots(journal, found, &count);
	if (error == ERROR_NONE)
		link_found(journal, found, count);
	free(found);
	journal->is_trim_due = true;
	return error;
}

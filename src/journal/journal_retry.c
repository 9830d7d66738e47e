/*
 * journal_retry: tries again what could not be read. Nothing is given up before
 * it was tried for long.
 */
#include "journal_private.h"

#include "clock.h"

#define PATIENCE_US 60000000
#define EXCESS_LEN  (64 * JOURNAL_SEGMENT_LEN)

/* The slot whose fault is the oldest. There is one. */
static uint32_t
find_oldest(const struct journal *journal)
{
	uint32_t oldest = JOURNAL_NO_SLOT;

	for (uint32_t i = 0; i < journal->slot_count; i++)
		if (journal->segments[i].fault.since_us != 0 &&
		    (oldest == JOURNAL_NO_SLOT ||
			journal->segments[i].fault.since_us <
			    journal->segments[oldest].fault.since_us))
			oldest = i;
	return oldest;
}

/* The slot whose next try is due first. There is one. */
static uint32_t
find_due(const struct journal *journal)
{
	uint32_t due = JOURNAL_NO_SLOT;

	for (uint32_t i = 0; i < journal->slot_count; i++)
		if (journal->segments[i].fault.since_us != 0 &&
		    (due == JOURNAL_NO_SLOT ||
			journal->segments[i].fault.retry_us <
			    journal->segments[due].fault.retry_us))
			due = i;
	return due;
}

/*
 * While it is there nothing else leaves the file. That may go on for as long
 * as sessions last, but not without a bound: after a minute, not beyond twice
 * of what there may be of dead records.
 */
static bool
is_to_be_given_up(const struct journal *journal,
    const struct journal_fault *fault, uint64_t give_up_us)
{
	uint64_t age_us = clock_monotonic_us() - fault->since_us;

	return age_us >= give_up_us ||
	       (age_us >= PATIENCE_US &&
		   journal_chain_len(journal) >
		       6 * journal->live.records + EXCESS_LEN);
}

static void
give_up(struct journal *journal, uint32_t slot)
{
	struct journal_segment *segment = &journal->segments[slot];

	log_warning("the journal of %s cannot be read at byte %llu: what is "
		    "there is given up",
	    journal->name, (unsigned long long)segment->fault.position);
	segment->is_bad = true;
	if (segment->state == JOURNAL_SLOT_LIVE) {
		journal_retire(journal, slot, true);
	} else {
		journal_fault_clear(journal, slot);
		segment->doubt_sequence = 0;
		segment->state = JOURNAL_SLOT_BAD;
	}
}

/* Can it be read again? Then it is as it was before. */
static void
retry(struct journal *journal, uint32_t slot)
{
	struct journal_segment *segment = &journal->segments[slot];
	const struct journal_fault fault = segment->fault;
	unsigned char *bytes;
	enum error error;
	size_t len;

	buffer_clear(&journal->read, 0);
	bytes = buffer_reserve(&journal->read, fault.len);
	error =
	    journal_io_read(journal, bytes, fault.len, fault.position, &len);
	buffer_commit(&journal->read, len);
	buffer_clear(&journal->read, 0);
	if (error != ERROR_NONE) {
		journal_fault_add(journal, slot, fault.position, fault.len);
		return;
	}
	journal_fault_clear(journal, slot);
	if (segment->state == JOURNAL_SLOT_UNKNOWN)
		journal_load_late(journal, slot);
	else if (segment->doubt_sequence != 0)
		journal->is_replay_due = true;
}

uint64_t
journal_retry_slice(struct journal *journal, uint64_t give_up_us)
{
	uint64_t now_us = clock_monotonic_us();
	uint32_t slot;

	if (journal->fault_count == 0)
		return JOURNAL_IDLE;
	/* Others may have tried in vain just now: that is no reason to wait. */
	slot = find_oldest(journal);
	if (slot != journal->tail.slot &&
	    is_to_be_given_up(
		journal, &journal->segments[slot].fault, give_up_us)) {
		give_up(journal, slot);
		return 0;
	}
	slot = find_due(journal);
	if (now_us < journal->segments[slot].fault.retry_us)
		return journal->segments[slot].fault.retry_us - now_us;
	retry(journal, slot);
	return 0;
}

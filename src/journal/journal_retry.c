/*
 * journal_retry: tries again what could not be read. Nothing is given up before
 * it was tried for long.
 */
#include "journal_private.h"

#include "clock.h"

#define PATIENCE_US 60000000
#define EXCESS_LEN  (64 * JOURNAL_SEGMENT_LEN)

/* The slot whose next try is due first, or whose fault is the oldest. */
static uint32_t
find_first(const struct journal *journal, bool is_by_retry)
{
	uint32_t first = JOURNAL_NO_SLOT;
	uint64_t first_us = UINT64_MAX;

	for (uint32_t i = 0; i < journal->slot_count; i++) {
		const struct journal_fault *fault = &journal->segments[i].fault;
		uint64_t us = is_by_retry ? fault->retry_us : fault->since_us;

		if (fault->since_us != 0 && us < first_us) {
			first = i;
			first_us = us;
		}
	}
	return first;
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
		       6 * journal_live_len(journal) + EXCESS_LEN);
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
	slot = find_first(journal, false);
	if (slot != journal->tail.slot &&
	    is_to_be_given_up(
		journal, &journal->segments[slot].fault, give_up_us)) {
		give_up(journal, slot);
		return 0;
	}
	slot = find_first(journal, true);
	if (now_us < journal->segments[slot].fault.retry_us)
		return journal->segments[slot].fault.retry_us - now_us;
	retry(journal, slot);
	return 0;
}

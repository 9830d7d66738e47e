/*
 * journal_fault: segments that cannot be read at present: keeps account of the
 * faults in the slots.
 */
#include "journal_private.h"

#include "clock.h"
#include "minmax.h"

/* The first pause between two tries; each is twice as long, to the last. */
#define DELAY_MIN_US 100000
#define DELAY_MAX_US 10000000

void
journal_fault_add(
    struct journal *journal, uint32_t slot, uint64_t position, size_t len)
{
	struct journal_fault *fault = &journal->segments[slot].fault;
	uint64_t now_us = clock_monotonic_us();

	if (fault->since_us == 0) {
		journal->fault_count++;
		fault->since_us = now_us;
		fault->delay_us = DELAY_MIN_US / 2;
	}
	journal->live.read_errors++;
	fault->delay_us = (uint32_t)min_u64(2 * fault->delay_us, DELAY_MAX_US);
	fault->retry_us = now_us + fault->delay_us;
	fault->position = position;
	fault->len = (uint32_t)len;
}

void
journal_fault_clear(struct journal *journal, uint32_t slot)
{
	struct journal_segment *segment = &journal->segments[slot];

	if (segment->fault.since_us != 0)
		journal->fault_count--;
	segment->fault = (struct journal_fault){ 0 };
}

bool
journal_fault_is_in_backoff(const struct journal *journal, uint32_t slot)
{
	const struct journal_fault *fault = &journal->segments[slot].fault;

	return fault->since_us != 0 && clock_monotonic_us() < fault->retry_us;
}

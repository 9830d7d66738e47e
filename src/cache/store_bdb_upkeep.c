/*
 * store_bdb_upkeep: what goes on between requests, and in which order. All of
 * it stops at a deadline, so nobody waits for it.
 */
#include "store_bdb.h"

#include "clock.h"

/* What a kill may lose: records wait this long to be written together. */
#define FLUSH_DELAY_US 1000000

/* The table is told of changes so often that a clean end has few to tell. */
#define SWEEP_PERIOD_US 10000000

static bool
compact_is_live(void *arg, const struct journal_record *record)
{
	struct place place;

	/* What cannot be read now is not dead for that. */
	return store_bdb_find_record(arg, record, &place) != ERROR_NOT_FOUND;
}

static void
compact_moved(void *arg, const struct journal_record *record)
{
	struct place place;

	if (store_bdb_find_record(arg, record, &place) == ERROR_NONE)
		store_bdb_set_place(arg, record);
}

static const struct journal_compact_ops compact_ops = {
	.is_live = compact_is_live,
	.moved = compact_moved,
};

static uint64_t
min_us(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Write out what a kill would lose, when it has waited long enough. */
static uint64_t
flush_when_due(struct store_bdb *store)
{
	uint64_t now_us = clock_monotonic_us(), due_us;

	if (store->is_volatile || journal_unwritten_len(store->journal) == 0)
		return UINT64_MAX;
	due_us = journal_unwritten_since_us(store->journal) + FLUSH_DELAY_US;
	if (due_us < store->flush_retry_us)
		due_us = store->flush_retry_us;
	if (now_us < due_us)
		return due_us - now_us;
	if (journal_flush(store->journal) == ERROR_NONE)
		return UINT64_MAX;
	store->counted.errors++;
	store->flush_retry_us = now_us + FLUSH_DELAY_US;
	return FLUSH_DELAY_US;
}

/* Tell the table what it is yet to be told, when it has waited long enough. */
static uint64_t
sweep_when_due(struct store_bdb *store, uint64_t deadline_us)
{
	uint64_t now_us = clock_monotonic_us();
	uint64_t due_us = store->swept_us + SWEEP_PERIOD_US;

	if (store->recent.dirty_count == 0)
		return UINT64_MAX;
	if (store->sweep == 0 && now_us < due_us)
		return due_us - now_us;
	if (store_bdb_sweep(store, deadline_us) == ERROR_NONE &&
	    store->sweep > 0)
		return 0;
	store->swept_us = now_us;
	return SWEEP_PERIOD_US;
}

/* The lock, or another try after a failure. */
static uint64_t
retry_when_due(struct store_bdb *store)
{
	uint64_t now_us = clock_monotonic_us();

	if (now_us >= store->retry_us)
		store_bdb_start(&store->base);
	if (store->state == STORE_BDB_READY ||
	    store->state == STORE_BDB_REPLAYING)
		return 0;
	return store->retry_us > now_us ? store->retry_us - now_us : 0;
}

uint64_t
store_bdb_maintain(struct store *base, time_t now, uint64_t budget_us)
{
	struct store_bdb *store = (struct store_bdb *)base;
	uint64_t deadline_us = clock_monotonic_us() + budget_us;
	uint64_t flush_us, next_us, sweep_us, compact_us;

	if (store->state == STORE_BDB_WAITING ||
	    store->state == STORE_BDB_BROKEN)
		return retry_when_due(store);
	/* First: however long the rest takes, a kill loses no more. */
	flush_us = flush_when_due(store);
	if (store->state == STORE_BDB_REPLAYING) {
		store_bdb_replay_slice(store, deadline_us);
		return 0;
	}
	if (store_bdb_unmark(store) != ERROR_NONE)
		return FLUSH_DELAY_US;
	next_us = store_bdb_expire_slice(store, now, deadline_us);
	if (next_us == 0 || store->state != STORE_BDB_READY)
		return 0;
	sweep_us = sweep_when_due(store, deadline_us);
	if (sweep_us == 0 || store->state != STORE_BDB_READY)
		return 0;
	compact_us = journal_compact_slice(store->journal, store->journal_live,
	    &compact_ops, store, deadline_us);
	if (compact_us == 0)
		return 0;
	/* What was read may have been deleted or expired since. */
	if (compact_us == UINT64_MAX)
		journal_wipe_reads(store->journal);
	return min_us(min_us(next_us, sweep_us), min_us(compact_us, flush_us));
}

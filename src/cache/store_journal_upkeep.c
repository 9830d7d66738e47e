/*
 * store_journal_upkeep: what goes on between requests, and in which order. All
 * of it stops at a deadline, so nobody waits for it.
 */
#include "store_journal.h"

#include "clock.h"
#include "minmax.h"

/* What a kill may lose: records wait this long to be written together. */
#define FLUSH_DELAY_US 1000000

/* The index cache is written back so often that little is dirty in it. */
#define WRITE_BACK_PERIOD_US 10000000

/* Bytes of a file for each that may live in it, and what may come on top. */
#define FILE_EXCESS 4
#define FILE_SLACK  (64 * JOURNAL_SEGMENT_LEN)

static bool
compact_is_live(void *arg, const struct journal_record *record)
{
	struct store_journal *store = arg;
	const struct index_entry wanted = index_entry_of(record);
	struct index_entry entry;
	uint64_t hash;

	return index_find_record(&store->index, record, &hash, &entry) ==
	           ERROR_NONE &&
	       entry.location == wanted.location;
}

/*
 * Unless it was replaced or removed since it was copied. One that the index
 * does not take is lost with the segment that it leads to, and counted.
 */
static void
compact_moved(void *arg, const struct journal_record *record)
{
	struct store_journal *store = arg;
	const struct index_entry entry = index_entry_of(record);
	struct index_entry old;
	uint64_t hash;

	if (index_find_record(&store->index, record, &hash, &old) == ERROR_NONE)
		(void)index_set(&store->index, hash, &entry);
}

static const struct journal_compact_ops compact_ops = {
	.is_live = compact_is_live,
	.moved = compact_moved,
};

/* Write out what a kill would lose, when it has waited long enough. */
static uint64_t
flush_when_due(struct store_journal *store)
{
	uint64_t now_us = clock_monotonic_us(), due_us = store->flush_retry_us;
	uint64_t since_us = journal_unwritten_since_us(store->journal);

	if (journal_is_writable(store->journal) &&
	    (store->is_volatile || since_us == 0))
		return JOURNAL_IDLE;
	if (since_us != 0)
		due_us = max_u64(due_us, since_us + FLUSH_DELAY_US);
	if (now_us < due_us)
		return due_us - now_us;
	if (journal_flush(store->journal) == ERROR_NONE)
		return JOURNAL_IDLE;
	store->counted.errors++;
	store->flush_retry_us = now_us + FLUSH_DELAY_US;
	return FLUSH_DELAY_US;
}

static uint64_t
write_back_when_due(struct store_journal *store, uint64_t deadline_us)
{
	uint64_t now_us = clock_monotonic_us();
	uint64_t due_us = store->written_back_us + WRITE_BACK_PERIOD_US;

	if (store->index.cache.dirty_count == 0)
		return JOURNAL_IDLE;
	if (store->index.write_back == 0 && now_us < due_us)
		return due_us - now_us;
	if (!index_write_back(&store->index, deadline_us))
		return 0;
	store->written_back_us = now_us;
	return WRITE_BACK_PERIOD_US;
}

/* Take out of the index what leads to segments that left. */
static uint64_t
purge_when_due(struct store_journal *store, uint64_t deadline_us)
{
	if (!journal_is_purge_due(store->journal))
		return JOURNAL_IDLE;
	index_purge(&store->index, deadline_us);
	return 0;
}

/* The lock, or another try after a failure. */
static uint64_t
retry_when_due(struct store_journal *store)
{
	uint64_t now_us = clock_monotonic_us();

	if (now_us >= store->retry_us)
		(void)store_journal_start(store);
	if (store_journal_is_serving(store))
		return 0;
	return store->retry_us > now_us ? store->retry_us - now_us : 0;
}

/* More than this no file of ours has, whatever is dead in it. */
static uint64_t
max_file_len(const struct store_journal *store)
{
	const struct store_config *config = &store->config;
	uint64_t entries = store->index.capacity;

	if (config->bytes_max == 0 || config->bytes_max > UINT64_MAX / 16)
		return 0;
	if (config->entries_max > 0 && config->entries_max < entries)
		entries = config->entries_max;
	return FILE_EXCESS *
	           (config->bytes_max + entries * journal_record_len(0)) +
	       FILE_SLACK;
}

static uint64_t
load_slice(struct store_journal *store, uint64_t deadline_us)
{
	uint64_t next_us = journal_load_slice(
	    store->journal, max_file_len(store), deadline_us);

	if (next_us != JOURNAL_IDLE)
		return next_us;
	store_journal_replay_begin(store);
	return 0;
}

/* What is too much leaves before anybody counts it. */
static uint64_t
replay_slice(struct store_journal *store, time_t now, uint64_t deadline_us)
{
	uint64_t next_us = store_journal_replay_slice(store, deadline_us);

	if (store->load != NULL)
		return next_us;
	next_us = store_journal_expire_slice(store, now, deadline_us);
	if (next_us == 0 || next_us == JOURNAL_FETCH_DELAY_US)
		return next_us;
	store_journal_replay_end(store);
	return 0;
}

/* All that is due where all is there. */
static uint64_t
ready_slice(struct store_journal *store, time_t now, uint64_t deadline_us)
{
	uint64_t next_us = store_journal_expire_slice(store, now, deadline_us);
	uint64_t compact_us;

	if (next_us > 0)
		next_us = min_u64(next_us, purge_when_due(store, deadline_us));
	if (next_us > 0)
		next_us =
		    min_u64(next_us, write_back_when_due(store, deadline_us));
	if (next_us == 0)
		return 0;
	compact_us = journal_compact_slice(
	    store->journal, &compact_ops, store, deadline_us);
	/* What was read may have been deleted or expired since. */
	if (compact_us == JOURNAL_IDLE)
		journal_wipe_reads(store->journal);
	return min_u64(next_us, compact_us);
}

uint64_t
store_journal_maintain(struct store *base, time_t now, uint64_t budget_us)
{
	struct store_journal *store = (struct store_journal *)base;
	uint64_t deadline_us = clock_monotonic_us() + budget_us;
	uint64_t next_us;

	if (!store_journal_is_serving(store))
		return retry_when_due(store);
	/* First: however long the rest takes, a kill loses no more. */
	next_us = flush_when_due(store);
	if (store->state == STORE_JOURNAL_LOADING)
		return min_u64(next_us, load_slice(store, deadline_us));
	if (store->state == STORE_JOURNAL_REPLAYING)
		return min_u64(next_us, replay_slice(store, now, deadline_us));
	next_us =
	    min_u64(next_us, journal_retry_slice(store->journal,
				 (uint64_t)store->config.timeout_s * 1000000));
	if (!journal_is_replay_due(store->journal)) {
		/* Some of what was left out may have been given up. */
		if (store->doubt_sequence > 0)
			store->doubt_sequence =
			    journal_doubt_sequence(store->journal);
	} else if (!store_journal_is_over_bounds(store)) {
		store->is_late = true;
		store->started_us = clock_monotonic_us();
		store_journal_replay_begin(store);
		return 0;
	}
	return min_u64(next_us, ready_slice(store, now, deadline_us));
}

enum error
store_journal_begin(struct store *base)
{
	struct store_journal *store = (struct store_journal *)base;
	enum error error = store_journal_start(store);
	uint64_t now_us = clock_monotonic_us();
	uint64_t deadline_us = now_us + store->config.start_budget_us;

	/* As far as it goes without waiting: no client is there yet. */
	while (error == ERROR_NONE && store->state != STORE_JOURNAL_READY &&
	       now_us < deadline_us) {
		if (store_journal_maintain(
			base, clock_wall_s(), deadline_us - now_us) != 0)
			break;
		now_us = clock_monotonic_us();
	}
	return error;
}

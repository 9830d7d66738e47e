/*
 * store_bdb_expire: what goes on between requests. The head of the journal is
 * the oldest entry, so nothing is searched; everything here stops at a
 * deadline, so nobody waits for it.
 */
#include "store_bdb.h"

#include "clock.h"

/* What a kill may lose: records wait this long to be written together. */
#define FLUSH_DELAY_US 1000000

/* The table is told of changes so often that a clean end has few to tell. */
#define SWEEP_PERIOD_US 10000000

/* A full cache stays full; that need not be said all the time. */
#define EVICTION_REPORT_PERIOD_S 3600

enum head {
	HEAD_NONE,    /* the journal is empty, or cannot be read now */
	HEAD_AWAITED, /* the disk has yet to bring it */
	HEAD_DEAD,    /* the record's entry is gone or has been replaced */
	HEAD_LIVE,
};

static enum head
head_get(
    struct store_bdb *store, struct journal_record *record, struct place *place)
{
	enum error error = journal_head(store->journal, record);

	if (error == ERROR_DAMAGED || error == ERROR_IO)
		store->counted.errors++;
	if (error != ERROR_NONE)
		return error == ERROR_AGAIN ? HEAD_AWAITED : HEAD_NONE;
	switch (store_bdb_find_record(store, record, place)) {
	case ERROR_NONE:
		return HEAD_LIVE;
	case ERROR_NOT_FOUND:
		return HEAD_DEAD;
	default:
		return HEAD_NONE;
	}
}

static bool
is_over_bounds(const struct store_bdb *store)
{
	const struct store_config *config = &store->config;

	return (config->entries_max > 0 &&
		   store->entries > config->entries_max) ||
	       (config->bytes_max > 0 && store->bytes > config->bytes_max);
}

/* Nothing is amiss, but the bound may be lower than is wanted. */
static void
report_eviction(struct store_bdb *store)
{
	if (log_limit_allows(
		&store->eviction_reports, EVICTION_REPORT_PERIOD_S))
		log_info("%s TLS cache %s: the bound is reached at %llu "
			 "sessions: the oldest make room",
		    store->name, store->database,
		    (unsigned long long)store->entries - 1);
}

static void
head_remove(struct store_bdb *store, const struct journal_record *record,
    const struct place *place)
{
	store_bdb_forget(store, record->key, record->key_len, place);
	if (store->state == STORE_BDB_READY)
		journal_drop_head(store->journal);
}

/*
 * Look at the oldest record and do with it what is due. False: nothing is, for
 * so long as *next_us says.
 */
static bool
expire_one(struct store_bdb *store, time_t now, uint64_t *next_us)
{
	struct journal_record record;
	struct place place;

	*next_us = 0;
	switch (head_get(store, &record, &place)) {
	case HEAD_NONE:
		*next_us = UINT64_MAX;
		return false;
	case HEAD_AWAITED:
		*next_us = JOURNAL_FETCH_DELAY_US;
		return false;
	case HEAD_DEAD:
		if (store->state == STORE_BDB_READY)
			journal_drop_head(store->journal);
		return store->state == STORE_BDB_READY;
	case HEAD_LIVE:
		break;
	}
	if (store_is_expired(
		(time_t)record.put_at, now, store->config.timeout_s)) {
		head_remove(store, &record, &place);
		store->counted.expired++;
	} else if (is_over_bounds(store)) {
		report_eviction(store);
		head_remove(store, &record, &place);
		store->counted.evicted++;
	} else {
		store->counted.oldest = (time_t)record.put_at;
		*next_us = (uint64_t)((time_t)record.put_at +
				      store->config.timeout_s + 1 - now) *
		           1000000;
		return false;
	}
	return store->state == STORE_BDB_READY;
}

void
store_bdb_make_room(struct store_bdb *store, unsigned limit)
{
	time_t now = clock_wall_s();
	uint64_t next_us;

	while (limit-- > 0 && store->state == STORE_BDB_READY &&
	       is_over_bounds(store))
		if (!expire_one(store, now, &next_us))
			break;
}

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

/* Expire until nothing is due or time is up; when the next one is due. */
static uint64_t
expire_slice(struct store_bdb *store, time_t now, uint64_t deadline_us)
{
	uint64_t next_us;
	unsigned count = 0;

	while (expire_one(store, now, &next_us))
		if (++count % 8 == 0 && clock_monotonic_us() >= deadline_us)
			return 0;
	if (next_us == UINT64_MAX)
		store->counted.oldest = 0;
	return next_us;
}

/* Write out what a kill would lose, when it has waited long enough. */
static uint64_t
flush_when_due(struct store_bdb *store)
{
	uint64_t now_us = clock_monotonic_us(), due_us;

	if (store->is_volatile || journal_unwritten_len(store->journal) == 0)
		return UINT64_MAX;
	due_us = journal_unwritten_since_us(store->journal) + FLUSH_DELAY_US;
	if (now_us < due_us)
		return due_us - now_us;
	if (journal_flush(store->journal) == ERROR_NONE)
		return UINT64_MAX;
	store->counted.errors++;
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
	uint64_t next_us, sweep_us, compact_us;

	switch (store->state) {
	case STORE_BDB_WAITING:
	case STORE_BDB_BROKEN:
		return retry_when_due(store);
	case STORE_BDB_REPLAYING:
		store_bdb_replay_slice(store, deadline_us);
		return 0;
	case STORE_BDB_READY:
		break;
	}
	if (store_bdb_unmark(store) != ERROR_NONE)
		return FLUSH_DELAY_US;
	next_us = expire_slice(store, now, deadline_us);
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
	return min_us(min_us(next_us, sweep_us),
	    min_us(compact_us, flush_when_due(store)));
}

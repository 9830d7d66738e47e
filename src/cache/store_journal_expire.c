/*
 * store_journal_expire: what is too old, and what is too much. The oldest
 * record is the first in the journal, so nothing is searched.
 */
#include "store_journal.h"

#include "clock.h"

/* A full cache stays full; that need not be said all the time. */
#define EVICTION_REPORT_PERIOD_S 3600

/* Entries at a time, in units of what the index holds; see TABLE_PART. */
#define EXCESS_MAX 3

/* The parameter whose bound so much exceeds, or NULL. */
static const char *
bound_below(const struct store_journal *store, uint64_t entries, uint64_t bytes)
{
	const struct store_config *config = &store->config;

	if (config->entries_max > 0 && entries > config->entries_max)
		return "tlsmgr_cache_max_entries";
	if (config->bytes_max > 0 && bytes > config->bytes_max)
		return "tlsmgr_cache_max_size";
	if (entries > store->index.capacity)
		return "tlsmgr_cache_memory";
	return NULL;
}

static const char *
exceeded_bound(const struct store_journal *store)
{
	const struct journal_live *live = journal_live(store->journal);

	return bound_below(store, live->entries, live->bytes);
}

bool
store_journal_is_over_bounds(const struct store_journal *store)
{
	return exceeded_bound(store) != NULL;
}

/* Nothing is amiss, but the bound may be lower than is wanted. */
static void
report_eviction(struct store_journal *store, const char *bound)
{
	if (log_limit_allows(
		&store->eviction_reports, EVICTION_REPORT_PERIOD_S))
		log_info("%s TLS cache %s: %s: the bound is reached at %llu "
			 "sessions: the oldest make room",
		    store->name, store->database, bound,
		    (unsigned long long)journal_live(store->journal)->entries -
			1);
}

/* In how many microseconds it expires. */
static uint64_t
time_left_us(const struct store_journal *store, int64_t put_at, time_t now)
{
	return (uint64_t)(put_at + store->config.timeout_s + 1 - now) * 1000000;
}

/*
 * Is most of what there is older than the oldest that can be read? Then that
 * is among the newest, and is not what is to make room.
 */
static bool
is_mostly_unread(
    const struct store_journal *store, struct journal_unread *unread)
{
	journal_unread(store->journal, unread);
	return unread->entries > journal_live(store->journal)->entries / 2;
}

/*
 * A segment that cannot be read leaves as a whole, when all that lives in it
 * would have to; until then it may be that it can be read again. True: it left.
 */
static bool
evict_unread(struct store_journal *store, const struct journal_unread *unread)
{
	const struct journal_live *live = journal_live(store->journal);
	const char *bound = exceeded_bound(store);
	uint64_t entries = live->entries;

	if (bound == NULL ||
	    (entries <= EXCESS_MAX * store->index.capacity &&
		bound_below(store, entries - unread->first_entries,
		    live->bytes - unread->first_bytes) == NULL))
		return false;
	report_eviction(store, bound);
	journal_drop_below(store->journal, unread->next_sequence);
	store->counted.evicted += entries - live->entries;
	return live->entries < entries;
}

/*
 * Look at the oldest record and do with it what is due. False: nothing is, for
 * so long as *next_us says.
 */
static bool
expire_one(struct store_journal *store, time_t now, uint64_t *next_us)
{
	struct journal_record record;
	struct journal_unread unread;
	struct index_entry entry;
	const char *bound;
	uint64_t hash;
	enum error error = journal_oldest(store->journal, &record);

	*next_us = error == ERROR_AGAIN ? JOURNAL_FETCH_DELAY_US : JOURNAL_IDLE;
	if (error != ERROR_NONE)
		return is_mostly_unread(store, &unread) &&
		       evict_unread(store, &unread);
	if (index_find_record(&store->index, &record, &hash, &entry) ==
	    ERROR_NONE) {
		if (store_is_expired(
			(time_t)record.put_at, now, store->config.timeout_s)) {
			store->counted.expired++;
		} else if ((bound = exceeded_bound(store)) == NULL) {
			store->counted.oldest = (time_t)record.put_at;
			*next_us = time_left_us(store, record.put_at, now);
			return false;
		} else if (is_mostly_unread(store, &unread)) {
			*next_us = time_left_us(store, record.put_at, now);
			return evict_unread(store, &unread);
		} else {
			report_eviction(store, bound);
			store->counted.evicted++;
		}
		(void)index_remove(&store->index, hash, &entry);
	}
	journal_drop_oldest(store->journal);
	return true;
}

/*
 * While the journal is read there may be too many sessions for a while, and
 * only what is new can be found to leave. Where that alone is too much, what
 * the file has would be the first to leave; it goes unread. What is read late
 * is among what is there: that begins again when there is room.
 */
static void
cut_replay_short(struct store_journal *store)
{
	uint64_t entries = journal_live(store->journal)->entries;

	if ((store->is_late || store->is_collected) &&
	    entries <= EXCESS_MAX * store->index.capacity)
		return;
	if (store->is_late)
		journal_replay_abandon(store->journal);
	else
		journal_drop_below(store->journal, store->first_sequence);
	if (store->state == STORE_JOURNAL_LOADING)
		return;
	store_journal_replay_abandon(store);
	store->is_late = store->is_retaining = false;
	store->state = STORE_JOURNAL_READY;
}

/* Is all in the index, so that the oldest record is the oldest session? */
static bool
may_expire(const struct store_journal *store)
{
	return store->state == STORE_JOURNAL_READY ||
	       (store->state == STORE_JOURNAL_REPLAYING && store->load == NULL);
}

void
store_journal_make_room(struct store_journal *store, unsigned limit)
{
	time_t now = clock_wall_s();
	uint64_t next_us;

	if (exceeded_bound(store) == NULL)
		return;
	if (!may_expire(store))
		cut_replay_short(store);
	/* While it is loading, only what was stored since is in the chain. */
	while (limit-- > 0 &&
	       (may_expire(store) || store->state == STORE_JOURNAL_LOADING) &&
	       exceeded_bound(store) != NULL)
		if (!expire_one(store, now, &next_us))
			break;
}

uint64_t
store_journal_expire_slice(
    struct store_journal *store, time_t now, uint64_t deadline_us)
{
	uint64_t next_us;
	unsigned count = 0;

	while (expire_one(store, now, &next_us))
		if (++count % 8 == 0 && clock_monotonic_us() >= deadline_us)
			return 0;
	if (next_us == JOURNAL_IDLE)
		store->counted.oldest = 0;
	return next_us;
}

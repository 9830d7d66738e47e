/*
 * store_journal_expire: what is too old, and what is too much. The oldest
 * record is the first in the journal, so nothing is searched.
 */
#include "store_journal.h"

#include "clock.h"

/* A full cache stays full; that need not be said all the time. */
#define EVICTION_REPORT_PERIOD_S 3600

/* The parameter whose bound is exceeded, or NULL. */
static const char *
exceeded_bound(const struct store_journal *store)
{
	const struct store_config *config = &store->config;
	const struct journal_live *live = journal_live(store->journal);

	if (config->entries_max > 0 && live->entries > config->entries_max)
		return "tlsmgr_cache_max_entries";
	if (config->bytes_max > 0 && live->bytes > config->bytes_max)
		return "tlsmgr_cache_max_size";
	if (live->entries > store->index.capacity)
		return "tlsmgr_cache_memory";
	return NULL;
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
 * Look at the oldest record and do with it what is due. False: nothing is, for
 * so long as *next_us says.
 */
static bool
expire_one(struct store_journal *store, time_t now, uint64_t *next_us)
{
	struct journal_record record;
	struct index_entry entry;
	const char *bound;
	uint64_t hash;
	enum error error = journal_oldest(store->journal, &record);

	if (error != ERROR_NONE) {
		*next_us = error == ERROR_AGAIN ? JOURNAL_FETCH_DELAY_US
		                                : JOURNAL_IDLE;
		return false;
	}
	if (store_journal_find_record(store, &record, &hash, &entry) ==
	    ERROR_NONE) {
		if (store_is_expired(
			(time_t)record.put_at, now, store->config.timeout_s)) {
			store->counted.expired++;
		} else if ((bound = exceeded_bound(store)) != NULL) {
			report_eviction(store, bound);
			store->counted.evicted++;
		} else {
			store->counted.oldest = (time_t)record.put_at;
			*next_us = time_left_us(store, record.put_at, now);
			return false;
		}
		index_remove(&store->index, hash);
		store_journal_remove_live(store, &entry);
	}
	journal_drop_oldest(store->journal);
	return true;
}

void
store_journal_make_room(struct store_journal *store, unsigned limit)
{
	time_t now = clock_wall_s();
	uint64_t next_us;

	while (limit-- > 0 && store->state == STORE_JOURNAL_READY &&
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

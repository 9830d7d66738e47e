/*
 * store_bdb_expire: what is too old, and what is too much. The head of the
 * journal is the oldest entry, so nothing is searched.
 */
#include "store_bdb.h"

#include "clock.h"

/* A full cache stays full; that need not be said all the time. */
#define EVICTION_REPORT_PERIOD_S 3600

/* A disk that fails is not asked for all that it has, one after the other. */
#define RETRY_DELAY_US 1000000

enum head {
	HEAD_NONE,     /* the journal is empty */
	HEAD_AWAITED,  /* the disk has yet to bring it */
	HEAD_GIVEN_UP, /* it is damaged; the next one is behind it */
	HEAD_UNKNOWN,  /* it, or its place, cannot be read */
	HEAD_DEAD,     /* the record's entry is gone or has been replaced */
	HEAD_LIVE,
};

static enum head
head_get(
    struct store_bdb *store, struct journal_record *record, struct place *place)
{
	if (store->head_retry_us != 0 &&
	    clock_monotonic_us() < store->head_retry_us)
		return HEAD_UNKNOWN;
	store->head_retry_us = 0;
	switch (journal_head(store->journal, record)) {
	case ERROR_NONE:
		break;
	case ERROR_NOT_FOUND:
		return HEAD_NONE;
	case ERROR_AGAIN:
		return HEAD_AWAITED;
	case ERROR_DAMAGED:
		store->counted.errors++;
		return HEAD_GIVEN_UP;
	default:
		store->counted.errors++;
		store->head_retry_us = clock_monotonic_us() + RETRY_DELAY_US;
		return HEAD_UNKNOWN;
	}
	switch (store_bdb_find_record(store, record, place)) {
	case ERROR_NONE:
		return HEAD_LIVE;
	case ERROR_NOT_FOUND:
		return HEAD_DEAD;
	default:
		return HEAD_UNKNOWN;
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
	case HEAD_GIVEN_UP:
		return true;
	case HEAD_UNKNOWN:
		*next_us = RETRY_DELAY_US;
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

uint64_t
store_bdb_expire_slice(
    struct store_bdb *store, time_t now, uint64_t deadline_us)
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

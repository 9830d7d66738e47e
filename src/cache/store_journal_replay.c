/*
 * store_journal_replay: the index from the journal. First all records are
 * read, then what lives is brought in.
 */
#include "store_journal.h"

#include "clock.h"
#include "minmax.h"

/* Records read between two looks at the clock. */
#define RECORDS_AT_ONCE 16

void
store_journal_replay_abandon(struct store_journal *store)
{
	index_load_free(store->load);
	store->load = NULL;
	store->is_collected = false;
}

void
store_journal_replay_begin(struct store_journal *store)
{
	store_journal_replay_abandon(store);
	store->load =
	    index_load_new(&store->index, journal_chain_len(store->journal),
		store->is_late ? 0 : journal_next_sequence(store->journal));
	store->state = STORE_JOURNAL_REPLAYING;
	journal_replay_begin(store->journal);
}

/* What one record says, unless a newer one says something else. */
static void
collect(struct store_journal *store, const struct journal_record *record)
{
	struct index_entry entry = index_entry_of(record);

	if (record->type != JOURNAL_PUT ||
	    store_is_expired((time_t)record->put_at, clock_wall_s(),
		store->config.timeout_s))
		entry.location = 0;
	index_load_add(store->load,
	    index_hash(&store->index, record->key, record->key_len), &entry);
}

/* ERROR_NOT_FOUND: that was all; ERROR_AGAIN: what is next is being read. */
static enum error
collect_some(struct store_journal *store)
{
	struct journal_record record;
	enum error error = ERROR_NONE;

	for (int i = 0; i < RECORDS_AT_ONCE; i++) {
		error = journal_replay_next(store->journal, &record);
		if (error == ERROR_NONE)
			collect(store, &record);
		else if (error == ERROR_AGAIN || error == ERROR_NOT_FOUND)
			break;
		else
			store->counted.errors++; /* logged; more follows */
	}
	return error;
}

void
store_journal_replay_end(struct store_journal *store)
{
	const struct journal_live *live = journal_live(store->journal);
	double seconds =
	    (double)(clock_monotonic_us() - store->started_us) / 1e6;

	store->doubt_sequence = journal_doubt_sequence(store->journal);
	store->state = STORE_JOURNAL_READY;
	if (store->is_late)
		log_info("%s TLS cache %s: %llu sessions recovered in %.2f s",
		    store->name, store->database,
		    (unsigned long long)live->entries, seconds);
	else if (store->is_retaining)
		log_info("%s TLS cache %s: %llu sessions retained in %.2f s",
		    store->name, store->database,
		    (unsigned long long)live->entries, seconds);
	if (store->is_retaining)
		store->counted.retained = live->entries;
	store->is_retaining = store->is_late = false;
}

/* From here on what was collected is found. */
static void
collected(struct store_journal *store)
{
	store->is_collected = true;
	store->doubt_sequence = max_u64(
	    store->doubt_sequence, journal_doubt_sequence(store->journal));
}

uint64_t
store_journal_replay_slice(struct store_journal *store, uint64_t deadline_us)
{
	enum error error = ERROR_NONE;

	while (store->load != NULL && !store->is_collected) {
		error = collect_some(store);
		if (error == ERROR_AGAIN)
			return JOURNAL_FETCH_DELAY_US;
		if (error == ERROR_NOT_FOUND)
			collected(store);
		if (clock_monotonic_us() >= deadline_us)
			return 0;
	}
	if (store->load != NULL && !index_load_insert(store->load, deadline_us))
		return 0;
	store_journal_replay_abandon(store);
	return 0;
}

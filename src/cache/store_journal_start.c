/*
 * store_journal_start: from a descriptor to a cache that serves. The file is
 * found and its sessions brought into the index in slices, most of them before
 * the first request; meanwhile what is stored is kept and served.
 */
#include "store_journal.h"

#include "clock.h"
#include "minmax.h"

#include <stdlib.h>
#include <string.h>

#define LOCK_RETRY_US 100000

/* How long clients are told that they may store, though they cannot yet. */
#define LOCK_PATIENCE_US 10000000

/* What is broken is tried again after this, then after twice as long. */
#define RETRY_MIN_US 100000
#define RETRY_MAX_US 10000000

/* Raised when the form of that changes. 1.0 wrote more behind it. */
#define OWNER_DATA_VERSION 3

/* What the journal's superblock says of the store. */
struct owner_data {
	uint32_t version;
	unsigned char fingerprint[STORE_FINGERPRINT_LEN];
};

_Static_assert(
    sizeof(struct owner_data) <= JOURNAL_OWNER_DATA_LEN, "it must fit");

static struct owner_data
owner_data_of(const struct store_journal *store)
{
	struct owner_data data = { .version = OWNER_DATA_VERSION };

	memcpy(data.fingerprint, store->config.fingerprint,
	    sizeof(data.fingerprint));
	return data;
}

static void
report_unusable(struct store_journal *store, enum error error)
{
	if (log_limit_allows(
		&store->broken_complaints, STORE_JOURNAL_COMPLAINT_PERIOD_S))
		log_warning("%s TLS cache %s cannot be used: %s", store->name,
		    store->database, error_text(error));
}

static void
become_broken(struct store_journal *store, enum error error)
{
	store->state = STORE_JOURNAL_BROKEN;
	store->retry_delay_us = min_u64(
	    max_u64(2 * store->retry_delay_us, RETRY_MIN_US), RETRY_MAX_US);
	store->retry_us = clock_monotonic_us() + store->retry_delay_us;
	store->counted.errors++;
	report_unusable(store, error);
}

/*
 * Until the lock is ours, the file is somebody else's. After a reload that is
 * the process before us, and soon over.
 */
static void
wait_for_lock(struct store_journal *store)
{
	uint64_t now_us = clock_monotonic_us();

	if (store->locked_since_us == 0)
		store->locked_since_us = now_us;
	store->is_lock_overdue =
	    now_us - store->locked_since_us >= LOCK_PATIENCE_US;
	store->retry_us = now_us + LOCK_RETRY_US;
	store->state = STORE_JOURNAL_WAITING;
	if (store->is_lock_overdue)
		report_unusable(store, ERROR_LOCKED);
}

enum error
store_journal_empty(struct store_journal *store)
{
	const struct owner_data data = owner_data_of(store);

	store_journal_replay_abandon(store);
	if (store->state == STORE_JOURNAL_REPLAYING)
		store->state = STORE_JOURNAL_READY;
	store->is_retaining = store->is_late = false;
	store->doubt_sequence = 0;
	return journal_clear(store->journal, &data, sizeof(data));
}

static void
report_emptied(struct store_journal *store, enum error error)
{
	if (error == ERROR_INCOMPATIBLE)
		log_info("%s TLS cache %s: emptied: %s", store->name,
		    store->database, error_text(error));
	else if (error == ERROR_DAMAGED &&
		 log_limit_allows(&store->empty_complaints,
		     STORE_JOURNAL_COMPLAINT_PERIOD_S))
		log_warning("%s TLS cache %s: emptied: %s", store->name,
		    store->database, error_text(error));
}

/* Is what the file holds for us? If not, it is as good as empty. */
static void
check_owner_data(struct store_journal *store)
{
	const struct owner_data data = owner_data_of(store);

	store->is_retaining =
	    !store->is_volatile && memcmp(journal_owner_data(store->journal),
				       &data, sizeof(data)) == 0;
	if (store->is_retaining) {
		/* Without what 1.0 wrote behind it, and would believe. */
		journal_set_owner_data(store->journal, &data, sizeof(data));
		return;
	}
	if (!store->is_volatile)
		report_emptied(store, ERROR_INCOMPATIBLE);
	(void)journal_clear(store->journal, &data, sizeof(data));
}

/* ERROR_IO: nothing is known to be lost. */
static enum error
read_superblock(struct store_journal *store)
{
	const struct owner_data data = owner_data_of(store);
	enum error error = journal_load(store->journal);

	if (error == ERROR_NONE) {
		check_owner_data(store);
	} else if (error != ERROR_IO) {
		report_emptied(store, error);
		journal_reset(store->journal, &data, sizeof(data));
	}
	return error == ERROR_IO ? error : ERROR_NONE;
}

enum error
store_journal_start(struct store_journal *store)
{
	enum error error = journal_lock(store->journal);

	store->started_us = clock_monotonic_us();
	if (error == ERROR_LOCKED) {
		wait_for_lock(store);
		return error;
	}
	store->locked_since_us = 0;
	if (error == ERROR_NONE && store->index.table == NULL)
		error = index_init(&store->index, store->database,
		    store->config.memory, store->config.hash_key,
		    store->journal);
	if (error == ERROR_NONE)
		error = read_superblock(store);
	if (error != ERROR_NONE) {
		become_broken(store, error);
		return error;
	}
	store->retry_delay_us = 0;
	store->first_sequence = journal_next_sequence(store->journal);
	store->state = STORE_JOURNAL_LOADING;
	return ERROR_NONE;
}

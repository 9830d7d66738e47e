/*
 * store_bdb_start: from two descriptors to a cache that serves, and back.
 *
 * A clean end leaves a mark in the journal's header, with what the table's
 * file looked like. Where mark and file agree, the table is used as it is;
 * anything else (a kill, damage, somebody else's write) means that the table
 * is made again from the journal, most of it before the first request and the
 * rest in slices between requests.
 */
#include "store_bdb.h"

#include "clock.h"

#include <string.h>

#define LOCK_RETRY_US 100000

/* How long clients are told that they may store, though they cannot yet. */
#define LOCK_PATIENCE_US 10000000

#define BROKEN_RETRY_US 10000000

/* Raised when the form of the note or of the table changes. */
#define NOTE_VERSION 3

/* What the journal's header says of the store. */
struct note {
	uint32_t version;
	unsigned char digest[SETTINGS_DIGEST_LEN];
	uint64_t entries;
	uint64_t bytes;
	uint64_t journal_live;
	uint64_t table_len;
	int64_t table_modified_ns;
	char boot_id[STORE_BOOT_ID_LEN];
	uint32_t is_durable; /* the disk has it all, whatever boot this is */
};

_Static_assert(sizeof(struct note) <= JOURNAL_NOTE_LEN, "the note must fit");

static void
note_fill(const struct store_bdb *store, struct note *note)
{
	memset(note, 0, sizeof(*note));
	note->version = NOTE_VERSION;
	memcpy(note->digest, store->config.digest, sizeof(note->digest));
	memcpy(note->boot_id, store->config.boot_id, sizeof(note->boot_id));
	note->entries = store->entries;
	note->bytes = store->bytes;
	note->journal_live = store->journal_live;
}

/* May what the files hold be used at all? */
static enum error
note_check(const struct store_bdb *store, const struct note *note)
{
	if (note->version != NOTE_VERSION)
		return ERROR_INCOMPATIBLE;
	if (memcmp(note->digest, store->config.digest, sizeof(note->digest)) !=
	    0)
		return ERROR_INCOMPATIBLE;
	return ERROR_NONE;
}

/* Is the table what the last owner left at a clean end? */
static bool
note_vouches_for_table(const struct store_bdb *store, const struct note *note)
{
	uint64_t len;
	int64_t modified_ns;

	if (!journal_is_clean(store->journal))
		return false;
	if (!note->is_durable && memcmp(note->boot_id, store->config.boot_id,
				     sizeof(note->boot_id)) != 0)
		return false;
	return bdb_file_identity(store->table, &len, &modified_ns) ==
	           ERROR_NONE &&
	       len == note->table_len && modified_ns == note->table_modified_ns;
}

static void
report_unusable(struct store_bdb *store, enum error error)
{
	if (log_limit_allows(
		&store->broken_complaints, STORE_BDB_COMPLAINT_PERIOD_S))
		log_warning("%s TLS cache %s cannot be used: %s", store->name,
		    store->database, error_text(error));
}

static void
store_bdb_break(struct store_bdb *store, enum error error)
{
	store->state = STORE_BDB_BROKEN;
	store->retry_us = clock_monotonic_us() + BROKEN_RETRY_US;
	store->counted.errors++;
	report_unusable(store, error);
}

/*
 * Until the lock is ours, the files are somebody else's. After a reload that is
 * the process before us, and soon over.
 */
static void
store_bdb_wait(struct store_bdb *store, enum error error)
{
	uint64_t now_us = clock_monotonic_us();

	if (store->locked_since_us == 0)
		store->locked_since_us = now_us;
	store->is_lock_overdue =
	    now_us - store->locked_since_us >= LOCK_PATIENCE_US;
	store->lock_error = error;
	store->retry_us = now_us + LOCK_RETRY_US;
	if (error != ERROR_LOCKED)
		store_bdb_break(store, error);
	else if (store->is_lock_overdue)
		report_unusable(store, error);
	store->state = STORE_BDB_WAITING;
}

enum error
store_bdb_unmark(struct store_bdb *store)
{
	struct note note;
	enum error error;

	if (!store->is_marked_clean)
		return ERROR_NONE;
	note_fill(store, &note);
	error =
	    journal_set_note(store->journal, &note, sizeof(note), false, false);
	store->is_marked_clean = error != ERROR_NONE;
	return error;
}

enum error
store_bdb_reset(struct store_bdb *store)
{
	struct note note;
	enum error error;

	store_bdb_clear_accounts(store);
	store->served_from = 0;
	store->is_retaining = false;
	store->is_marked_clean = false;
	note_fill(store, &note);
	error = journal_reset(store->journal, &note, sizeof(note));
	store->is_journal_loaded = error == ERROR_NONE;
	if (error == ERROR_NONE)
		error = bdb_create(store->table);
	if (error == ERROR_NONE)
		store->state = STORE_BDB_READY;
	else
		store_bdb_break(store, error);
	return error;
}

static void
replay_begin(struct store_bdb *store)
{
	enum error error = bdb_create(store->table);

	store_bdb_clear_accounts(store);
	if (error != ERROR_NONE) {
		store_bdb_break(store, error);
		return;
	}
	store->is_marked_clean = true;
	store_bdb_unmark(store);
	store->state = STORE_BDB_REPLAYING;
	store->served_from = journal_next_sequence(store->journal);
	journal_replay_begin(store->journal);
}

/* Do again what one record says, unless something newer was done since. */
static enum error
replay_record(struct store_bdb *store, const struct journal_record *record)
{
	struct place place;
	enum error error;

	error = store_bdb_find(store, record->key, record->key_len, &place);
	if (error == ERROR_NONE && place.sequence > record->sequence)
		return ERROR_NONE;
	if (record->type == JOURNAL_PUT &&
	    !store_is_expired((time_t)record->put_at, clock_wall_s(),
		store->config.timeout_s))
		return store_bdb_set_place(store, record);
	if (error == ERROR_NONE)
		return store_bdb_forget(
		    store, record->key, record->key_len, &place);
	return ERROR_NONE;
}

static void
replay_end(struct store_bdb *store)
{
	store->state = STORE_BDB_READY;
	store->served_from = 0;
	if (store->is_retaining)
		store->counted.retained = store->entries;
	store->is_retaining = false;
	log_info("%s TLS cache %s: %llu sessions recovered in %.2f s",
	    store->name, store->database, (unsigned long long)store->entries,
	    (double)(clock_monotonic_us() - store->started_us) / 1e6);
}

void
store_bdb_replay_slice(struct store_bdb *store, uint64_t deadline_us)
{
	struct journal_record record;
	enum error error;

	do {
		error = journal_replay_next(store->journal, &record);
		if (error == ERROR_NOT_FOUND) {
			replay_end(store);
			return;
		}
		if (error == ERROR_NONE)
			error = replay_record(store, &record);
		else
			error =
			    ERROR_NONE; /* logged; the next segment follows */
		if (error != ERROR_NONE) {
			store_bdb_break(store, error);
			return;
		}
	} while (store->state == STORE_BDB_REPLAYING &&
		 clock_monotonic_us() < deadline_us);
}

void
store_bdb_rebuild(struct store_bdb *store)
{
	/* Half of the journal in it, and what those had replaced forgotten. */
	if (store->state == STORE_BDB_REPLAYING)
		store_bdb_break(store, ERROR_DAMAGED);
	if (store->state != STORE_BDB_READY)
		return;
	if (log_limit_allows(
		&store->rebuild_complaints, STORE_BDB_COMPLAINT_PERIOD_S))
		log_warning(
		    "%s TLS cache %s: the table is damaged, and made again",
		    store->name, store->database);
	store->started_us = clock_monotonic_us();
	replay_begin(store);
}

/* Take over what is there, or say why not. */
static enum error
store_bdb_load(struct store_bdb *store)
{
	struct note note;
	enum error error;
	bool is_first_try = store->retry_us == 0;

	if (store->is_volatile)
		return ERROR_NOT_FOUND;
	/* It is at work, and may hold what is not on disk: the table failed. */
	if (store->is_journal_loaded) {
		replay_begin(store);
		return ERROR_NONE;
	}
	error = journal_load(store->journal);
	if (error != ERROR_NONE)
		return error;
	memcpy(&note, journal_note(store->journal), sizeof(note));
	error = note_check(store, &note);
	if (error != ERROR_NONE)
		return error;
	store->is_journal_loaded = true;
	store->is_marked_clean = true;
	if (note_vouches_for_table(store, &note) &&
	    bdb_open(store->table) == ERROR_NONE) {
		store->entries = store->counted.retained = note.entries;
		store->bytes = note.bytes;
		store->journal_live = note.journal_live;
		store->state = STORE_BDB_READY;
		store_bdb_unmark(store);
		log_info("%s TLS cache %s: %llu sessions retained in %.2f s",
		    store->name, store->database,
		    (unsigned long long)store->entries,
		    (double)(clock_monotonic_us() - store->started_us) / 1e6);
		return ERROR_NONE;
	}
	store->is_retaining = true;
	replay_begin(store);
	/* Later on there are clients, who must not wait for it. */
	if (store->state == STORE_BDB_REPLAYING && is_first_try)
		store_bdb_replay_slice(
		    store, store->started_us + store->config.start_budget_us);
	return ERROR_NONE;
}

enum error
store_bdb_start(struct store *base)
{
	struct store_bdb *store = (struct store_bdb *)base;
	enum error error;

	store->started_us = clock_monotonic_us();
	error = journal_lock(store->journal);
	if (error == ERROR_NONE)
		error = bdb_lock(store->table);
	if (error != ERROR_NONE) {
		store_bdb_wait(store, error);
		return error;
	}
	store->locked_since_us = 0;
	error = store_bdb_load(store);
	if (error == ERROR_NONE)
		return ERROR_NONE;
	if (error == ERROR_IO) { /* nothing is known to be lost */
		store_bdb_break(store, error);
		return error;
	}
	if (error == ERROR_INCOMPATIBLE)
		log_info("%s TLS cache %s: emptied: %s", store->name,
		    store->database, error_text(error));
	else if (error != ERROR_NOT_FOUND &&
		 log_limit_allows(
		     &store->empty_complaints, STORE_BDB_COMPLAINT_PERIOD_S))
		log_warning("%s TLS cache %s: emptied: %s", store->name,
		    store->database, error_text(error));
	return store_bdb_reset(store);
}

enum error
store_bdb_save(struct store *base, bool durable)
{
	struct store_bdb *store = (struct store_bdb *)base;
	struct note note;
	enum error error;

	if (store->is_volatile || store->state == STORE_BDB_WAITING)
		return ERROR_NONE;
	error = journal_flush(store->journal);
	/*
	 * Without a whole table there is no mark: the journal has it all. Nor
	 * where the table has what the journal has lost.
	 */
	if (error != ERROR_NONE || store->state != STORE_BDB_READY ||
	    journal_has_losses(store->journal))
		return error;
	store->sweep = 0;
	error = store_bdb_sweep(store, UINT64_MAX);
	if (error == ERROR_NONE)
		error = bdb_sync(store->table, durable);
	if (error != ERROR_NONE)
		return error;
	note_fill(store, &note);
	note.is_durable = durable;
	error = bdb_file_identity(
	    store->table, &note.table_len, &note.table_modified_ns);
	if (error == ERROR_NONE)
		error = journal_set_note(
		    store->journal, &note, sizeof(note), true, durable);
	store->is_marked_clean = error == ERROR_NONE;
	return error;
}

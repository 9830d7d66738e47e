/*
 * store_journal: the requests. Each change goes to the journal first and to
 * the index second, so the index can always be made again.
 */
#include "store_journal.h"

#include "clock.h"

#include <string.h>

/*
 * Records looked at, at most, to make room for one: most that stand before the
 * oldest session may be dead. What is left over is the next upkeep's.
 */
#define MAKE_ROOM_RECORDS 64

/* Why it does not serve. */
static enum error
serving_error(const struct store_journal *store)
{
	return store->state == STORE_JOURNAL_WAITING ? ERROR_LOCKED : ERROR_IO;
}

/* The entry of a hash, also of one that is yet to come into the index. */
static enum error
find_entry(
    struct store_journal *store, uint64_t hash, struct index_entry *entry)
{
	enum error error = index_find(&store->index, hash, entry, true);

	if (error == ERROR_NOT_FOUND && store->is_collected)
		error = index_load_find(store->load, hash, entry);
	return error;
}

/* What was found is damaged: it is lost, unless it was never counted. */
static void
lose_entry(
    struct store_journal *store, uint64_t hash, const struct index_entry *entry)
{
	struct index_entry found;

	if (index_find(&store->index, hash, &found, false) != ERROR_NONE ||
	    found.location != entry->location)
		return;
	if (index_remove(&store->index, hash, entry) == ERROR_NONE)
		store->counted.lost++;
}

/* The session under a key, if there is one that may be served. */
static enum error
get_record(struct store_journal *store, const char *key, size_t key_len,
    struct journal_record *record)
{
	struct index_entry entry;
	uint64_t hash;
	enum error error;

	if (!store_journal_is_serving(store))
		return ERROR_NOT_FOUND;
	hash = index_hash(&store->index, key, key_len);
	if (find_entry(store, hash, &entry) != ERROR_NONE)
		return ERROR_NOT_FOUND;
	if (!store_journal_is_certain(store, &entry)) {
		store->counted.errors++;
		return ERROR_NOT_FOUND;
	}
	error = journal_read(store->journal, index_entry_position(&entry),
	    entry.sequence, index_entry_size(&entry), record);
	if (error != ERROR_NONE)
		store->counted.errors++;
	if (error == ERROR_DAMAGED)
		lose_entry(store, hash, &entry);
	if (error != ERROR_NONE || record->key_len != key_len ||
	    memcmp(record->key, key, key_len) != 0)
		return ERROR_NOT_FOUND;
	return ERROR_NONE;
}

static void
store_journal_get(struct store *base, const char *key, size_t key_len,
    store_get_fn *done, void *arg)
{
	struct journal_record record;
	enum error error =
	    get_record((struct store_journal *)base, key, key_len, &record);

	if (error == ERROR_NONE)
		done(arg, ERROR_NONE, record.value, record.value_len,
		    (time_t)record.put_at);
	else
		done(arg, error, NULL, 0, 0);
}

static void
report_not_stored(struct store_journal *store, enum error error)
{
	store->counted.errors++;
	if (log_limit_allows(
		&store->put_complaints, STORE_JOURNAL_COMPLAINT_PERIOD_S))
		log_warning("%s TLS cache %s: session not stored: %s",
		    store->name, store->database, error_text(error));
}

/*
 * The removal is journalled so that a replay knows of it. Where the journal
 * takes nothing, at a full disk, the session goes from the index all the same:
 * what matters now is that it is not served. But a kill may bring it back, so
 * this is not called done.
 */
static enum error
remove_record(struct store_journal *store, struct journal_record *record)
{
	uint64_t hash = index_hash(&store->index, record->key, record->key_len);
	struct index_entry entry, none = { 0 };
	enum error found = find_entry(store, hash, &entry), error = ERROR_NONE;

	/* What was not read so far is to be removed when it is. */
	if (found == ERROR_NONE || store->state != STORE_JOURNAL_READY ||
	    journal_may_find_dropped(store->journal))
		error = journal_append(store->journal, record);
	if (error != ERROR_NONE)
		store->counted.errors++;
	if (store->load != NULL) {
		none.sequence = journal_next_sequence(store->journal) - 1;
		index_load_add(store->load, hash, &none);
	}
	if (found != ERROR_NONE)
		return found;
	if (index_find(&store->index, hash, &entry, false) != ERROR_NONE)
		return error;
	if (index_remove(&store->index, hash, &entry) != ERROR_NONE)
		return ERROR_IO;
	return error;
}

/*
 * The index did not take it: neither it nor what it was to replace may be
 * found, now or at the next start.
 */
static void
take_back(struct store_journal *store, struct journal_record record)
{
	record.type = JOURNAL_REMOVE;
	record.value_len = 0;
	(void)journal_append(store->journal, &record);
	(void)remove_record(store, &record);
}

/* Journal first, then index: an entry always leads somewhere. */
static enum error
put_record(struct store_journal *store, struct journal_record *record)
{
	uint64_t bytes_max = store->config.bytes_max;
	struct index_entry entry;
	uint64_t hash;
	enum error error;

	if (!store_journal_is_serving(store))
		return serving_error(store);
	if (record->key_len > STORE_KEY_MAX ||
	    record->value_len > STORE_VALUE_MAX ||
	    (bytes_max > 0 && journal_record_size(record) > bytes_max))
		return ERROR_TOO_LARGE;
	hash = index_hash(&store->index, record->key, record->key_len);
	index_cache_prefetch(&store->index.cache, hash);
	error = journal_append(store->journal, record);
	if (error == ERROR_NONE) {
		entry = index_entry_of(record);
		error = index_set(&store->index, hash, &entry);
		if (error != ERROR_NONE)
			take_back(store, *record);
	}
	if (error != ERROR_NONE)
		report_not_stored(store, error);
	return error;
}

static void
store_journal_put(struct store *base, const char *key, size_t key_len,
    const void *value, size_t len, time_t now, store_done_fn *done, void *arg)
{
	struct store_journal *store = (struct store_journal *)base;
	struct journal_record record = {
		.type = JOURNAL_PUT,
		.put_at = now,
		.key = key,
		.key_len = key_len,
		.value = value,
		.value_len = len,
	};
	enum error error = put_record(store, &record);

	if (error == ERROR_NONE && journal_live(store->journal)->entries == 1)
		store->counted.oldest = now;
	if (error == ERROR_NONE)
		store_journal_make_room(store, MAKE_ROOM_RECORDS);
	done(arg, error);
}

static void
store_journal_remove(struct store *base, const char *key, size_t key_len,
    store_done_fn *done, void *arg)
{
	struct store_journal *store = (struct store_journal *)base;
	struct journal_record record = {
		.type = JOURNAL_REMOVE,
		.put_at = clock_wall_s(),
		.key = key,
		.key_len = key_len,
	};

	done(arg, store_journal_is_serving(store)
		      ? remove_record(store, &record)
		      : ERROR_NOT_FOUND);
}

static void
store_journal_clear(struct store *base, store_done_fn *done, void *arg)
{
	struct store_journal *store = (struct store_journal *)base;

	/* Until the lock is ours, the file is somebody else's. */
	done(arg, store_journal_is_serving(store) ? store_journal_empty(store)
						  : serving_error(store));
}

static enum error
store_journal_write_out(struct store *base)
{
	struct store_journal *store = (struct store_journal *)base;

	if (store->is_volatile)
		return ERROR_NONE;
	if (!store_journal_is_serving(store))
		return serving_error(store);
	return journal_flush(store->journal);
}

static enum error
store_journal_save(struct store *base, bool durable)
{
	struct store_journal *store = (struct store_journal *)base;

	if (store->is_volatile || !store_journal_is_serving(store))
		return ERROR_NONE;
	return journal_save(store->journal, durable);
}

/*
 * In a cursor, beside the sequence number: while what is next is not in
 * memory yet, it changes with each call. One that stands still would be taken
 * for a fault of ours.
 */
#define CURSOR_TURN (UINT64_C(1) << 63)

/* The next record that a lookup of its key would read. */
static enum error
each_next(struct store_journal *store, uint64_t *cursor,
    struct journal_record *record, bool *is_complete)
{
	enum error error = journal_walk_next(store->journal, cursor, record);
	struct index_entry entry;
	uint64_t hash;

	if (error == ERROR_NONE) {
		error = index_find_record(&store->index, record, &hash, &entry);
		if (error == ERROR_NONE &&
		    !store_journal_is_certain(store, &entry))
			error = ERROR_NOT_FOUND;
	} else if (error != ERROR_NOT_FOUND && error != ERROR_AGAIN) {
		store->counted.errors++;
		*is_complete = false;
	}
	return error;
}

static enum error
store_journal_each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *each, void *arg)
{
	struct store_journal *store = (struct store_journal *)base;
	uint64_t deadline_us = clock_monotonic_us() + budget_us;
	struct journal_record record;
	uint64_t turn = *cursor & CURSOR_TURN;
	bool is_waiting = true;
	enum error error;

	*cursor -= turn;
	*is_complete =
	    store->state == STORE_JOURNAL_READY && store->doubt_sequence == 0;
	if (!store_journal_is_serving(store))
		return serving_error(store);
	do {
		error = each_next(store, cursor, &record, is_complete);
		if (error != ERROR_NONE)
			continue;
		is_waiting = false;
		if (!each(arg, record.key, record.key_len, record.value_len,
			(time_t)record.put_at))
			break;
	} while (*cursor != 0 && error != ERROR_AGAIN &&
		 clock_monotonic_us() < deadline_us);
	if (*cursor != 0 && is_waiting)
		*cursor |= turn ^ CURSOR_TURN;
	return ERROR_NONE;
}

/* Who has the lock is on its way out, as after a reload, or is overdue. */
static bool
store_journal_is_usable(const struct store *base)
{
	const struct store_journal *store = (const struct store_journal *)base;

	if (store_journal_is_serving(store))
		return journal_is_writable(store->journal);
	return store->state == STORE_JOURNAL_WAITING && !store->is_lock_overdue;
}

static void
store_journal_statistics(
    const struct store *base, struct store_statistics *statistics)
{
	const struct store_journal *store = (const struct store_journal *)base;
	const struct journal_live *live = journal_live(store->journal);

	*statistics = store->counted;
	statistics->entries = live->entries;
	statistics->bytes = live->bytes;
	statistics->lost += live->lost;
	statistics->errors += live->read_errors;
	statistics->disk_bytes = journal_file_len(store->journal);
	statistics->allocated_bytes = journal_allocated_len(store->journal);
	if (live->entries == 0)
		statistics->oldest = 0;
	statistics->is_ready = store->state == STORE_JOURNAL_READY;
}

const struct store_ops store_journal_ops = {
	.open = store_journal_open,
	.start = store_journal_begin,
	.get = store_journal_get,
	.put = store_journal_put,
	.remove = store_journal_remove,
	.clear = store_journal_clear,
	.each = store_journal_each,
	.maintain = store_journal_maintain,
	.save = store_journal_save,
	.write_out = store_journal_write_out,
	.is_usable = store_journal_is_usable,
	.statistics = store_journal_statistics,
	.close = store_journal_close,
};

/*
 * store_bdb: the requests. Each change goes to the journal first and to the
 * places second, so the table can always be made again.
 */
#include "store_bdb.h"

#include "clock.h"
#include "safe_open.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Records looked at, at most, to make room for one: most that stand before the
 * oldest session may be dead. What is left over is the next upkeep's.
 */
#define MAKE_ROOM_RECORDS 64

/* Of the memory, for the places used last. */
#define RECENT_PART 32

static bool
is_serving(const struct store_bdb *store)
{
	return store->state == STORE_BDB_READY ||
	       store->state == STORE_BDB_REPLAYING;
}

/* Why not. */
static enum error
serving_error(const struct store_bdb *store)
{
	return store->state == STORE_BDB_WAITING ? store->lock_error : ERROR_IO;
}

/* The session under a key, if there is one that may be served. */
static enum error
get_record(struct store_bdb *store, const char *key, size_t key_len,
    struct journal_record *record)
{
	struct place place;
	enum error error;

	if (!is_serving(store))
		return ERROR_NOT_FOUND;
	error = store_bdb_find(store, key, key_len, &place);
	if (error != ERROR_NONE)
		return error;
	if (place.sequence < store->served_from || place.key_len != key_len)
		return ERROR_NOT_FOUND;
	error = journal_read(store->journal, place.position, place.sequence,
	    place.key_len, place.value_len, record);
	if (error != ERROR_NONE) {
		store->counted.errors++;
		store_bdb_forget(store, key, key_len, &place);
		return ERROR_NOT_FOUND;
	}
	if (memcmp(record->key, key, key_len) != 0)
		return ERROR_NOT_FOUND;
	return ERROR_NONE;
}

static void
store_bdb_get(struct store *base, const char *key, size_t key_len,
    store_get_fn *done, void *arg)
{
	struct journal_record record;
	enum error error =
	    get_record((struct store_bdb *)base, key, key_len, &record);

	if (error == ERROR_NONE)
		done(arg, ERROR_NONE, record.value, record.value_len,
		    (time_t)record.put_at);
	else
		done(arg, error, NULL, 0, 0);
}

/* Journal first, then place: a place always leads somewhere. */
static enum error
put_record(struct store_bdb *store, struct journal_record *record)
{
	enum error error;

	if (!is_serving(store))
		return serving_error(store);
	if (record->key_len > STORE_KEY_MAX ||
	    record->value_len > STORE_VALUE_MAX)
		return ERROR_TOO_LARGE;
	store_bdb_expect(store, record->key, record->key_len);
	error = store_bdb_unmark(store);
	if (error == ERROR_NONE)
		error = journal_append(store->journal, record);
	if (error == ERROR_NONE)
		error = store_bdb_set_place(store, record);
	if (error != ERROR_NONE) {
		store->counted.errors++;
		if (log_limit_allows(
			&store->put_complaints, STORE_BDB_COMPLAINT_PERIOD_S))
			log_warning("%s TLS cache %s: session not stored: %s",
			    store->name, store->database, error_text(error));
	}
	return error;
}

static void
store_bdb_put(struct store *base, const char *key, size_t key_len,
    const void *value, size_t len, time_t now, store_done_fn *done, void *arg)
{
	struct store_bdb *store = (struct store_bdb *)base;
	struct journal_record record = {
		.type = JOURNAL_PUT,
		.put_at = now,
		.key = key,
		.key_len = key_len,
		.value = value,
		.value_len = len,
	};
	enum error error = put_record(store, &record);

	if (error == ERROR_NONE && store->entries == 1)
		store->counted.oldest = now;
	if (error == ERROR_NONE)
		store_bdb_make_room(store, MAKE_ROOM_RECORDS);
	done(arg, error);
}

/*
 * The removal is journalled so that a replay knows of it. Where the journal
 * takes nothing, at a full disk, the session goes from the table all the same:
 * what matters now is that it is not served. But a kill may bring it back, so
 * this is not called done.
 */
static void
store_bdb_remove(struct store *base, const char *key, size_t key_len,
    store_done_fn *done, void *arg)
{
	struct store_bdb *store = (struct store_bdb *)base;
	struct journal_record record = {
		.type = JOURNAL_REMOVE,
		.put_at = clock_wall_s(),
		.key = key,
		.key_len = key_len,
	};
	struct place place;
	enum error error = ERROR_NOT_FOUND, journalled = ERROR_NONE;

	if (is_serving(store))
		error = store_bdb_find(store, key, key_len, &place);
	/* What a replay has not come to yet is to be removed when it does. */
	if (error == ERROR_NONE || store->state == STORE_BDB_REPLAYING) {
		journalled = store_bdb_unmark(store);
		if (journalled == ERROR_NONE)
			journalled = journal_append(store->journal, &record);
		if (journalled != ERROR_NONE)
			store->counted.errors++;
	}
	if (error == ERROR_NONE)
		error = store_bdb_forget(store, key, key_len, &place);
	done(arg, error == ERROR_NONE ? journalled : error);
}

static void
store_bdb_clear(struct store *base, store_done_fn *done, void *arg)
{
	struct store_bdb *store = (struct store_bdb *)base;

	/* Until the lock is ours, the files are somebody else's. */
	if (store->state == STORE_BDB_WAITING)
		done(arg, serving_error(store));
	else
		done(arg, store_bdb_reset(store));
}

static enum error
store_bdb_write_out(struct store *base)
{
	struct store_bdb *store = (struct store_bdb *)base;

	if (store->is_volatile)
		return ERROR_NONE;
	if (!is_serving(store))
		return serving_error(store);
	return journal_flush(store->journal);
}

/* Is this the record that a lookup of its key would read? */
static bool
is_got(struct store_bdb *store, const struct journal_record *record)
{
	struct place place;

	return record->sequence >= store->served_from &&
	       store_bdb_find_record(store, record, &place) == ERROR_NONE;
}

static enum error
store_bdb_each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    store_each_fn *each, void *arg)
{
	struct store_bdb *store = (struct store_bdb *)base;
	uint64_t deadline_us = clock_monotonic_us() + budget_us;
	struct journal_record record;

	do {
		if (!is_serving(store))
			return serving_error(store);
		if (journal_walk_next(store->journal, cursor, &record) !=
		    ERROR_NONE) {
			*cursor = 0;
			return ERROR_NONE;
		}
		if (is_got(store, &record) &&
		    !each(arg, record.key, record.key_len, record.value_len,
			(time_t)record.put_at))
			return ERROR_NONE;
	} while (clock_monotonic_us() < deadline_us);
	return ERROR_NONE;
}

/* Who has the lock is on its way out, as after a reload, or is overdue. */
static bool
store_bdb_is_usable(const struct store *base)
{
	const struct store_bdb *store = (const struct store_bdb *)base;

	return is_serving(store) || (serving_error(store) == ERROR_LOCKED &&
					!store->is_lock_overdue);
}

static void
store_bdb_statistics(
    const struct store *base, struct store_statistics *statistics)
{
	const struct store_bdb *store = (const struct store_bdb *)base;

	*statistics = store->counted;
	statistics->entries = store->entries;
	statistics->bytes = store->bytes;
	statistics->disk_bytes =
	    bdb_file_len(store->table) + journal_file_len(store->journal);
	if (store->entries == 0)
		statistics->oldest = 0;
	statistics->is_ready = store->state == STORE_BDB_READY;
}

static void
store_bdb_close(struct store *base)
{
	struct store_bdb *store = (struct store_bdb *)base;

	if (store == NULL)
		return;
	bdb_free(store->table);
	store_bdb_recent_fini(&store->recent);
	journal_close(store->journal);
	free(store->name);
	free(store->database);
	free(store);
}

/* A file of the store, or memory where the type is "internal". */
static enum error
open_file(const struct store_config *config, const char *suffix, int *fd,
    char **cause)
{
	enum error error;
	char *path;

	if (strcmp(config->type, "internal") == 0) {
		*fd = memfd_create(suffix, MFD_CLOEXEC);
		if (*fd >= 0)
			return ERROR_NONE;
		*cause = xstrdup("no memory file can be made");
		return ERROR_UNSUPPORTED;
	}
	path = xasprintf("%s%s", config->path, suffix);
	error = safe_open_update(path, fd, cause);
	free(path);
	return error;
}

static struct store_bdb *
store_bdb_new(const struct store_config *config)
{
	struct store_bdb *store = xcalloc(1, sizeof(*store));

	store->base.ops = &store_bdb_ops;
	store->name = xstrdup(config->name);
	store->database = xasprintf("%s:%s", config->type, config->path);
	store->config = *config;
	store->config.name = store->name;
	store->config.type = NULL;
	store->config.path = NULL;
	store->is_volatile =
	    !config->persist || strcmp(config->type, "internal") == 0;
	return store;
}

static enum error
store_bdb_open(
    const struct store_config *config, struct store **base, char **cause)
{
	struct store_bdb *store = store_bdb_new(config);
	enum bdb_method method =
	    strcmp(config->type, "hash") == 0 ? BDB_HASH : BDB_BTREE;
	bool in_memory = strcmp(config->type, "internal") == 0;
	int table_fd = -1, journal_fd = -1;
	enum error error;

	error = open_file(config, ".journal", &journal_fd, cause);
	if (error == ERROR_NONE) {
		store->journal = journal_new(journal_fd, store->database);
		if (!in_memory)
			error = open_file(config, ".db", &table_fd, cause);
	}
	if (error != ERROR_NONE) {
		store_bdb_close(&store->base);
		return error;
	}
	/* Two parts for the sessions themselves, one to find them. */
	store->table = bdb_new(store->database, table_fd, method,
	    config->memory / 3 - config->memory / RECENT_PART);
	store_bdb_recent_init(&store->recent, config->memory / RECENT_PART);
	journal_set_map_limit(store->journal, config->memory / 3 * 2);
	*base = &store->base;
	return ERROR_NONE;
}

static const char *const store_bdb_types[] = {
	"btree",
	"hash",
	"internal",
	"lmdb",
	"sdbm",
	NULL,
};

const struct store_ops store_bdb_ops = {
	.types = store_bdb_types,
	.open = store_bdb_open,
	.start = store_bdb_start,
	.get = store_bdb_get,
	.put = store_bdb_put,
	.remove = store_bdb_remove,
	.clear = store_bdb_clear,
	.each = store_bdb_each,
	.maintain = store_bdb_maintain,
	.save = store_bdb_save,
	.write_out = store_bdb_write_out,
	.is_usable = store_bdb_is_usable,
	.statistics = store_bdb_statistics,
	.close = store_bdb_close,
};

/*
 * store_bdb_place: where the record of each key is. A fixed-size digest of the
 * key leads to a fixed-size place, in the array of recent places or else in
 * the table. Two keys of one digest would replace each other; they are told
 * apart where the record is read, which holds the key.
 */
#include "store_bdb.h"

#include "checksum.h"
#include "clock.h"

#include <endian.h>

/* Slots looked at between two looks at the clock. */
#define SWEEP_SLOTS 1024

static void
account_add(struct store_bdb *store, size_t key_len, size_t value_len)
{
	store->entries++;
	store->bytes += key_len + value_len;
	store->journal_live += journal_record_len(key_len, value_len);
}

/*
 * Where the sum cannot be right, some place was not what had been set: the
 * table is made again, and the accounts with it.
 */
static void
account_subtract(struct store_bdb *store, const struct place *place)
{
	uint64_t bytes = (uint64_t)place->key_len + place->value_len;
	uint64_t live = journal_record_len(place->key_len, place->value_len);
	bool is_right = store->entries > 0 && store->bytes >= bytes &&
	                store->journal_live >= live;

	store->entries--;
	store->bytes -= bytes;
	store->journal_live -= live;
	if (store->entries == 0)
		is_right = is_right && store->bytes == 0;
	if (!is_right)
		store_bdb_rebuild(store);
}

void
store_bdb_clear_accounts(struct store_bdb *store)
{
	store->entries = 0;
	store->bytes = 0;
	store->journal_live = 0;
	store_bdb_recent_clear(&store->recent);
	store->sweep = 0;
}

/* Damage of the table is as good as absence, and is mended at once. */
static enum error
table_result(struct store_bdb *store, enum error error)
{
	if (error == ERROR_NONE || error == ERROR_NOT_FOUND)
		return error;
	store->counted.errors++;
	if (error != ERROR_DAMAGED)
		return error;
	store_bdb_rebuild(store);
	return ERROR_NOT_FOUND;
}

static uint64_t
key_digest(const char *key, size_t key_len)
{
	return checksum64(0, key, key_len);
}

/* Tell the table what a slot says. */
static enum error
slot_write(struct store_bdb *store, struct store_bdb_slot *slot)
{
	/* Slots and table are in the same order, so a sweep goes by pages. */
	const uint64_t key = htobe64(slot->digest);
	const struct place place = store_bdb_slot_place(slot);
	enum error error = ERROR_NONE;

	if (slot->state <= SLOT_SAME)
		return ERROR_NONE;
	if (slot->state == SLOT_GONE)
		error = bdb_remove(store->table, &key, sizeof(key));
	else
		error = bdb_put(
		    store->table, &key, sizeof(key), &place, sizeof(place));
	if (error == ERROR_NOT_FOUND)
		error = ERROR_NONE;
	if (error == ERROR_NONE)
		store_bdb_recent_mark(&store->recent, slot,
		    slot->state == SLOT_GONE ? SLOT_EMPTY : SLOT_SAME);
	return error;
}

/* Give the digest, which has none, a slot. */
static enum error
slot_take(struct store_bdb *store, uint64_t digest, const struct place *place,
    enum store_bdb_slot_state state)
{
	struct store_bdb_slot *slot =
	    store_bdb_recent_victim(&store->recent, digest);
	enum error error = slot_write(store, slot);

	if (error == ERROR_NONE)
		store_bdb_recent_set(
		    &store->recent, slot, digest, place, state);
	return error;
}

/* What is in the table alone goes into a slot where it is asked for again. */
static enum error
find_digest(struct store_bdb *store, uint64_t digest, struct place *place,
    bool is_asked_again)
{
	const struct store_bdb_slot *slot =
	    store_bdb_recent_find(&store->recent, digest);
	const uint64_t key = htobe64(digest);
	size_t len;
	enum error error;

	if (slot != NULL) {
		*place = store_bdb_slot_place(slot);
		return slot->state == SLOT_GONE ? ERROR_NOT_FOUND : ERROR_NONE;
	}
	error = bdb_get(
	    store->table, &key, sizeof(key), place, sizeof(*place), &len);
	if (error == ERROR_NONE && len != sizeof(*place))
		error = ERROR_DAMAGED;
	/* Where no slot is to be had, the place is right all the same. */
	if (error == ERROR_NONE && is_asked_again &&
	    slot_take(store, digest, place, SLOT_SAME) == ERROR_DAMAGED)
		error = ERROR_DAMAGED;
	return table_result(store, error);
}

enum error
store_bdb_find(struct store_bdb *store, const char *key, size_t key_len,
    struct place *place)
{
	return find_digest(store, key_digest(key, key_len), place, true);
}

void
store_bdb_expect(const struct store_bdb *store, const char *key, size_t key_len)
{
	store_bdb_recent_expect(&store->recent, key_digest(key, key_len));
}

enum error
store_bdb_set_place(
    struct store_bdb *store, const struct journal_record *record)
{
	const struct place place = {
		.sequence = record->sequence,
		.position = record->position,
		.key_len = (uint32_t)record->key_len,
		.value_len = (uint32_t)record->value_len,
	};
	uint64_t digest = key_digest(record->key, record->key_len);
	struct place old;
	struct store_bdb_slot *slot;
	enum error found, error = ERROR_NONE;

	found = find_digest(store, digest, &old, false);
	if (found == ERROR_NONE)
		account_subtract(store, &old);
	slot = store_bdb_recent_find(&store->recent, digest);
	if (slot != NULL)
		store_bdb_recent_set(&store->recent, slot, digest, &place,
		    slot->state == SLOT_NEW ? SLOT_NEW : SLOT_CHANGED);
	else
		error = slot_take(store, digest, &place,
		    found == ERROR_NOT_FOUND ? SLOT_NEW : SLOT_CHANGED);
	if (error != ERROR_NONE) {
		if (found == ERROR_NONE)
			account_add(store, old.key_len, old.value_len);
		table_result(store, error);
		return error;
	}
	account_add(store, record->key_len, record->value_len);
	return ERROR_NONE;
}

enum error
store_bdb_forget(struct store_bdb *store, const char *key, size_t key_len,
    const struct place *place)
{
	uint64_t digest = key_digest(key, key_len);
	struct store_bdb_slot *slot =
	    store_bdb_recent_find(&store->recent, digest);
	const uint64_t table_key = htobe64(digest);
	enum error error = ERROR_NONE;

	if (slot == NULL)
		error = bdb_remove(store->table, &table_key, sizeof(table_key));
	else if (slot->state == SLOT_GONE)
		error = ERROR_NOT_FOUND;
	else
		store_bdb_recent_mark(&store->recent, slot,
		    slot->state == SLOT_NEW ? SLOT_EMPTY : SLOT_GONE);
	if (error == ERROR_NONE)
		account_subtract(store, place);
	return table_result(store, error);
}

enum error
store_bdb_sweep(struct store_bdb *store, uint64_t deadline_us)
{
	struct store_bdb_recent *recent = &store->recent;
	struct store_bdb_slot *slot;
	enum error error = ERROR_NONE;

	while (error == ERROR_NONE && recent->dirty_count > 0 &&
	       store->sweep < recent->count) {
		slot = store_bdb_recent_next_dirty(
		    recent, &store->sweep, SWEEP_SLOTS);
		if (slot != NULL)
			error = slot_write(store, slot);
		if (error == ERROR_NONE && clock_monotonic_us() >= deadline_us)
			return ERROR_NONE;
	}
	store->sweep = 0;
	if (error != ERROR_NONE)
		table_result(store, error);
	return error;
}

enum error
store_bdb_find_record(struct store_bdb *store,
    const struct journal_record *record, struct place *place)
{
	enum error error;

	if (record->type != JOURNAL_PUT)
		return ERROR_NOT_FOUND;
	error = find_digest(
	    store, key_digest(record->key, record->key_len), place, false);
	if (error == ERROR_NONE && place->sequence != record->sequence)
		return ERROR_NOT_FOUND;
	return error;
}

/*
 * store_bdb_place: the table, as the store sees it: a fixed-size digest of a
 * key leads to a fixed-size place. Two keys of one digest would replace each
 * other; they are told apart where the record is read, which holds the key.
 */
#include "store_bdb.h"

#include "checksum.h"

#define DIGEST_LEN (2 * sizeof(uint64_t))

static void
account_add(struct store_bdb *store, size_t key_len, size_t value_len)
{
	store->entries++;
	store->bytes += key_len + value_len;
	store->journal_live += journal_record_len(key_len, value_len);
}

static void
account_subtract(struct store_bdb *store, const struct place *place)
{
	store->entries--;
	store->bytes -= place->key_len + place->value_len;
	store->journal_live -=
	    journal_record_len(place->key_len, place->value_len);
}

void
store_bdb_clear_accounts(struct store_bdb *store)
{
	store->entries = 0;
	store->bytes = 0;
	store->journal_live = 0;
	store_bdb_recent_clear(&store->recent);
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

static enum error
find_digest(
    struct store_bdb *store, const uint64_t digest[2], struct place *place)
{
	size_t len;
	enum error error;

	if (store_bdb_recent_find(&store->recent, digest, place))
		return ERROR_NONE;
	error = bdb_get(
	    store->table, digest, DIGEST_LEN, place, sizeof(*place), &len);
	if (error == ERROR_NONE && len != sizeof(*place))
		error = ERROR_DAMAGED;
	if (error == ERROR_NONE)
		store_bdb_recent_set(&store->recent, digest, place);
	return table_result(store, error);
}

enum error
store_bdb_find(struct store_bdb *store, const char *key, size_t key_len,
    struct place *place)
{
	uint64_t digest[2];

	checksum128(digest, key, key_len);
	return find_digest(store, digest, place);
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
	struct place old;
	uint64_t digest[2];
	enum error error, found;

	checksum128(digest, record->key, record->key_len);
	found = find_digest(store, digest, &old);
	error =
	    bdb_put(store->table, digest, DIGEST_LEN, &place, sizeof(place));
	if (error != ERROR_NONE) {
		store_bdb_recent_forget(&store->recent, digest);
		table_result(store, error);
		return error;
	}
	store_bdb_recent_set(&store->recent, digest, &place);
	if (found == ERROR_NONE)
		account_subtract(store, &old);
	account_add(store, record->key_len, record->value_len);
	return ERROR_NONE;
}

enum error
store_bdb_forget(struct store_bdb *store, const char *key, size_t key_len,
    const struct place *place)
{
	uint64_t digest[2];
	enum error error;

	checksum128(digest, key, key_len);
	store_bdb_recent_forget(&store->recent, digest);
	error = bdb_remove(store->table, digest, DIGEST_LEN);
	if (error == ERROR_NONE)
		account_subtract(store, place);
	return table_result(store, error);
}

enum error
store_bdb_find_record(struct store_bdb *store,
    const struct journal_record *record, struct place *place)
{
	enum error error;

	if (record->type != JOURNAL_PUT)
		return ERROR_NOT_FOUND;
	error = store_bdb_find(store, record->key, record->key_len, place);
	if (error == ERROR_NONE && place->sequence != record->sequence)
		return ERROR_NOT_FOUND;
	return error;
}

/*
 * index: entries in the index cache or else in the table. Owns both.
 */
#include "index.h"

#include "clock.h"
#include "minmax.h"

#include <stddef.h>
#include <string.h>

/*
 * What an entry takes in the table: 38 bytes where they came in order, up to
 * 75 measured after a million had come and gone six times at random. What the
 * library may take is four times what is planned, so that it never runs out:
 * while a journal is read there may be three times as many entries.
 */
#define ENTRY_LEN        80
#define TABLE_PART       4
#define CAPACITY_MIN     1000
#define MEMORY_MAX       (UINT64_C(1) << 30) /* thirteen million entries */
#define INDEX_CACHE_PART 32

/* Slots, and entries, looked at between two looks at the clock. */
#define SLOTS_AT_ONCE   1024
#define ENTRIES_AT_ONCE 64

enum error
index_init(struct index *index, const char *name, uint64_t memory,
    const unsigned char key[SIPHASH_KEY_LEN], struct journal *journal)
{
	enum error error;

	memory = min_u64(memory, MEMORY_MAX);
	*index = (struct index){
		.journal = journal,
		.capacity =
		    max_u64((memory - memory / INDEX_CACHE_PART) / ENTRY_LEN,
			CAPACITY_MIN),
	};
	memcpy(index->key, key, sizeof(index->key));
	error = bdb_open(
	    &index->table, name, index->capacity * ENTRY_LEN * TABLE_PART);
	if (error == ERROR_NONE)
		index_cache_init(&index->cache, memory / INDEX_CACHE_PART);
	return error;
}

void
index_fini(struct index *index)
{
	bdb_close(index->table);
	index->table = NULL;
	index_cache_fini(&index->cache);
}

uint64_t
index_hash(const struct index *index, const char *key, size_t key_len)
{
	return siphash(index->key, key, key_len);
}

static bool
is_held(const struct index *index, const struct index_entry *entry)
{
	return journal_holds(
	    index->journal, index_entry_position(entry), entry->sequence);
}

/* Write a dirty slot back. */
static enum error
write_back(struct index *index, struct index_slot *slot)
{
	enum error error = ERROR_NONE;

	if (slot->state <= INDEX_CLEAN)
		return ERROR_NONE;
	if (slot->state == INDEX_TOMBSTONE)
		error = bdb_remove(index->table, slot->hash);
	else
		error = bdb_put(index->table, slot->hash, &slot->entry);
	if (error == ERROR_NOT_FOUND)
		error = ERROR_NONE;
	if (error == ERROR_NONE)
		index_cache_mark(&index->cache, slot,
		    slot->state == INDEX_TOMBSTONE ? INDEX_EMPTY : INDEX_CLEAN);
	return error;
}

/* Give the hash, which has none, a slot. */
static enum error
take_slot(struct index *index, uint64_t hash, const struct index_entry *entry,
    enum index_state state)
{
	struct index_slot *slot = index_cache_victim(&index->cache, hash);
	enum error error = write_back(index, slot);

	if (error == ERROR_NONE)
		index_cache_set(&index->cache, slot, hash, entry, state);
	return error;
}

/* In the slot of this hash, or, where it has none, in the table. */
static enum error
look_up(struct index *index, const struct index_slot *slot, uint64_t hash,
    struct index_entry *entry)
{
	if (slot == NULL)
		return bdb_get(index->table, hash, entry);
	*entry = slot->entry;
	return slot->state == INDEX_TOMBSTONE ? ERROR_NOT_FOUND : ERROR_NONE;
}

enum error
index_find(
    struct index *index, uint64_t hash, struct index_entry *entry, bool is_hot)
{
	const struct index_slot *slot = index_cache_find(&index->cache, hash);
	enum error error = look_up(index, slot, hash, entry);

	if (error == ERROR_NONE && !is_held(index, entry))
		error = ERROR_NOT_FOUND;
	if (error != ERROR_NONE)
		return error;
	/* Where no slot is to be had, the entry is right all the same. */
	if (slot == NULL && is_hot)
		(void)take_slot(index, hash, entry, INDEX_CLEAN);
	return ERROR_NONE;
}

enum error
index_find_record(struct index *index, const struct journal_record *record,
    uint64_t *hash, struct index_entry *entry)
{
	enum error error;

	if (record->type != JOURNAL_PUT)
		return ERROR_NOT_FOUND;
	*hash = index_hash(index, record->key, record->key_len);
	error = index_find(index, *hash, entry, false);
	if (error == ERROR_NONE && entry->sequence != record->sequence)
		return ERROR_NOT_FOUND;
	return error;
}

static void
add_live(struct index *index, const struct index_entry *entry)
{
	journal_add_live(index->journal, index_entry_position(entry),
	    index_entry_size(entry));
}

static void
remove_live(struct index *index, const struct index_entry *entry)
{
	journal_remove_live(index->journal, index_entry_position(entry),
	    index_entry_size(entry));
}

enum error
index_set(struct index *index, uint64_t hash, const struct index_entry *entry)
{
	struct index_slot *slot = index_cache_find(&index->cache, hash);
	struct index_entry old;
	enum error found = look_up(index, slot, hash, &old), error = ERROR_NONE;

	if (slot != NULL)
		index_cache_set(&index->cache, slot, hash, entry,
		    slot->state == INDEX_DIRTY_INSERT ? INDEX_DIRTY_INSERT
						      : INDEX_DIRTY_UPDATE);
	else
		error = take_slot(index, hash, entry,
		    found == ERROR_NOT_FOUND ? INDEX_DIRTY_INSERT
					     : INDEX_DIRTY_UPDATE);
	if (error != ERROR_NONE)
		return error;
	if (found == ERROR_NONE && is_held(index, &old))
		remove_live(index, &old);
	add_live(index, entry);
	return ERROR_NONE;
}

enum error
index_insert(
    struct index *index, uint64_t hash, const struct index_entry *entry)
{
	enum error error;

	if (index_cache_find(&index->cache, hash) != NULL)
		return index_set(index, hash, entry);
	error = bdb_put(index->table, hash, entry);
	if (error == ERROR_NONE)
		add_live(index, entry);
	return error;
}

enum error
index_remove(
    struct index *index, uint64_t hash, const struct index_entry *entry)
{
	struct index_slot *slot = index_cache_find(&index->cache, hash);
	enum error error = ERROR_NONE;

	if (slot == NULL)
		error = bdb_remove(index->table, hash);
	else
		index_cache_mark(&index->cache, slot,
		    slot->state == INDEX_DIRTY_INSERT ? INDEX_EMPTY
						      : INDEX_TOMBSTONE);
	if (error == ERROR_NONE)
		remove_live(index, entry);
	return error;
}

bool
index_write_back(struct index *index, uint64_t deadline_us)
{
	struct index_cache *cache = &index->cache;
	struct index_slot *slot;

	while (cache->dirty_count > 0 && index->write_back < cache->count) {
		slot = index_cache_next_dirty(
		    cache, &index->write_back, SLOTS_AT_ONCE);
		/* What the table does not take stays here. */
		if (slot != NULL && write_back(index, slot) != ERROR_NONE)
			break;
		if (clock_monotonic_us() >= deadline_us)
			return false;
	}
	index->write_back = 0;
	return true;
}

/* An entry of a segment that left: nothing of it is to be found again. */
static void
purge_slots(struct index *index, uint64_t count)
{
	struct index_cache *cache = &index->cache;

	for (; count > 0 && index->purge_slot < cache->count; count--) {
		struct index_slot *slot = &cache->slots[index->purge_slot++];

		if (slot->state == INDEX_EMPTY ||
		    slot->state == INDEX_TOMBSTONE ||
		    is_held(index, &slot->entry))
			continue;
		index_cache_mark(cache, slot,
		    slot->state == INDEX_DIRTY_UPDATE ? INDEX_TOMBSTONE
						      : INDEX_EMPTY);
	}
}

static bool
is_kept(void *arg, const void *value)
{
	struct index_entry entry;

	memcpy(&entry, value, sizeof(entry));
	return is_held(arg, &entry);
}

void
index_purge(struct index *index, uint64_t deadline_us)
{
	enum error error = ERROR_NONE;

	if (!index->is_purging) {
		index->purge_slot = index->purge_hash = 0;
		journal_purge_begin(index->journal);
	}
	index->is_purging = true;
	while (error == ERROR_NONE) {
		if (index->purge_slot < index->cache.count)
			purge_slots(index, SLOTS_AT_ONCE);
		else
			error = bdb_filter(index->table, &index->purge_hash,
			    ENTRIES_AT_ONCE, is_kept, index);
		if (error == ERROR_NONE && clock_monotonic_us() >= deadline_us)
			return;
	}
	index->is_purging = false;
	journal_purge_end(index->journal);
}

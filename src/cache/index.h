/*
 * index: where the record of each key is. A keyed hash of the key leads to an
 * index entry, in the index cache or else in a table (bdb.h). All in memory:
 * it is made from the journal at each start. Private to the room.
 *
 * Changes are made in the index cache, and written back to the table later, in
 * its own order, when a slot is needed for another hash or when some time has
 * passed. A session that is replaced meanwhile costs the table one change
 * instead of many, and one that comes and goes meanwhile costs none.
 *
 * Two keys of one hash would replace each other. That is not to be expected in
 * any number of sessions that there is memory for, and nobody who does not
 * know the key of the hash can bring it about; the record that is read holds
 * its key, so none is taken for another.
 */
#ifndef INDEX_H
#define INDEX_H

#include "bdb.h"
#include "error.h"
#include "journal.h"
#include "siphash.h"

#include <stdbool.h>
#include <stdint.h>

/* --- an entry ------------------------------------------------------------ */

struct index_entry {
	uint64_t sequence;
	uint64_t location; /* position and size; 0: there is no record */
};

#define INDEX_SIZE_BITS 20

_Static_assert(sizeof(struct index_entry) == BDB_VALUE_LEN,
    "an entry is what the table takes");
_Static_assert(JOURNAL_KEY_MAX + JOURNAL_VALUE_MAX < 1 << INDEX_SIZE_BITS,
    "the size of a record fits");
_Static_assert(JOURNAL_POSITION_MAX <= UINT64_C(1) << (64 - INDEX_SIZE_BITS),
    "so does its position");

static inline struct index_entry
index_entry_of(const struct journal_record *record)
{
	return (struct index_entry){
		.sequence = record->sequence,
		.location = record->position << INDEX_SIZE_BITS |
		            journal_record_size(record),
	};
}

static inline uint64_t
index_entry_position(const struct index_entry *entry)
{
	return entry->location >> INDEX_SIZE_BITS;
}

/* Of key and value. */
static inline size_t
index_entry_size(const struct index_entry *entry)
{
	return entry->location & ((1U << INDEX_SIZE_BITS) - 1);
}

/* --- the index cache (index_cache.c) ------------------------------------- */

enum index_state {
	INDEX_EMPTY,
	INDEX_CLEAN, /* the table says the same */
	/* From here on the slot is dirty. */
	INDEX_DIRTY_INSERT, /* the table has nothing under this hash */
	INDEX_DIRTY_UPDATE, /* it has an older entry, or nothing */
	INDEX_TOMBSTONE,    /* it may have an entry; there is none */
};

struct index_slot {
	uint64_t hash;
	struct index_entry entry;
	uint32_t state; /* enum index_state */
};

/* Entries that were found or set lately, in order of their hashes. */
struct index_cache {
	void *memory;             /* owned */
	struct index_slot *slots; /* in `memory` */
	uint64_t count;           /* of slots, a power of two */
	unsigned shift;           /* of a hash, to the slots to search */
	uint64_t dirty_count;     /* of slots that are yet to be written back */
};

/*
 * Any two hashes may have to share a slot. What is set, or marked, goes in at
 * once; a slot that is dirty must not be set for another hash before it has
 * been written back. Takes the memory when it is used, and not all of it.
 */
void index_cache_init(struct index_cache *, uint64_t memory);
void index_cache_fini(struct index_cache *);
/* Fetch the memory that a search for this hash reads. */
void index_cache_prefetch(const struct index_cache *, uint64_t hash);
/* The slot of this hash, or NULL: the table may know it. */
struct index_slot *index_cache_find(const struct index_cache *, uint64_t hash);
/* The slot to use for a hash that has none; may be dirty. */
struct index_slot *index_cache_victim(
    const struct index_cache *, uint64_t hash);
void index_cache_set(struct index_cache *, struct index_slot *, uint64_t hash,
    const struct index_entry *, enum index_state);
void index_cache_mark(
    struct index_cache *, struct index_slot *, enum index_state);
/*
 * The next dirty slot from *cursor on, which is then behind it; NULL: none
 * among the next `limit`, and *cursor is `count` at the end.
 */
struct index_slot *index_cache_next_dirty(
    const struct index_cache *, uint64_t *cursor, uint64_t limit);

/* --- the index (index.c) ------------------------------------------------- */

struct index {
	struct journal *journal; /* borrowed; told which records are live */
	unsigned char key[SIPHASH_KEY_LEN];
	uint64_t capacity; /* entries that surely fit */
	struct bdb *table; /* owned */
	struct index_cache cache;
	uint64_t write_back; /* slots before this have been written back */
	bool is_purging;
	uint64_t purge_slot; /* slots before this have been searched */
	uint64_t purge_hash; /* and then the table from here on */
};

/*
 * An empty index, of about so many bytes of memory, which are taken as they
 * are used. An entry that the journal does not hold is as if it were not
 * there. ERROR_NO_SPACE, ERROR_IO: there is no table, and nothing to be freed.
 */
enum error index_init(struct index *, const char *name, uint64_t memory,
    const unsigned char key[SIPHASH_KEY_LEN], struct journal *);
void index_fini(struct index *);

/* The keyed hash of the identifier of a session, which is its key. */
uint64_t index_hash(const struct index *, const char *key, size_t key_len);

/* ERROR_NOT_FOUND: there is none. `is_hot`: it will be asked for again. */
enum error index_find(
    struct index *, uint64_t hash, struct index_entry *, bool is_hot);
/*
 * The entry that leads to this record, or to the other copy of it while a
 * compaction has made one. ERROR_NOT_FOUND: it is dead.
 */
enum error index_find_record(struct index *, const struct journal_record *,
    uint64_t *hash, struct index_entry *);
/*
 * Let the hash lead to this entry: its record is live, and the one that it led
 * to before is not any more. ERROR_NO_SPACE: nothing changed.
 */
enum error index_set(struct index *, uint64_t hash, const struct index_entry *);
/* The same for a hash that leads nowhere and is not asked for soon. */
enum error index_insert(
    struct index *, uint64_t hash, const struct index_entry *);
/*
 * The hash, which leads to this entry, leads nowhere any more. ERROR_IO: it
 * does as before.
 */
enum error index_remove(
    struct index *, uint64_t hash, const struct index_entry *);

/*
 * Write dirty slots back, from where the last call stopped to the end or to
 * deadline_us (monotonic). True: all were.
 */
bool index_write_back(struct index *, uint64_t deadline_us);
/*
 * Take out entries that the journal does not hold, from where the last call
 * stopped to the end, of which the journal is told, or to deadline_us
 * (monotonic).
 */
void index_purge(struct index *, uint64_t deadline_us);

/* --- filling it from the journal (index_load.c) -------------------------- */

struct index_load;

/*
 * Entries are collected first, in buckets by the upper bits of their hashes;
 * then each bucket is sorted, and goes into the index in order, which takes a
 * quarter of the time and less memory. Of one hash the highest sequence number
 * wins, also over what the index has. `record_bytes`: what the records take,
 * to choose the number of buckets by.
 */
struct index_load *index_load_new(
    struct index *, uint64_t record_bytes, uint64_t end_sequence);
void index_load_free(struct index_load *); /* NULL allowed */
/* A location of 0: there is no record as of this sequence number. */
void index_load_add(
    struct index_load *, uint64_t hash, const struct index_entry *);

/* The newest entry that was collected and is not yet in the index. */
enum error index_load_find(
    const struct index_load *, uint64_t hash, struct index_entry *);

/*
 * Insert what was collected, until deadline_us (monotonic). True: that was all
 * of it. What the index does not take is left out; it is in the journal.
 */
bool index_load_insert(struct index_load *, uint64_t deadline_us);

#endif

/*
 * index_cache: the entries that were found or set lately, two for each part of
 * the range of hashes, in a flat array. A search of the table waits for memory
 * about ten times, this once; and of the changes that an entry goes through
 * here, the table needs only the last. Owns the array.
 */
#include "index.h"

#include "xalloc.h"

#include <stdlib.h>

#define WAYS           2
#define CACHE_LINE_LEN 64

_Static_assert(WAYS * sizeof(struct index_slot) == CACHE_LINE_LEN,
    "what is searched is one line of memory");

static bool
is_dirty(enum index_state state)
{
	return state > INDEX_CLEAN;
}

void
index_cache_init(struct index_cache *cache, uint64_t memory)
{
	size_t excess;

	*cache = (struct index_cache){ .count = WAYS, .shift = 64 };
	while (cache->count * 2 * sizeof(struct index_slot) <= memory) {
		cache->count *= 2;
		cache->shift--;
	}
	/* Memory that is never used takes no room: it is not written to. */
	cache->memory = xcalloc(cache->count + WAYS, sizeof(struct index_slot));
	excess = (uintptr_t)cache->memory % CACHE_LINE_LEN;
	cache->slots = (void *)((char *)cache->memory +
				(CACHE_LINE_LEN - excess) % CACHE_LINE_LEN);
}

void
index_cache_fini(struct index_cache *cache)
{
	free(cache->memory);
	cache->memory = NULL;
	cache->slots = NULL;
}

/* By the hash's upper bits, so that slots are in the order of the table. */
static struct index_slot *
find_ways(const struct index_cache *cache, uint64_t hash)
{
	uint64_t part = cache->shift < 64 ? hash >> cache->shift : 0;

	return &cache->slots[part * WAYS];
}

void
index_cache_prefetch(const struct index_cache *cache, uint64_t hash)
{
	__builtin_prefetch(find_ways(cache, hash));
}

struct index_slot *
index_cache_find(const struct index_cache *cache, uint64_t hash)
{
	struct index_slot *slot = find_ways(cache, hash);

	for (unsigned i = 0; i < WAYS; i++, slot++)
		if (slot->hash == hash && slot->state != INDEX_EMPTY)
			return slot;
	return NULL;
}

/* The replacement policy: clean before dirty, then what is older. */
static bool
is_better_victim(const struct index_slot *a, const struct index_slot *b)
{
	if (a->state == INDEX_EMPTY || b->state == INDEX_EMPTY)
		return a->state == INDEX_EMPTY;
	if (is_dirty(a->state) != is_dirty(b->state))
		return is_dirty(b->state);
	return a->entry.sequence < b->entry.sequence;
}

struct index_slot *
index_cache_victim(const struct index_cache *cache, uint64_t hash)
{
	struct index_slot *victim = find_ways(cache, hash);

	for (unsigned i = 1; i < WAYS; i++)
		if (is_better_victim(&victim[i], victim))
			return &victim[i];
	return victim;
}

void
index_cache_mark(
    struct index_cache *cache, struct index_slot *slot, enum index_state state)
{
	cache->dirty_count -= is_dirty(slot->state);
	cache->dirty_count += is_dirty(state);
	slot->state = state;
}

void
index_cache_set(struct index_cache *cache, struct index_slot *slot,
    uint64_t hash, const struct index_entry *entry, enum index_state state)
{
	index_cache_mark(cache, slot, state);
	slot->hash = hash;
	slot->entry = *entry;
}

struct index_slot *
index_cache_next_dirty(
    const struct index_cache *cache, uint64_t *cursor, uint64_t limit)
{
	while (limit-- > 0 && *cursor < cache->count) {
		struct index_slot *slot = &cache->slots[(*cursor)++];

		if (is_dirty(slot->state))
			return slot;
	}
	return NULL;
}

/*
 * store_bdb_recent: the places that were found or set lately, two for each part
 * of the range of digests, in a flat array. A search of the table waits for
 * memory about ten times, this once; and of the changes that a place goes
 * through here, the table needs only the last. Owns the array.
 */
#include "store_bdb.h"

#include "xalloc.h"

#include <stdlib.h>

#define WAYS           2
#define CACHE_LINE_LEN 64

_Static_assert(WAYS * sizeof(struct store_bdb_slot) == CACHE_LINE_LEN,
    "what is searched is one line of memory");

static bool
is_dirty(enum store_bdb_slot_state state)
{
	return state > SLOT_SAME;
}

/* Memory that is never used takes no room: it is not written to here. */
static void
slots_allocate(struct store_bdb_recent *recent)
{
	size_t excess;

	recent->memory =
	    xcalloc(recent->count + WAYS, sizeof(struct store_bdb_slot));
	excess = (uintptr_t)recent->memory % CACHE_LINE_LEN;
	recent->slots = (void *)((char *)recent->memory +
				 (CACHE_LINE_LEN - excess) % CACHE_LINE_LEN);
	recent->dirty_count = 0;
}

void
store_bdb_recent_init(struct store_bdb_recent *recent, uint64_t memory)
{
	recent->count = WAYS;
	recent->shift = 64;
	while (recent->count * 2 * sizeof(struct store_bdb_slot) <= memory) {
		recent->count *= 2;
		recent->shift--;
	}
	slots_allocate(recent);
}

void
store_bdb_recent_fini(struct store_bdb_recent *recent)
{
	free(recent->memory);
	recent->memory = NULL;
	recent->slots = NULL;
}

void
store_bdb_recent_clear(struct store_bdb_recent *recent)
{
	free(recent->memory);
	slots_allocate(recent);
}

/* By the digest's upper bits, so that slots are in the order of the table. */
static struct store_bdb_slot *
find_ways(const struct store_bdb_recent *recent, uint64_t digest)
{
	uint64_t part = recent->shift < 64 ? digest >> recent->shift : 0;

	return &recent->slots[part * WAYS];
}

void
store_bdb_recent_expect(const struct store_bdb_recent *recent, uint64_t digest)
{
	__builtin_prefetch(find_ways(recent, digest));
}

struct store_bdb_slot *
store_bdb_recent_find(const struct store_bdb_recent *recent, uint64_t digest)
{
	struct store_bdb_slot *slot = find_ways(recent, digest);

	for (unsigned i = 0; i < WAYS; i++, slot++)
		if (slot->digest == digest && slot->state != SLOT_EMPTY)
			return slot;
	return NULL;
}

/* Which of two is missed least. */
static bool
is_spared_rather(const struct store_bdb_slot *a, const struct store_bdb_slot *b)
{
	if (a->state == SLOT_EMPTY || b->state == SLOT_EMPTY)
		return a->state == SLOT_EMPTY;
	if (is_dirty(a->state) != is_dirty(b->state))
		return is_dirty(b->state);
	return a->sequence < b->sequence;
}

struct store_bdb_slot *
store_bdb_recent_victim(const struct store_bdb_recent *recent, uint64_t digest)
{
	struct store_bdb_slot *victim = find_ways(recent, digest);

	for (unsigned i = 1; i < WAYS; i++)
		if (is_spared_rather(&victim[i], victim))
			return &victim[i];
	return victim;
}

void
store_bdb_recent_mark(struct store_bdb_recent *recent,
    struct store_bdb_slot *slot, enum store_bdb_slot_state state)
{
	recent->dirty_count -= is_dirty(slot->state);
	recent->dirty_count += is_dirty(state);
	slot->state = state;
}

void
store_bdb_recent_set(struct store_bdb_recent *recent,
    struct store_bdb_slot *slot, uint64_t digest, const struct place *place,
    enum store_bdb_slot_state state)
{
	store_bdb_recent_mark(recent, slot, state);
	slot->digest = digest;
	slot->sequence = place->sequence;
	slot->position = place->position;
	slot->key_len = place->key_len & SLOT_KEY_LEN_MASK;
	slot->value_len = place->value_len;
}

struct place
store_bdb_slot_place(const struct store_bdb_slot *slot)
{
	return (struct place){
		.sequence = slot->sequence,
		.position = slot->position,
		.key_len = slot->key_len,
		.value_len = slot->value_len,
	};
}

struct store_bdb_slot *
store_bdb_recent_next_dirty(
    const struct store_bdb_recent *recent, uint64_t *cursor, uint64_t limit)
{
	while (limit-- > 0 && *cursor < recent->count) {
		struct store_bdb_slot *slot = &recent->slots[(*cursor)++];

		if (is_dirty(slot->state))
			return slot;
	}
	return NULL;
}

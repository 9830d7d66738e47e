/*
 * store_bdb_recent: remembers where the table says that records are, one place
 * per slot of a flat array; a newer one takes the slot. A search of the table
 * waits for memory about ten times, this once. Owns the array.
 */
#include "store_bdb.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Two fill a cache line. Of the digest, a part is the slot's number. */
struct store_bdb_slot {
	uint64_t tag;
	struct place place; /* sequence 0: empty */
};

_Static_assert(sizeof(struct store_bdb_slot) == 32, "two fill a cache line");

void
store_bdb_recent_init(struct store_bdb_recent *recent, uint64_t memory)
{
	size_t count = 1;

	while (count * 2 * sizeof(*recent->slots) <= memory)
		count *= 2;
	recent->slots = xcalloc(count, sizeof(*recent->slots));
	recent->mask = count - 1;
}

void
store_bdb_recent_fini(struct store_bdb_recent *recent)
{
	free(recent->slots);
	recent->slots = NULL;
}

void
store_bdb_recent_clear(struct store_bdb_recent *recent)
{
	uint64_t count = recent->mask + 1;

	/* New memory, for what was never used of it takes no room. */
	free(recent->slots);
	recent->slots = xcalloc(count, sizeof(*recent->slots));
}

static struct store_bdb_slot *
find_slot(const struct store_bdb_recent *recent, const uint64_t digest[2])
{
	return &recent->slots[digest[0] & recent->mask];
}

bool
store_bdb_recent_find(const struct store_bdb_recent *recent,
    const uint64_t digest[2], struct place *place)
{
	const struct store_bdb_slot *slot = find_slot(recent, digest);

	if (slot->tag != digest[1] || slot->place.sequence == 0)
		return false;
	*place = slot->place;
	return true;
}

void
store_bdb_recent_set(struct store_bdb_recent *recent, const uint64_t digest[2],
    const struct place *place)
{
	struct store_bdb_slot *slot = find_slot(recent, digest);

	slot->tag = digest[1];
	slot->place = *place;
}

void
store_bdb_recent_forget(
    struct store_bdb_recent *recent, const uint64_t digest[2])
{
	struct store_bdb_slot *slot = find_slot(recent, digest);

	if (slot->tag == digest[1])
		slot->place.sequence = 0;
}

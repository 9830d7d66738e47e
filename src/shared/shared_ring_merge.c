/*
 * shared_ring_merge: which of two keys for an epoch wins, and what this host
 * publishes then. The order is total, so hosts that have seen the same keys
 * agree.
 */
#include "shared_bytes.h"
#include "shared_ring_private.h"

#include <string.h>

/* What a flush raises generations to: the next multiple of this. */
#define FLUSH_STEP 65536u

static struct shared_ring_key *
find_bytes(struct shared_ring *ring, unsigned secret, int64_t epoch,
    const unsigned char *random)
{
	for (unsigned i = 0; i < ring->count; i++) {
		struct shared_ring_key *key = &ring->keys[i];

		if (key->secret == secret && key->key.epoch == epoch &&
		    memcmp(key->random, random, SHARED_RANDOM_LEN) == 0)
			return key;
	}
	return NULL;
}

void
shared_ring_value(const struct shared_ring_key *key,
    unsigned char value[SHARED_RING_VALUE_LEN])
{
	shared_put_be32(value, key->generation);
	memcpy(value + 4, key->random, SHARED_RANDOM_LEN);
}

/* Above 0: these bytes win over the key; 0: they are the same. */
static int
compare(const unsigned char *value, const struct shared_ring_key *key)
{
	uint32_t generation = shared_get_be32(value);

	if (generation != key->generation)
		return generation > key->generation ? 1 : -1;
	return -memcmp(value + 4, key->random, SHARED_RANDOM_LEN);
}

static enum shared_merge
merge_nothing(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, const struct shared_ring_key *ours)
{
	if (ours != NULL)
		return SHARED_MERGE_OURS;
	/* What is over needs no key any more. */
	if (epoch < shared_ring_epoch(ring, now) ||
	    shared_ring_make(ring, now, secret, epoch, 0) == NULL)
		return SHARED_MERGE_SAME;
	shared_ring_notify(ring);
	return SHARED_MERGE_OURS;
}

static enum shared_merge
take_theirs(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, const unsigned char *value)
{
	struct shared_ring_key *known =
	    find_bytes(ring, secret, epoch, value + 4);
	struct shared_ring_key *previous =
	    shared_ring_find_epoch(ring, secret, epoch);

	if (known == NULL) {
		known = shared_ring_add(ring, now, secret, epoch,
		    shared_get_be32(value), value + 4, false);
	} else {
		if (previous != NULL)
			previous->is_replaced = true;
		known->is_replaced = false;
		known->generation = shared_get_be32(value);
	}
	if (known != NULL)
		known->is_common = true;
	shared_ring_notify(ring);
	return SHARED_MERGE_THEIRS;
}

/* Theirs loses: it decrypts, unless there was a flush since it was made. */
static void
keep_loser(struct shared_ring *ring, time_t now, unsigned secret, int64_t epoch,
    const unsigned char *value, const struct shared_ring_key *ours)
{
	uint32_t generation = shared_get_be32(value);

	if (generation / FLUSH_STEP < ours->generation / FLUSH_STEP ||
	    find_bytes(ring, secret, epoch, value + 4) != NULL)
		return;
	(void)shared_ring_add(
	    ring, now, secret, epoch, generation, value + 4, true);
	shared_ring_notify(ring);
}

enum shared_merge
shared_ring_merge(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, const unsigned char *value)
{
	int64_t present = shared_ring_epoch(ring, now);
	struct shared_ring_key *ours;
	int order;

	shared_ring_retire(ring, now);
	/* The clock was set since somebody asked. */
	if (epoch < present - 1 || epoch > present + 1)
		return SHARED_MERGE_SAME;
	ours = shared_ring_find_epoch(ring, secret, epoch);
	if (value == NULL)
		return merge_nothing(ring, now, secret, epoch, ours);
	order = ours != NULL ? compare(value, ours) : 1;
	if (order > 0)
		return take_theirs(ring, now, secret, epoch, value);
	if (order < 0) {
		keep_loser(ring, now, secret, epoch, value, ours);
		return SHARED_MERGE_OURS;
	}
	ours->is_common = true;
	return SHARED_MERGE_SAME;
}

void
shared_ring_published(struct shared_ring *ring, unsigned secret, int64_t epoch,
    const unsigned char value[SHARED_RING_VALUE_LEN])
{
	struct shared_ring_key *ours =
	    shared_ring_find_epoch(ring, secret, epoch);

	if (ours == NULL || compare(value, ours) != 0)
		return;
	ours->is_common = true;
	shared_ring_notify(ring);
}

/* On ERROR_RANDOM there may be a new key of the present epoch. */
static enum error
rotate(struct shared_ring *ring, time_t now)
{
	int64_t epoch = shared_ring_epoch(ring, now);

	if (ring->rotated_at == now)
		return ERROR_EXISTS;
	shared_ring_drop_unusable(ring, now);
	for (int64_t i = epoch; i <= epoch + 1; i++) {
		const struct shared_ring_key *old =
		    shared_ring_find_epoch(ring, 0, i);

		if (shared_ring_make(ring, now, 0, i,
			old != NULL ? old->generation + 1 : 1) == NULL)
			return ERROR_RANDOM;
	}
	ring->rotated_at = now;
	return ERROR_NONE;
}

static void
notify_rotated(const struct shared_ring *ring)
{
	shared_ring_notify(ring);
	if (ring->rotated != NULL)
		ring->rotated(ring->rotated_arg);
}

enum error
shared_ring_rotate(struct shared_ring *ring, time_t now)
{
	enum error error = rotate(ring, now);

	if (error != ERROR_EXISTS)
		notify_rotated(ring);
	return error;
}

/* What was replaced, or is of an epoch that nobody asks for any more. */
static void
drop_flushed(struct shared_ring *ring)
{
	for (unsigned i = ring->count; i-- > 0;)
		if (ring->keys[i].is_replaced ||
		    ring->keys[i].key.epoch < ring->epoch - 1)
			shared_ring_drop(ring, i);
}

/* New keys of an epoch, under each secret. */
static enum error
flush_epoch(struct shared_ring *ring, time_t now, int64_t epoch)
{
	for (unsigned i = 0; i < ring->secrets; i++) {
		const struct shared_ring_key *old =
		    shared_ring_find_epoch(ring, i, epoch);
		uint32_t flushes =
		    old != NULL ? old->generation / FLUSH_STEP : 0;

		if (shared_ring_make(ring, now, i, epoch,
			(flushes + 1) * FLUSH_STEP) == NULL)
			return ERROR_RANDOM;
	}
	return ERROR_NONE;
}

enum error
shared_ring_flush(struct shared_ring *ring, time_t now)
{
	enum error error = ERROR_NONE;

	shared_ring_drop_unusable(ring, now);
	drop_flushed(ring);
	for (int i = -1; i <= SHARED_RING_EPOCHS_AHEAD && error == ERROR_NONE;
	     i++)
		error = flush_epoch(ring, now, ring->epoch + i);
	drop_flushed(ring);
	notify_rotated(ring);
	return error;
}

enum error
shared_ring_adopt(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, const unsigned char value[SHARED_RING_VALUE_LEN],
    bool is_common)
{
	const struct shared_ring_key *ours;
	struct shared_ring_key *key;

	shared_ring_drop_unusable(ring, now);
	if (now >= shared_ticket_key_decrypt_until(ring->timeout_s, epoch) ||
	    epoch > shared_ring_epoch(ring, now) + SHARED_RING_EPOCHS_AHEAD ||
	    secret >= ring->secrets)
		return ERROR_TIMED_OUT;
	if (find_bytes(ring, secret, epoch, value + 4) != NULL)
		return ERROR_EXISTS;
	ours = shared_ring_find_epoch(ring, secret, epoch);
	key = shared_ring_add(ring, now, secret, epoch, shared_get_be32(value),
	    value + 4, ours != NULL && compare(value, ours) < 0);
	if (key == NULL)
		return ERROR_UNSUPPORTED;
	key->is_common = is_common;
	return ERROR_NONE;
}

/*
 * shared_ring: a bounded set of keys. Owns and wipes them, and the random bytes
 * that they follow from.
 */
#include "shared_ring_private.h"

#include "prng.h"

#include <string.h>

enum error
shared_ring_init(struct shared_ring *ring, const struct shared_secrets *secrets,
    const struct shared_context *context, int64_t timeout_s)
{
	*ring = (struct shared_ring){
		.timeout_s = timeout_s,
		.epoch_s = timeout_s / 2,
		.secrets = secrets->count,
	};
	for (unsigned i = 0; i < secrets->count; i++) {
		shared_context_fingerprint(
		    context, secrets->keys[i], ring->fingerprints[i]);
		if (!shared_context_derive(context, secrets->keys[i], "ticket",
			ring->parents[i])) {
			shared_ring_wipe(ring);
			return ERROR_UNSUPPORTED;
		}
	}
	return ERROR_NONE;
}

void
shared_ring_forget(struct shared_ring *ring)
{
	if (ring == NULL)
		return;
	explicit_bzero(ring->keys, sizeof(ring->keys));
	ring->count = 0;
}

void
shared_ring_wipe(struct shared_ring *ring)
{
	shared_ring_forget(ring);
	explicit_bzero(ring->parents, sizeof(ring->parents));
	ring->secrets = 0;
}

int64_t
shared_ring_epoch(const struct shared_ring *ring, time_t now)
{
	return shared_ticket_key_epoch(ring->timeout_s, now);
}

void
shared_ring_notify(const struct shared_ring *ring)
{
	if (ring->changed != NULL)
		ring->changed(ring->changed_arg);
}

void
shared_ring_drop(struct shared_ring *ring, unsigned index)
{
	ring->count--;
	ring->keys[index] = ring->keys[ring->count];
	explicit_bzero(&ring->keys[ring->count], sizeof(ring->keys[0]));
}

bool
shared_ring_drop_unusable(struct shared_ring *ring, time_t now)
{
	unsigned before = ring->count;
	int64_t last;

	ring->epoch = shared_ring_epoch(ring, now);
	last = ring->epoch + SHARED_RING_EPOCHS_AHEAD;
	for (unsigned i = ring->count; i-- > 0;)
		if (now >= ring->keys[i].key.decrypt_until ||
		    ring->keys[i].key.epoch > last)
			shared_ring_drop(ring, i);
	return ring->count < before;
}

void
shared_ring_retire(struct shared_ring *ring, time_t now)
{
	if (shared_ring_drop_unusable(ring, now))
		shared_ring_notify(ring);
}

struct shared_ring_key *
shared_ring_find_epoch(struct shared_ring *ring, unsigned secret, int64_t epoch)
{
	for (unsigned i = 0; i < ring->count; i++) {
		struct shared_ring_key *key = &ring->keys[i];

		if (!key->is_replaced && key->secret == secret &&
		    key->key.epoch == epoch)
			return key;
	}
	return NULL;
}

const struct shared_ring_key *
shared_ring_get(const struct shared_ring *ring, unsigned secret, int64_t epoch)
{
	return shared_ring_find_epoch(
	    (struct shared_ring *)ring, secret, epoch);
}

/* Is it of less use than the other? */
static bool
goes_before(
    const struct shared_ring_key *key, const struct shared_ring_key *other)
{
	if (key->key.encrypt_until != other->key.encrypt_until)
		return key->key.encrypt_until < other->key.encrypt_until;
	if (key->is_replaced != other->is_replaced)
		return key->is_replaced;
	return key->generation < other->generation;
}

/* The one that is of least use goes; never the one that encrypts. */
static void
make_room(struct shared_ring *ring, time_t now)
{
	int64_t epoch = shared_ring_epoch(ring, now);
	unsigned first = SHARED_RING_MAX;

	if (ring->count < SHARED_RING_MAX)
		return;
	for (unsigned i = 0; i < ring->count; i++) {
		const struct shared_ring_key *key = &ring->keys[i];

		if (!key->is_replaced && key->secret == 0 &&
		    key->key.epoch == epoch)
			continue;
		if (first == SHARED_RING_MAX ||
		    goes_before(key, &ring->keys[first]))
			first = i;
	}
	shared_ring_drop(ring, first);
}

struct shared_ring_key *
shared_ring_add(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, uint32_t generation, const unsigned char *random,
    bool is_replaced)
{
	struct shared_ring_key *previous =
				   shared_ring_find_epoch(ring, secret, epoch),
			       *key;

	if (previous != NULL && !is_replaced)
		previous->is_replaced = true;
	make_room(ring, now);
	key = &ring->keys[ring->count];
	*key = (struct shared_ring_key){
		.key = { .epoch = epoch,
		    .encrypt_until =
			shared_ticket_key_encrypt_until(ring->timeout_s, epoch),
		    .decrypt_until = shared_ticket_key_decrypt_until(
			ring->timeout_s, epoch) },
		.generation = generation,
		.secret = secret,
		.is_replaced = is_replaced,
	};
	memcpy(key->random, random, SHARED_RANDOM_LEN);
	if (!shared_ticket_key_derive(ring->parents[secret], random,
		SHARED_RANDOM_LEN, epoch, key->key.bytes))
		return NULL;
	ring->count++;
	return key;
}

struct shared_ring_key *
shared_ring_make(struct shared_ring *ring, time_t now, unsigned secret,
    int64_t epoch, uint32_t generation)
{
	unsigned char random[SHARED_RANDOM_LEN];
	struct shared_ring_key *key = NULL;

	if (prng_generate_unbuffered(random, sizeof(random)) == ERROR_NONE)
		key = shared_ring_add(
		    ring, now, secret, epoch, generation, random, false);
	explicit_bzero(random, sizeof(random));
	return key;
}

enum error
shared_ring_current(struct shared_ring *ring, time_t now,
    const struct shared_ticket_key **current)
{
	int64_t epoch = shared_ring_epoch(ring, now);
	bool is_changed = shared_ring_drop_unusable(ring, now);
	struct shared_ring_key *key = shared_ring_find_epoch(ring, 0, epoch);

	if (key == NULL) {
		key = shared_ring_make(ring, now, 0, epoch, 0);
		is_changed = true;
		if (key != NULL && ring->unshared != NULL)
			ring->unshared(ring->unshared_arg, key);
	}
	if (is_changed)
		shared_ring_notify(ring);
	if (key == NULL)
		return ERROR_RANDOM;
	*current = &key->key;
	return ERROR_NONE;
}

enum error
shared_ring_find(struct shared_ring *ring, time_t now,
    const unsigned char name[SHARED_TICKET_KEY_NAME_LEN],
    const struct shared_ticket_key **found)
{
	shared_ring_retire(ring, now);
	for (unsigned i = 0; i < ring->count; i++)
		if (memcmp(ring->keys[i].key.bytes, name,
			SHARED_TICKET_KEY_NAME_LEN) == 0) {
			*found = &ring->keys[i].key;
			return ERROR_NONE;
		}
	return ERROR_NOT_FOUND;
}

bool
shared_ring_is_common(const struct shared_ring *ring, time_t now)
{
	const struct shared_ring_key *key =
	    shared_ring_get(ring, 0, shared_ring_epoch(ring, now));

	return key != NULL && key->is_common;
}

int64_t
shared_ring_until(const struct shared_ring *ring, time_t now)
{
	int64_t epoch = shared_ring_epoch(ring, now), until = 0;
	const struct shared_ring_key *key;

	for (;; epoch++) {
		key = shared_ring_get(ring, 0, epoch);
		if (key == NULL || !key->is_common)
			return until;
		until = key->key.encrypt_until;
	}
}

int64_t
shared_ring_ttl_ms(const struct shared_ring *ring, time_t now, int64_t epoch)
{
	return 1000 * (shared_ticket_key_decrypt_until(ring->timeout_s, epoch) -
			  (int64_t)now);
}

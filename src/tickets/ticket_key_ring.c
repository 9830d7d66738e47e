/*
 * ticket_key_ring: from keys to records and back. The key itself is derived
 * anew: what counts in a record are epoch, generation and random bytes.
 */
#include "ticket_key_ring.h"

#include <string.h>

_Static_assert(TICKET_KEY_RANDOM_LEN == SHARED_RANDOM_LEN &&
		   TICKET_KEY_SECRET_LEN > SHARED_FINGERPRINT_LEN,
    "a record has room for what it takes");

static void
put(const struct shared_ring *ring, const struct shared_ring_key *key,
    struct ticket_key_record *record)
{
	*record = (struct ticket_key_record){
		.origin =
		    key->is_common ? TICKET_KEY_SHARED : TICKET_KEY_UNPUBLISHED,
		.generation = key->generation,
		.epoch = (uint64_t)key->key.epoch,
		.epoch_len_s = (uint64_t)ring->epoch_s,
	};
	memcpy(&record->key, key->key.bytes, sizeof(key->key.bytes));
	record->key.encrypt_until = key->key.encrypt_until;
	memcpy(record->random, key->random, sizeof(record->random));
	memcpy(record->secret, ring->fingerprints[key->secret],
	    SHARED_FINGERPRINT_LEN);
}

uint32_t
ticket_key_ring_put(const struct shared_ring *ring,
    struct ticket_key_record *records, uint32_t max)
{
	uint32_t count = 0;

	if (ring == NULL)
		return 0;
	for (; count < ring->count && count < max; count++)
		put(ring, &ring->keys[count], &records[count]);
	return count;
}

void
ticket_key_ring_adopt(struct shared_ring *ring, time_t now,
    const struct ticket_key_record *record)
{
	unsigned char value[SHARED_RING_VALUE_LEN];
	struct shared_ring_key key = { .generation = record->generation };

	if (ring == NULL || record->origin == TICKET_KEY_OWN ||
	    record->epoch_len_s != (uint64_t)ring->epoch_s ||
	    record->epoch > INT64_MAX / (uint64_t)ring->epoch_s / 4)
		return;
	memcpy(key.random, record->random, sizeof(key.random));
	shared_ring_value(&key, value);
	for (unsigned i = 0; i < ring->secrets; i++)
		if (memcmp(record->secret, ring->fingerprints[i],
			SHARED_FINGERPRINT_LEN) == 0)
			(void)shared_ring_adopt(ring, now, i,
			    (int64_t)record->epoch, value,
			    record->origin == TICKET_KEY_SHARED);
	explicit_bzero(&key, sizeof(key));
	explicit_bzero(value, sizeof(value));
}

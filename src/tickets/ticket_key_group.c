/*
 * ticket_key_group: from keys of an epoch to keys of a client. Owns nothing.
 */
#include "ticket_key_group.h"

#include "minmax.h"

#include <string.h>

_Static_assert(
    offsetof(struct ticket_key, encrypt_until) == SHARED_TICKET_KEY_LEN &&
	TICKET_KEY_NAME_LEN == SHARED_TICKET_KEY_NAME_LEN,
    "name, cipher key and MAC key are the bytes of a shared key");

static void
copy_key(struct ticket_key *copy, const struct shared_ticket_key *key)
{
	memcpy(copy, key->bytes, sizeof(key->bytes));
	copy->encrypt_until = key->encrypt_until;
}

bool
ticket_key_group_is_there(const struct ticket_keys *keys)
{
	return keys->group != NULL || keys->ring != NULL;
}

static enum error
find_current(struct ticket_keys *keys, time_t now,
    const struct shared_ticket_key **current)
{
	if (keys->ring != NULL)
		return shared_ring_current(keys->ring, now, current);
	if (keys->group != NULL)
		return shared_ticket_keys_current(keys->group, now, current);
	return ERROR_DISABLED;
}

enum error
ticket_key_group_current(
    struct ticket_keys *keys, time_t now, struct ticket_key *copy)
{
	const struct shared_ticket_key *key;
	enum error error = find_current(keys, now, &key);

	if (error == ERROR_NONE)
		copy_key(copy, key);
	return error;
}

static enum error
find_name(struct ticket_keys *keys, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN],
    const struct shared_ticket_key **found)
{
	if (keys->ring != NULL)
		return shared_ring_find(keys->ring, now, name, found);
	if (keys->group != NULL)
		return shared_ticket_keys_find(keys->group, now, name, found);
	return ERROR_DISABLED;
}

enum error
ticket_key_group_find(struct ticket_keys *keys, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy)
{
	const struct shared_ticket_key *key, *current;
	enum error error = find_name(keys, now, name, &key);

	if (error != ERROR_NONE)
		return error;
	/* A copy, since a key that has to be made may move it. */
	copy_key(copy, key);
	if (find_current(keys, now, &current) != ERROR_NONE ||
	    memcmp(current->bytes, name, TICKET_KEY_NAME_LEN) != 0)
		copy->encrypt_until = min_i64(copy->encrypt_until, now - 1);
	return ERROR_NONE;
}

unsigned
ticket_key_group_held(const struct ticket_keys *keys)
{
	if (keys->ring != NULL)
		return keys->ring->count;
	return keys->group != NULL ? keys->group->secrets * SHARED_EPOCHS : 0;
}

int64_t
ticket_key_group_encrypts_until(const struct ticket_keys *keys, unsigned index)
{
	const struct shared_ticket_keys *group = keys->group;
	const struct shared_ring *ring = keys->ring;
	const struct shared_ring_key *key;

	if (ring != NULL) {
		key = shared_ring_get(ring, 0, ring->epoch - index);
		return key != NULL ? key->key.encrypt_until : 0;
	}
	/* The last one is that of the next epoch. */
	if (!group->is_derived || index > SHARED_EPOCHS - 2)
		return 0;
	return group->keys[0][SHARED_EPOCHS - 2 - index].encrypt_until;
}

void
ticket_key_group_retire(struct ticket_keys *keys, time_t now)
{
	if (keys->ring != NULL)
		shared_ring_retire(keys->ring, now);
	else if (keys->group != NULL)
		shared_ticket_keys_refresh(keys->group, now);
}

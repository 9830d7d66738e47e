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

enum error
ticket_key_group_current(
    struct shared_ticket_keys *group, time_t now, struct ticket_key *copy)
{
	const struct shared_ticket_key *key;
	enum error error = shared_ticket_keys_current(group, now, &key);

	if (error == ERROR_NONE)
		copy_key(copy, key);
	return error;
}

enum error
ticket_key_group_find(struct shared_ticket_keys *group, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy)
{
	const struct shared_ticket_key *key, *current;
	enum error error = shared_ticket_keys_find(group, now, name, &key);

	if (error == ERROR_NONE)
		error = shared_ticket_keys_current(group, now, &current);
	if (error != ERROR_NONE)
		return error;
	copy_key(copy, key);
	if (key != current)
		copy->encrypt_until = min_i64(copy->encrypt_until, now - 1);
	return ERROR_NONE;
}

int64_t
ticket_key_group_encrypts_until(
    const struct shared_ticket_keys *group, unsigned index)
{
	/* The last one is that of the next epoch. */
	if (!group->is_derived || index > SHARED_EPOCHS - 2)
		return 0;
	return group->keys[0][SHARED_EPOCHS - 2 - index].encrypt_until;
}

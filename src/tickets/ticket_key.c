/*
 * ticket_key: makes, hands out and retires session ticket keys. Owns the
 * secrets in a set of keys and wipes each place that held one. Never logs,
 * never asks for the time, never touches a file.
 */
#include "ticket_key.h"

#include "minmax.h"
#include "prng.h"
#include "ticket_key_group.h"

#include <string.h>

void
ticket_keys_init(struct ticket_keys *keys, int64_t lifetime_s)
{
	*keys = (struct ticket_keys){ .lifetime_s = lifetime_s };
}

void
ticket_keys_fini(struct ticket_keys *keys)
{
	explicit_bzero(keys->keys, sizeof(keys->keys));
	explicit_bzero(&keys->group_key, sizeof(keys->group_key));
	keys->count = 0;
}

static int64_t
half_s(const struct ticket_keys *keys)
{
	return keys->lifetime_s / 2;
}

/*
 * How long a new key encrypts: a second less than half the lifetime, as with
 * Postfix, so that a server process which still encrypts in the second of
 * encrypt_until itself stays within the half.
 */
static int64_t
encrypt_s(const struct ticket_keys *keys)
{
	return max_i64(half_s(keys) - 1, 1);
}

/* The latest that a key may encrypt; later ones are from the future. */
static int64_t
last_end(const struct ticket_keys *keys, int64_t now)
{
	return now + encrypt_s(keys) + TICKET_KEY_STEP_S;
}

/* May this key be used at `now`, and if not, why? */
static enum error
judge_key(
    const struct ticket_keys *keys, const struct ticket_key *key, int64_t now)
{
	if (key->encrypt_until > last_end(keys, now))
		return ERROR_INVALID;
	if (key->encrypt_until + half_s(keys) <= now)
		return ERROR_TIMED_OUT;
	return ERROR_NONE;
}

static void
notify(const struct ticket_keys *keys)
{
	if (keys->changed != NULL)
		keys->changed(keys->callback_arg, keys);
}

static void
refresh(struct ticket_keys *keys, time_t now)
{
	if (keys->refresh != NULL)
		keys->refresh(keys->callback_arg, keys, now);
}

/* Wipe what may not be used at `now`. True if there was any. */
static bool
drop_unusable(struct ticket_keys *keys, time_t now)
{
	unsigned kept = 0, before = keys->count;

	for (unsigned i = 0; i < before; i++)
		if (judge_key(keys, &keys->keys[i], now) == ERROR_NONE)
			keys->keys[kept++] = keys->keys[i];
	keys->count = kept;
	explicit_bzero(
	    &keys->keys[kept], (before - kept) * sizeof(keys->keys[0]));
	return kept < before;
}

/* Insert a copy at `index`; the last of too many is dropped. */
static void
insert_key(
    struct ticket_keys *keys, unsigned index, const struct ticket_key *key)
{
	for (unsigned i = TICKET_KEYS_MAX - 1; i > index; i--)
		keys->keys[i] = keys->keys[i - 1];
	keys->keys[index] = *key;
	if (keys->count < TICKET_KEYS_MAX)
		keys->count++;
}

static bool
can_encrypt(const struct ticket_keys *keys, time_t now)
{
	return keys->count > 0 && keys->keys[0].encrypt_until > now;
}

/* A new key in front: the end of none is later. */
static enum error
make_key(struct ticket_keys *keys, time_t now)
{
	struct ticket_key key;
	enum error error;

	/* Name, cipher key and MAC key are one row of random bytes. */
	error = prng_generate_unbuffered(
	    &key, offsetof(struct ticket_key, encrypt_until));
	if (error == ERROR_NONE) {
		key.encrypt_until = now + encrypt_s(keys);
		if (keys->count > 0)
			key.encrypt_until = max_i64(key.encrypt_until,
			    min_i64(keys->keys[0].encrypt_until + 1,
				last_end(keys, now)));
		insert_key(keys, 0, &key);
		keys->rotations++;
	}
	explicit_bzero(&key, sizeof(key));
	return error;
}

enum error
ticket_keys_current(
    struct ticket_keys *keys, time_t now, const struct ticket_key **key)
{
	enum error error = ERROR_NONE;
	bool is_changed;

	if (keys->lifetime_s <= 0)
		return ERROR_DISABLED;
	if (ticket_key_group_current(keys, now, &keys->group_key) ==
	    ERROR_NONE) {
		*key = &keys->group_key;
		return ERROR_NONE;
	}
	is_changed = drop_unusable(keys, now);
	if (!can_encrypt(keys, now))
		refresh(keys, now);
	if (!can_encrypt(keys, now)) {
		error = make_key(keys, now);
		is_changed |= error == ERROR_NONE;
	}
	if (is_changed)
		notify(keys);
	if (error == ERROR_NONE)
		*key = &keys->keys[0];
	return error;
}

static const struct ticket_key *
find_key(const struct ticket_keys *keys,
    const unsigned char name[TICKET_KEY_NAME_LEN])
{
	for (unsigned i = 0; i < keys->count; i++)
		if (memcmp(keys->keys[i].name, name, TICKET_KEY_NAME_LEN) == 0)
			return &keys->keys[i];
	return NULL;
}

enum error
ticket_keys_find(struct ticket_keys *keys, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy)
{
	const struct ticket_key *key;

	if (keys->lifetime_s <= 0)
		return ERROR_DISABLED;
	if (ticket_key_group_find(keys, now, name, copy) == ERROR_NONE)
		return ERROR_NONE;
	ticket_keys_retire(keys, now);
	key = find_key(keys, name);
	if (key == NULL) {
		refresh(keys, now);
		key = find_key(keys, name);
	}
	if (key == NULL)
		return ERROR_NOT_FOUND;
	*copy = *key;
	if (ticket_key_group_is_there(keys) || key != &keys->keys[0])
		copy->encrypt_until = min_i64(copy->encrypt_until, now - 1);
	return ERROR_NONE;
}

unsigned
ticket_keys_held(const struct ticket_keys *keys)
{
	return keys->count + ticket_key_group_held(keys);
}

int64_t
ticket_keys_encrypts_until(const struct ticket_keys *keys, unsigned index)
{
	if (ticket_key_group_is_there(keys))
		return ticket_key_group_encrypts_until(keys, index);
	return index < keys->count ? keys->keys[index].encrypt_until : 0;
}

int64_t
ticket_keys_made_at(const struct ticket_keys *keys, unsigned index)
{
	int64_t until = ticket_keys_encrypts_until(keys, index);

	return until != 0 ? until - encrypt_s(keys) : 0;
}

enum error
ticket_keys_rotate(struct ticket_keys *keys, time_t now)
{
	enum error error;
	bool is_changed;

	if (keys->lifetime_s <= 0)
		return ERROR_DISABLED;
	if (keys->group != NULL)
		return ERROR_SHARED;
	if (keys->ring != NULL)
		return shared_ring_rotate(keys->ring, now);
	is_changed = drop_unusable(keys, now);
	if (keys->rotated_at == now && can_encrypt(keys, now))
		error = ERROR_EXISTS;
	else
		error = make_key(keys, now);
	if (error == ERROR_NONE)
		keys->rotated_at = now;
	if (is_changed || error == ERROR_NONE)
		notify(keys);
	return error;
}

enum error
ticket_keys_adopt(
    struct ticket_keys *keys, time_t now, const struct ticket_key *key)
{
	enum error error;
	unsigned index = 0;

	if (keys->lifetime_s <= 0)
		return ERROR_DISABLED;
	drop_unusable(keys, now);
	error = judge_key(keys, key, now);
	if (error != ERROR_NONE)
		return error;
	if (find_key(keys, key->name) != NULL)
		return ERROR_EXISTS;
	while (index < keys->count &&
	       keys->keys[index].encrypt_until >= key->encrypt_until)
		index++;
	if (index == TICKET_KEYS_MAX)
		return ERROR_EXISTS;
	insert_key(keys, index, key);
	return ERROR_NONE;
}

void
ticket_keys_retire(struct ticket_keys *keys, time_t now)
{
	ticket_key_group_retire(keys, now);
	if (drop_unusable(keys, now))
		notify(keys);
}

void
ticket_keys_forget(struct ticket_keys *keys)
{
	explicit_bzero(keys->keys, sizeof(keys->keys));
	keys->count = 0;
}

void
ticket_keys_wipe(struct ticket_keys *keys)
{
	ticket_keys_forget(keys);
	notify(keys);
}

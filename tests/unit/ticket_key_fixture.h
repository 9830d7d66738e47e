/*
 * ticket_key_fixture: an empty set of keys, a generator of our own, and times
 * as we like them. Included once, after cmocka.h.
 */
#ifndef TICKET_KEY_FIXTURE_H
#define TICKET_KEY_FIXTURE_H

#include "prng.h"
#include "ticket_key.h"

#include <stdbool.h>
#include <string.h>

#define LIFETIME_S 3600L
#define HALF_S     (LIFETIME_S / 2)
#define DAY_S      86400
#define START      1000000000 /* 2001 */

static unsigned char generated; /* each output is full of the next byte */
static bool is_generator_broken;

enum error
prng_generate_unbuffered(void *out, size_t len)
{
	assert_int_equal(len, 80);
	memset(out, is_generator_broken ? 0 : ++generated, len);
	return is_generator_broken ? ERROR_RANDOM : ERROR_NONE;
}

static unsigned changes; /* calls of on_change() */
static unsigned count_seen;

static inline void
on_change(void *arg, const struct ticket_keys *keys)
{
	assert_ptr_equal(arg, &changes);
	changes++;
	count_seen = keys->count;
}

static inline int
set_up(void **state)
{
	static struct ticket_keys keys;

	generated = 0;
	is_generator_broken = false;
	changes = 0;
	ticket_keys_init(&keys, LIFETIME_S);
	keys.changed = on_change;
	keys.callback_arg = &changes;
	*state = &keys;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct ticket_keys *keys = *state;
	unsigned before = changes;
	static const unsigned char zeros[sizeof(keys->keys)];

	ticket_keys_fini(keys);
	assert_int_equal(keys->count, 0);
	assert_memory_equal(keys->keys, zeros, sizeof(zeros));
	assert_int_equal(changes, before);
	return 0;
}

/* The current key at `now`: the first byte of its name. */
static inline int
current_at(struct ticket_keys *keys, time_t now)
{
	const struct ticket_key *key = NULL;

	assert_int_equal(ticket_keys_current(keys, now, &key), ERROR_NONE);
	assert_ptr_equal(key, &keys->keys[0]);
	assert_true(key->encrypt_until > now);
	return key->name[0];
}

static inline bool
is_found_at(struct ticket_keys *keys, time_t now, unsigned char byte)
{
	unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key key;
	enum error error;

	memset(name, byte, sizeof(name));
	error = ticket_keys_find(keys, now, name, &key);
	if (error == ERROR_NONE)
		assert_memory_equal(key.name, name, sizeof(name));
	else
		assert_int_equal(error, ERROR_NOT_FOUND);
	return error == ERROR_NONE;
}

/* The time that comes with the key of that name. */
static inline int64_t
end_told_at(struct ticket_keys *keys, time_t now, unsigned char byte)
{
	unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key key;

	memset(name, byte, sizeof(name));
	assert_int_equal(ticket_keys_find(keys, now, name, &key), ERROR_NONE);
	return key.encrypt_until;
}

/* Places without a key hold nothing. */
static inline void
assert_wiped_behind(const struct ticket_keys *keys)
{
	static const struct ticket_key nothing;

	for (unsigned i = keys->count; i < TICKET_KEYS_MAX; i++)
		assert_memory_equal(&keys->keys[i], &nothing, sizeof(nothing));
}

static inline enum error
adopt_at(struct ticket_keys *keys, time_t now, unsigned char byte, time_t until)
{
	struct ticket_key key;

	memset(&key, byte, sizeof(key));
	key.encrypt_until = until;
	return ticket_keys_adopt(keys, now, &key);
}

#endif

/*
 * shared_ticket_key: derives the ticket keys of the epochs around the present
 * one, and keeps them until the epoch changes. Owns and wipes them. Never logs,
 * never asks for the time.
 */
#include "shared_ticket_key.h"

#include "minmax.h"
#include "shared_bytes.h"
#include "shared_kdf.h"

#include <string.h>

#define LABEL "ticket key"

#define SKEW_MAX_S 60

int64_t
shared_ticket_key_skew_s(int64_t timeout_s)
{
	return min_i64(SKEW_MAX_S, timeout_s / 8);
}

/*
 * The epoch begins a second early: a key is never handed out in the second in
 * which its time ends. Before 1970 it is the first one.
 */
int64_t
shared_ticket_key_epoch(int64_t timeout_s, time_t now)
{
	return now < 0 ? 0 : ((int64_t)now + 1) / (timeout_s / 2);
}

int64_t
shared_ticket_key_encrypt_until(int64_t timeout_s, int64_t epoch)
{
	return (epoch + 1) * (timeout_s / 2) - 1;
}

int64_t
shared_ticket_key_decrypt_until(int64_t timeout_s, int64_t epoch)
{
	return (epoch + 2) * (timeout_s / 2) +
	       shared_ticket_key_skew_s(timeout_s);
}

bool
shared_ticket_key_derive(const unsigned char parent[SHARED_KEY_LEN],
    const void *random, size_t random_len, int64_t epoch,
    unsigned char out[SHARED_TICKET_KEY_LEN])
{
	unsigned char info[sizeof(LABEL) - 1 + 8];
	unsigned char key[SHARED_KEY_LEN];
	bool is_good;

	memcpy(info, LABEL, sizeof(LABEL) - 1);
	shared_put_be64(info + sizeof(LABEL) - 1, (uint64_t)epoch);
	is_good = shared_kdf_hmac(parent, random, random_len, key) &&
	          shared_kdf_expand(
		      key, info, sizeof(info), out, SHARED_TICKET_KEY_LEN);
	if (!is_good)
		explicit_bzero(out, SHARED_TICKET_KEY_LEN);
	explicit_bzero(key, sizeof(key));
	return is_good;
}

enum error
shared_ticket_keys_init(struct shared_ticket_keys *keys,
    const struct shared_secrets *secrets, const struct shared_context *context,
    int64_t timeout_s)
{
	*keys = (struct shared_ticket_keys){
		.timeout_s = timeout_s,
		.epoch_s = timeout_s / 2,
		.secrets = secrets->count,
	};
	for (unsigned i = 0; i < secrets->count; i++)
		if (!shared_context_derive(context, secrets->keys[i], "ticket",
			keys->parents[i])) {
			shared_ticket_keys_wipe(keys);
			return ERROR_UNSUPPORTED;
		}
	return ERROR_NONE;
}

void
shared_ticket_keys_wipe(struct shared_ticket_keys *keys)
{
	explicit_bzero(keys->parents, sizeof(keys->parents));
	explicit_bzero(keys->keys, sizeof(keys->keys));
	keys->secrets = 0;
	keys->is_derived = false;
}

/* The key of the next epoch is known, and never more than that is needed. */
int64_t
shared_ticket_keys_until(const struct shared_ticket_keys *keys, time_t now)
{
	int64_t next = shared_ticket_key_epoch(keys->timeout_s, now) + 1;

	return shared_ticket_key_encrypt_until(keys->timeout_s, next);
}

static bool
derive(const struct shared_ticket_keys *keys, unsigned secret, int64_t epoch,
    struct shared_ticket_key *key)
{
	key->epoch = epoch;
	key->encrypt_until =
	    shared_ticket_key_encrypt_until(keys->timeout_s, epoch);
	key->decrypt_until =
	    shared_ticket_key_decrypt_until(keys->timeout_s, epoch);
	return shared_ticket_key_derive(
	    keys->parents[secret], NULL, 0, epoch, key->bytes);
}

enum error
shared_ticket_keys_refresh(struct shared_ticket_keys *keys, time_t now)
{
	int64_t epoch = shared_ticket_key_epoch(keys->timeout_s, now);

	if (keys->is_derived && keys->epoch == epoch)
		return ERROR_NONE;
	keys->epoch = epoch;
	keys->is_derived = true;
	for (unsigned secret = 0; secret < keys->secrets; secret++)
		for (int i = 0; i < SHARED_EPOCHS; i++)
			keys->is_derived &= derive(keys, secret, epoch - 2 + i,
			    &keys->keys[secret][i]);
	return keys->is_derived ? ERROR_NONE : ERROR_UNSUPPORTED;
}

enum error
shared_ticket_keys_current(struct shared_ticket_keys *keys, time_t now,
    const struct shared_ticket_key **key)
{
	enum error error = shared_ticket_keys_refresh(keys, now);

	if (error == ERROR_NONE)
		*key = &keys->keys[0][SHARED_EPOCHS - 2];
	return error;
}

enum error
shared_ticket_keys_find(struct shared_ticket_keys *keys, time_t now,
    const unsigned char name[SHARED_TICKET_KEY_NAME_LEN],
    const struct shared_ticket_key **found)
{
	enum error error = shared_ticket_keys_refresh(keys, now);

	if (error != ERROR_NONE)
		return error;
	for (unsigned secret = 0; secret < keys->secrets; secret++)
		for (int i = 0; i < SHARED_EPOCHS; i++) {
			const struct shared_ticket_key *key =
			    &keys->keys[secret][i];

			if (now < key->decrypt_until &&
			    memcmp(key->bytes, name,
				SHARED_TICKET_KEY_NAME_LEN) == 0) {
				*found = key;
				return ERROR_NONE;
			}
		}
	return ERROR_NOT_FOUND;
}

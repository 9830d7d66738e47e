/*
 * shared_ticket_key: session ticket keys that every host of a group derives by
 * itself, the same ones from the secret, epoch by epoch. tlsmgr-protocol(7) has
 * the derivation, and values to test against.
 *
 * An epoch is half the timeout of a session. The key of an epoch encrypts in
 * it, and decrypts in the one before (for hosts whose clock is behind), in the
 * one after, and for the skew of a clock longer. Times are given, never asked
 * for, and may step either way: what can be used follows from the time alone.
 */
#ifndef SHARED_TICKET_KEY_H
#define SHARED_TICKET_KEY_H

#include "error.h"
#include "shared_context.h"
#include "shared_secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SHARED_TICKET_KEY_NAME_LEN 16
#define SHARED_TICKET_KEY_LEN      80 /* name 16, AES-256 32, HMAC 32 */

/* Epochs whose keys may be used: two before the present one, one after it. */
#define SHARED_EPOCHS 4

struct shared_ticket_key {
	unsigned char bytes[SHARED_TICKET_KEY_LEN]; /* the name first */
	int64_t epoch;
	int64_t encrypt_until; /* epoch seconds when encryption with it ends */
	int64_t decrypt_until; /* epoch seconds when decryption ends */
};

struct shared_ticket_keys {
	int64_t timeout_s; /* of a session */
	int64_t epoch_s;   /* half of that */
	unsigned secrets;
	unsigned char parents[SHARED_SECRETS_MAX][SHARED_KEY_LEN];
	bool is_derived; /* the keys below are there */
	int64_t epoch;   /* the present one, when they were derived */
	struct shared_ticket_key keys[SHARED_SECRETS_MAX][SHARED_EPOCHS];
};

/*
 * By how much the clocks of two hosts may differ, where sessions live timeout_s
 * seconds (at least 2).
 */
int64_t shared_ticket_key_skew_s(int64_t timeout_s);

/*
 * The epoch at a time; and when the key of an epoch stops to encrypt, and to
 * decrypt: seconds since 1970.
 */
int64_t shared_ticket_key_epoch(int64_t timeout_s, time_t now);
int64_t shared_ticket_key_encrypt_until(int64_t timeout_s, int64_t epoch);
int64_t shared_ticket_key_decrypt_until(int64_t timeout_s, int64_t epoch);

/*
 * The 80 bytes of the key of an epoch, from a key for the purpose "ticket" and
 * random bytes that the group has in common (none where it has a secret alone).
 * False: OpenSSL cannot do this, and `out` is all zero.
 */
bool shared_ticket_key_derive(const unsigned char parent[SHARED_KEY_LEN],
    const void *random, size_t random_len, int64_t epoch,
    unsigned char out[SHARED_TICKET_KEY_LEN]);

/*
 * Keys for sessions that live timeout_s seconds (at least 2), from secrets (at
 * least one) and the context of smtpd. ERROR_UNSUPPORTED: OpenSSL cannot do
 * this. Pair with shared_ticket_keys_wipe() either way.
 */
enum error shared_ticket_keys_init(struct shared_ticket_keys *,
    const struct shared_secrets *, const struct shared_context *,
    int64_t timeout_s);
void shared_ticket_keys_wipe(struct shared_ticket_keys *);

/*
 * The key to encrypt with at `now`: that of the present epoch and the first
 * secret; borrowed until the next call. ERROR_UNSUPPORTED as above.
 */
enum error shared_ticket_keys_current(
    struct shared_ticket_keys *, time_t now, const struct shared_ticket_key **);

/*
 * The key of that name, of any secret, if it may decrypt at `now`; borrowed
 * until the next call. ERROR_NOT_FOUND: unknown, or its time is over.
 */
enum error shared_ticket_keys_find(struct shared_ticket_keys *, time_t now,
    const unsigned char name[SHARED_TICKET_KEY_NAME_LEN],
    const struct shared_ticket_key **);

/* When encryption ends with the last key that is known at `now`. */
int64_t shared_ticket_keys_until(const struct shared_ticket_keys *, time_t now);

/*
 * Wipe keys whose time is over and derive those that follow, as all calls do:
 * for when nobody asks.
 */
enum error shared_ticket_keys_refresh(struct shared_ticket_keys *, time_t now);

#endif

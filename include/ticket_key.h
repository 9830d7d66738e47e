/*
 * ticket_key: session ticket keys (RFC 5077 section 4).
 *
 * A key encrypts for half the lifetime of a session and decrypts for that half
 * and the next. The current and the previous key are kept, no others; a key
 * that retires is wiped.
 *
 * Times are given, never asked for. They may step either way: a key whose time
 * is over retires, and so does one that would encrypt further into the future
 * than a key made now, since it would outlive its lifetime.
 */
#ifndef TICKET_KEY_H
#define TICKET_KEY_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TICKET_KEY_NAME_LEN   16
#define TICKET_KEY_CIPHER_LEN 32
#define TICKET_KEY_MAC_LEN    32
#define TICKET_KEYS_MAX       2

/* As it travels to the client: 88 bytes, time_t in native form. */
struct ticket_key {
	unsigned char name[TICKET_KEY_NAME_LEN];
	unsigned char cipher[TICKET_KEY_CIPHER_LEN]; /* AES-256 */
	unsigned char mac[TICKET_KEY_MAC_LEN];       /* HMAC-SHA256 */
	int64_t encrypt_until; /* epoch seconds when encryption with it ends */
};

_Static_assert(sizeof(struct ticket_key) == 88, "clients copy 88 bytes");
_Static_assert(sizeof(time_t) == 8, "the wire has a 64-bit time");

struct ticket_keys {
	int64_t lifetime_s; /* of a session; 0: no tickets */
	unsigned count;     /* 0 to TICKET_KEYS_MAX */
	struct ticket_key keys[TICKET_KEYS_MAX]; /* current, previous */
	uint64_t rotations;                      /* keys made */
	/*
	 * Called once after keys changed (made, rotated, retired, wiped), and
	 * must not change them. May be NULL.
	 */
	void (*changed)(void *arg, const struct ticket_keys *);
	void *changed_arg;
};

/* An empty set for sessions that live lifetime_s seconds. */
void ticket_keys_init(struct ticket_keys *, int64_t lifetime_s);
void ticket_keys_fini(struct ticket_keys *); /* wipes; calls nothing back */

/*
 * The key to encrypt with at `now`, made on demand; borrowed until the next
 * call. ERROR_DISABLED: lifetime 0. ERROR_RANDOM: no key could be made; what
 * is there still decrypts.
 */
enum error ticket_keys_current(
    struct ticket_keys *, time_t now, const struct ticket_key **);

/*
 * The key of that name, if it may still decrypt at `now`; borrowed until the
 * next call. ERROR_NOT_FOUND: unknown or too old. ERROR_DISABLED: lifetime 0.
 */
enum error ticket_keys_find(struct ticket_keys *, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], const struct ticket_key **);

/*
 * When the key of that place (0: the current one) was made, and until when it
 * encrypts; 0: there is none.
 */
int64_t ticket_keys_made_at(const struct ticket_keys *, unsigned place);
int64_t ticket_keys_encrypts_until(const struct ticket_keys *, unsigned place);

/*
 * Make a new current key at once; the old one still decrypts. Fails as
 * ticket_keys_current() does.
 */
enum error ticket_keys_rotate(struct ticket_keys *, time_t now);

/*
 * Take in a copy of a key that another process made, in the order of the times
 * until which keys encrypt; the older of too many is dropped. Does not call
 * back. ERROR_TIMED_OUT: too old; ERROR_INVALID: from the future;
 * ERROR_EXISTS: known already, or older than the two that there are;
 * ERROR_DISABLED: lifetime 0.
 */
enum error ticket_keys_adopt(
    struct ticket_keys *, time_t now, const struct ticket_key *);

/*
 * Wipe keys that may no longer decrypt at `now`. All other calls do so too:
 * this one is for when nobody asks, and good for any interval.
 */
void ticket_keys_retire(struct ticket_keys *, time_t now);

/* Wipe all keys now. Always calls back. */
void ticket_keys_wipe(struct ticket_keys *);

#endif

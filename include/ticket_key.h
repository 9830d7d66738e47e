/*
 * ticket_key: session ticket keys (RFC 5077 section 4).
 *
 * A key encrypts for half the lifetime of a session and decrypts for that half
 * and the next. All keys that may still decrypt are kept, up to
 * TICKET_KEYS_MAX; a key that goes is wiped. The one that ends last encrypts:
 * a server process of Postfix goes by that, too.
 *
 * Times are given, never asked for. They may step either way: a key whose time
 * is over goes, and so does one that would encrypt further into the future
 * than a key made now, by more than a clock that is set right may explain.
 */
#ifndef TICKET_KEY_H
#define TICKET_KEY_H

#include "error.h"
#include "shared_ring.h"
#include "shared_ticket_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TICKET_KEY_NAME_LEN   16
#define TICKET_KEY_CIPHER_LEN 32
#define TICKET_KEY_MAC_LEN    32
#define TICKET_KEYS_MAX       16

/* How far the clock may be set back without the loss of a key. */
#define TICKET_KEY_STEP_S 60

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
	/* By encrypt_until, the latest first: that one encrypts. */
	struct ticket_key keys[TICKET_KEYS_MAX];
	uint64_t rotations; /* keys made */
	time_t rotated_at;  /* the last ticket_keys_rotate() */
	/*
	 * Called before a key is made on demand, and before a name is given up:
	 * has another process made one? Answers with ticket_keys_adopt(). May
	 * be NULL.
	 */
	void (*refresh)(void *arg, struct ticket_keys *, time_t now);
	/*
	 * Called once after keys changed (made, rotated, retired, wiped), and
	 * must not change them. May be NULL.
	 */
	void (*changed)(void *arg, const struct ticket_keys *);
	void *callback_arg;
	/*
	 * Keys that the hosts of a group have in common: where there are any,
	 * they are the ones that encrypt, and those above only decrypt.
	 * Borrowed; NULL: there are none.
	 */
	struct shared_ticket_keys *group;
	/*
	 * The same, where they follow from random bytes that the group agrees
	 * on. Only one of the two is there.
	 */
	struct shared_ring *ring;
	struct ticket_key group_key; /* of it, that encrypts */
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
 * A copy of the key of that name, if it may still decrypt at `now`, for the
 * caller to wipe. A key other than the one that encrypts has an encrypt_until
 * that has passed: a server process of Postfix, which holds two keys, encrypts
 * with the one whose time is later (observed on 3.5, 3.7 and 3.11).
 *
 * ERROR_NOT_FOUND: unknown or too old. ERROR_DISABLED: lifetime 0.
 */
enum error ticket_keys_find(struct ticket_keys *, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy);

/* How many keys there are, those of the group among them. */
unsigned ticket_keys_held(const struct ticket_keys *);

/*
 * When the key of that index (0: the one that encrypts) was made, and until
 * when it encrypts; 0: there is none.
 */
int64_t ticket_keys_made_at(const struct ticket_keys *, unsigned index);
int64_t ticket_keys_encrypts_until(const struct ticket_keys *, unsigned index);

/*
 * Make a new key to encrypt with at once; all others still decrypt.
 * ERROR_EXISTS: this was done in this very second, and is not done again.
 * ERROR_SHARED: they are those of the group, which one host alone cannot
 * replace. Otherwise fails as ticket_keys_current() does.
 */
enum error ticket_keys_rotate(struct ticket_keys *, time_t now);

/*
 * Take in a copy of a key that another process made. If there are too many the
 * one that ends first goes. Does not call back. ERROR_TIMED_OUT: too old;
 * ERROR_INVALID: from the future; ERROR_EXISTS: known already, or one too many
 * that ends first; ERROR_DISABLED: lifetime 0.
 */
enum error ticket_keys_adopt(
    struct ticket_keys *, time_t now, const struct ticket_key *);

/*
 * Wipe keys that may no longer decrypt at `now`. All other calls do so too:
 * this one is for when nobody asks, and good for any interval.
 */
void ticket_keys_retire(struct ticket_keys *, time_t now);

/* Wipe all keys of this host now. ticket_keys_wipe() calls back, always. */
void ticket_keys_wipe(struct ticket_keys *);
void ticket_keys_forget(struct ticket_keys *);

#endif

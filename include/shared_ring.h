/*
 * shared_ring: session ticket keys that follow from a secret and, for each
 * epoch, from random bytes that the hosts of a group agree on. It does not
 * communicate: keys of other hosts are merged by a rule that gives all hosts
 * the same key, in whatever order they come; and there is always a key, if need
 * be one of this host's own. tlsmgr-protocol(7) has the derivation.
 *
 * Of several keys for one epoch (a rotation, or hosts that were not connected)
 * that of the highest generation encrypts, and of equal ones that of the
 * smaller random bytes; the others decrypt until their time is over. A rotation
 * raises the generation by 1, a flush to the next multiple of 65536. Times are
 * given, never asked for. See shared_ticket_key.h for epochs.
 */
#ifndef SHARED_RING_H
#define SHARED_RING_H

#include "shared_ticket_key.h"

#define SHARED_RANDOM_LEN     32
#define SHARED_RING_MAX       16
#define SHARED_RING_VALUE_LEN (4 + SHARED_RANDOM_LEN)

struct shared_ring_key {
	struct shared_ticket_key key;
	unsigned char random[SHARED_RANDOM_LEN];
	uint32_t generation;
	unsigned secret;  /* its place in the file of secrets */
	bool is_replaced; /* it only decrypts */
	bool is_common;   /* the group has it, as far as this host knows */
};

struct shared_ring {
	int64_t timeout_s; /* of a session */
	int64_t epoch_s;   /* half of that */
	unsigned secrets;
	unsigned char parents[SHARED_SECRETS_MAX][SHARED_KEY_LEN];
	char fingerprints[SHARED_SECRETS_MAX][SHARED_FINGERPRINT_LEN + 1];
	int64_t epoch; /* the present one, at the time of the last call */
	unsigned count;
	struct shared_ring_key keys[SHARED_RING_MAX];
	time_t rotated_at;
	/* After keys were replaced: the new ones are to be published. May be
	 * NULL. */
	void (*rotated)(void *arg);
	void *rotated_arg;
	/* After keys came or went; must not change them. May be NULL. */
	void (*changed)(void *arg);
	void *changed_arg;
	/* A key was wanted that nobody had, and was made. May be NULL. */
	void (*unshared)(void *arg, const struct shared_ring_key *);
	void *unshared_arg;
};

/* As shared_ticket_keys_init(). */
enum error shared_ring_init(struct shared_ring *, const struct shared_secrets *,
    const struct shared_context *, int64_t timeout_s);
void shared_ring_wipe(struct shared_ring *); /* calls nothing back */

/* The epoch of a time. */
int64_t shared_ring_epoch(const struct shared_ring *, time_t now);

/*
 * The key to encrypt with, made if there is none; the key of a name. As
 * shared_ticket_keys_current() and _find(). ERROR_RANDOM: none can be made.
 */
enum error shared_ring_current(
    struct shared_ring *, time_t now, const struct shared_ticket_key **);
enum error shared_ring_find(struct shared_ring *, time_t now,
    const unsigned char name[SHARED_TICKET_KEY_NAME_LEN],
    const struct shared_ticket_key **);

/* The key of an epoch that is not replaced, or NULL; borrowed as above. */
const struct shared_ring_key *shared_ring_get(
    const struct shared_ring *, unsigned secret, int64_t epoch);

enum shared_merge {
	SHARED_MERGE_SAME,   /* nothing to do */
	SHARED_MERGE_THEIRS, /* theirs wins, and was taken over */
	SHARED_MERGE_OURS, /* ours wins: publish what shared_ring_get() gives */
};

/*
 * What the group has for an epoch, or NULL for nothing: SHARED_RING_VALUE_LEN
 * bytes, be32(generation) and random ones. Where nobody has anything, a key is
 * made for the present epoch and the next one. A key that loses is kept all the
 * same, to decrypt: somebody may have made tickets with it. But not where there
 * was a flush since it was made.
 */
enum shared_merge shared_ring_merge(struct shared_ring *, time_t now,
    unsigned secret, int64_t epoch, const unsigned char *value);

/* The bytes that are published of a key. */
void shared_ring_value(
    const struct shared_ring_key *, unsigned char value[SHARED_RING_VALUE_LEN]);

/* These bytes were published. */
void shared_ring_published(struct shared_ring *, unsigned secret, int64_t epoch,
    const unsigned char value[SHARED_RING_VALUE_LEN]);

/*
 * New keys of the first secret for this epoch and the next, of a generation
 * that wins. ERROR_EXISTS: it was done in this second already. ERROR_RANDOM: a
 * key could not be made; those that there are go on.
 */
enum error shared_ring_rotate(struct shared_ring *, time_t now);

/*
 * New keys in place of all, of each secret and also of the last epoch, and the
 * others are wiped. They are not taken back, whoever still has them; hosts that
 * do go on decrypting with them. ERROR_RANDOM as above.
 */
enum error shared_ring_flush(struct shared_ring *, time_t now);

/*
 * Wipe all keys, as another process of this host did; calls nothing back. NULL
 * allowed.
 */
void shared_ring_forget(struct shared_ring *);

/*
 * Take in a key that was kept somewhere; it may win or be replaced. Does not
 * call back. ERROR_TIMED_OUT: its time is over; ERROR_EXISTS: it is known.
 */
enum error shared_ring_adopt(struct shared_ring *, time_t now, unsigned secret,
    int64_t epoch, const unsigned char value[SHARED_RING_VALUE_LEN],
    bool is_common);

/* Wipe keys whose time is over, as all other calls do. */
void shared_ring_retire(struct shared_ring *, time_t now);

/* Does the group have the key that encrypts at `now`? */
bool shared_ring_is_common(const struct shared_ring *, time_t now);

/*
 * When encryption ends with the last key, without a gap, that it has; 0: none.
 */
int64_t shared_ring_until(const struct shared_ring *, time_t now);

/* How long the bytes of an epoch are of use from `now`, in milliseconds. */
int64_t shared_ring_ttl_ms(
    const struct shared_ring *, time_t now, int64_t epoch);

#endif

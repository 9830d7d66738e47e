/*
 * shared_ring_private: what the files of shared_ring have in common.
 */
#ifndef SHARED_RING_PRIVATE_H
#define SHARED_RING_PRIVATE_H

#include "shared_ring.h"

/* A clock that was set back may have left keys this far ahead. */
#define SHARED_RING_EPOCHS_AHEAD 2

/* Call back: keys came or went. */
void shared_ring_notify(const struct shared_ring *);

/* Wipe one. The last takes its place. */
void shared_ring_drop(struct shared_ring *, unsigned index);

/* Wipe those whose time is over, or far ahead. True: there were such. */
bool shared_ring_drop_unusable(struct shared_ring *, time_t now);

/* The one of an epoch that is not replaced, or NULL. */
struct shared_ring_key *shared_ring_find_epoch(
    struct shared_ring *, unsigned secret, int64_t epoch);

/*
 * Add a key that follows from these bytes; if it is not replaced itself it
 * takes the place of the one that there is. NULL: OpenSSL cannot do this.
 * Others may move.
 */
struct shared_ring_key *shared_ring_add(struct shared_ring *, time_t now,
    unsigned secret, int64_t epoch, uint32_t generation,
    const unsigned char *random, bool is_replaced);

/* The same with bytes from the generator. NULL: it failed, too. */
struct shared_ring_key *shared_ring_make(struct shared_ring *, time_t now,
    unsigned secret, int64_t epoch, uint32_t generation);

#endif

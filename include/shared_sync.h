/*
 * shared_sync: keeps a ring of ticket keys in step with those of the group,
 * over its engine: asks when there is a connection, and then about every
 * minute; merges what there is; publishes what the group does not have.
 */
#ifndef SHARED_SYNC_H
#define SHARED_SYNC_H

#include "loop.h"
#include "shared.h"
#include "shared_ring.h"

#include <stdbool.h>
#include <stdint.h>

struct shared_sync {
	struct shared *shared; /* borrowed, as is the next */
	struct shared_ring *ring;
	struct loop_timer timer; /* set: ask again then */
	unsigned outstanding;    /* requests that are not answered */
	bool is_done;            /* the first poll was answered */
	bool is_poll_soon;       /* the timer is set for a poll out of turn */
	bool may_poll_soon;      /* the last poll was not one out of turn */
	int64_t unshared_epoch;  /* the last that was warned of */
};

/* Nothing is asked before shared_sync_poll(), which `up` of shared calls. */
void shared_sync_init(
    struct shared_sync *, struct shared *, struct shared_ring *, struct loop *);

/* Before the struct shared is freed; answers may still come. */
void shared_sync_fini(struct shared_sync *);

/*
 * Ask for the keys of the last, the present and the next epoch, and publish
 * what the group does not have. Happens by itself after a rotation.
 */
void shared_sync_poll(struct shared_sync *);

#endif

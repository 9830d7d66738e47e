/*
 * shared_queue: sessions and deletions that are still to be sent to the engine,
 * one for each name: a later one replaces an earlier one. Sessions are sealed
 * before they come here. There is a bound for their bytes, at which the oldest
 * are dropped, and one for deletions, which are never dropped: they stay until
 * the engine has carried them out, also over an outage.
 */
#ifndef SHARED_QUEUE_H
#define SHARED_QUEUE_H

#include "shared_seal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define SHARED_QUEUE_BUCKETS     8192
#define SHARED_QUEUE_DELETES_MAX 4096

enum shared_pending {
	SHARED_PENDING_NONE,
	SHARED_PENDING_SET,
	SHARED_PENDING_DELETE,
};

struct shared_entry {
	TAILQ_ENTRY(shared_entry) order; /* among those of its kind */
	struct shared_entry *next;       /* in its bucket */
	struct shared_queue *queue;
	struct shared_name name;
	unsigned side;
	enum shared_pending pending;
	bool is_deleting; /* a deletion is sent and not answered */
	int64_t put_at;
	unsigned char *record; /* owned */
	size_t len;
};

TAILQ_HEAD(shared_entries, shared_entry);

struct shared_queue {
	size_t bytes_max;
	size_t bytes; /* of sessions, and what it takes to keep them */
	unsigned sets, deletes; /* that wait */
	uint64_t dropped;       /* sessions for which there was no room */
	struct shared_entries set_order, delete_order;
	struct shared_entry *buckets[SHARED_QUEUE_BUCKETS];
};

/* Empty, for so many bytes of sessions. */
void shared_queue_init(struct shared_queue *, size_t bytes_max);
void shared_queue_fini(struct shared_queue *); /* forgets all */

/* A session of `len` bytes as sealed, in memory that the queue takes over. */
void shared_queue_put(struct shared_queue *, const struct shared_name *,
    unsigned side, int64_t put_at, unsigned char *record, size_t len);

/* A deletion. False: there is no room for it. */
bool shared_queue_delete(
    struct shared_queue *, const struct shared_name *, unsigned side);

/* Is a deletion of this name queued, or sent and not answered? */
bool shared_queue_is_deleted(
    const struct shared_queue *, const struct shared_name *);

/* The oldest that waits, or NULL. */
struct shared_entry *shared_queue_first_set(const struct shared_queue *);
struct shared_entry *shared_queue_first_delete(const struct shared_queue *);

/*
 * It was sent, or is dropped. A session is freed; a deletion stays until it is
 * answered.
 */
void shared_queue_sent(struct shared_entry *);

/* A deletion that was sent was answered; if not done, it is queued again. */
void shared_queue_deleted(struct shared_entry *, bool is_done);

/* Forget all of a side, but for deletions that are sent. */
void shared_queue_clear(struct shared_queue *, unsigned side);

#endif

/*
 * ctl_sessions: sessions of a listing that are kept until all are there, to be
 * put in another order.
 */
#ifndef CTL_SESSIONS_H
#define CTL_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_session {
	const char *id; /* owned by whoever has the session */
	int64_t size;   /* bytes */
	int64_t put_at; /* seconds since the epoch */
};

/* All zero is an empty one. */
struct ctl_sessions {
	struct ctl_session *list; /* owned, with the ids */
	size_t count, room;
};

/* Is that one of age, left, size and destination? */
bool ctl_sessions_is_order(const char *name);

/* Copies the session. */
void ctl_sessions_add(struct ctl_sessions *, const struct ctl_session *);
/*
 * By age and what is left the oldest first, by size the largest; equal ones as
 * they came.
 */
void ctl_sessions_sort(struct ctl_sessions *, const char *order);
void ctl_sessions_fini(struct ctl_sessions *);

#endif

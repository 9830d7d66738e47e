/*
 * ctl_top_feed: asks the daemon each second, and never waits for it: there is
 * somebody at the keys. When the daemon goes away it connects again.
 */
#ifndef CTL_TOP_FEED_H
#define CTL_TOP_FEED_H

#include "ctl_client.h"
#include "ctl_top.h"

#include <stdbool.h>
#include <stdint.h>

struct ctl_top_feed {
	struct ctl_client client; /* where is_connected */
	bool is_connected;
	const char *queue_directory, *service; /* borrowed */
	unsigned timeout_ms;                   /* of connecting */
	/* Which answers are to come, in order: "stats", or a cache's type. */
	const char *awaited[1 + CTL_TOP_DESTINATION_CACHES];
	int awaited_count, awaited_next;
	bool has_answered;                        /* on this connection */
	struct ctl_top_destinations destinations; /* of this round */
	uint64_t asked_at_us, next_at_us;         /* monotonic */
};

/* Connects to nothing yet. The names are borrowed until the end. */
void ctl_top_feed_init(struct ctl_top_feed *, const char *queue_directory,
    const char *service, unsigned timeout_ms);
void ctl_top_feed_fini(struct ctl_top_feed *);

/*
 * Do what there is to do now: connect, ask, take what has come. A daemon that
 * does not answer is told to `top` within two seconds of its last answer.
 * Returns when to come again at the latest (monotonic); before that when
 * ctl_top_feed_fd() can be read.
 */
uint64_t ctl_top_feed_run(struct ctl_top_feed *, struct ctl_top *);
/* -1: there is nothing to read from. */
int ctl_top_feed_fd(const struct ctl_top_feed *);

#endif

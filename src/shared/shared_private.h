/*
 * shared_private: what the files of shared have in common.
 */
#ifndef SHARED_PRIVATE_H
#define SHARED_PRIVATE_H

#include "shared.h"
#include "shared_link.h"
#include "shared_queue.h"
#include "shared_seal.h"

#include <sys/queue.h>

/* What is kept of names that were sent recently: see shared_put(). */
#define SHARED_RECENT 16384

struct shared_lookup;
TAILQ_HEAD(shared_lookups, shared_lookup);

struct shared_counters {
	uint64_t lookups, hits, misses, timeouts, late, skipped;
	uint64_t stores, deletes, unsent_refresh;
	uint64_t rejected, skewed;
};

struct shared {
	struct shared_config config;
	struct shared_servers servers;
	char *probe_prefix; /* owned */
	struct shared_seal *seals[SHARED_SIDES][SHARED_SECRETS_MAX];
	uint64_t paused_until_us[SHARED_SIDES]; /* 0: not paused */
	struct loop *loop; /* borrowed; NULL: not started */
	struct shared_link link;
	struct shared_queue queue;
	struct loop_timer gather; /* set: sessions wait for others */
	bool is_due;              /* sessions have waited long enough */
	struct loop_timer again;  /* set: deletions wait, one was refused */
	uint64_t sets_sent_us;    /* when some were sent last (monotonic) */
	bool is_ending;
	struct shared_lookups waiting; /* lookups that are not answered */
	uint32_t recent_names[SHARED_RECENT], recent_s[SHARED_RECENT];
	unsigned rejected_in_row;
	bool was_up;
	time_t down_since;
	uint64_t skipped_before; /* when it went down */
	struct shared_counters counters;
	struct histogram round_trip; /* microseconds */
	struct log_limit up_limit, skew_limit, pause_limit;
};

/* shared_record.c */

/*
 * Open a record that the engine gave, and judge it. ERROR_NOT_FOUND: it does
 * not open, is too old (a session), is not as long as it must be (a ticket
 * key), or is from further ahead than clocks may be apart; counted, and wiped.
 * After too many that do not open the link is given up.
 */
enum error shared_record_open(struct shared *, enum shared_side,
    unsigned secret, enum shared_kind, const struct shared_name *,
    const unsigned char *record, size_t len, struct shared_plain *);

/* shared.c */

/* Is nothing shared for this side for a while? See shared_remove(). */
bool shared_is_paused(const struct shared *, enum shared_side);

#endif

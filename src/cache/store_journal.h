/*
 * store_journal: a session cache in a journal, with an index in memory that
 * finds its records. Private to store_journal*.c.
 *
 *     path.journal   the sessions, in order (journal.h)
 *
 * A session lives if the index leads to its record. Why it is made this way is
 * in docs/design.md.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "index.h"
#include "journal.h"
#include "log.h"
#include "store.h"

_Static_assert(STORE_KEY_MAX == JOURNAL_KEY_MAX, "what is taken can be kept");
_Static_assert(STORE_VALUE_MAX == JOURNAL_VALUE_MAX, "the same");

#define STORE_JOURNAL_COMPLAINT_PERIOD_S 60

enum store_journal_state {
	STORE_JOURNAL_BROKEN,  /* nothing can be stored; tried again later */
	STORE_JOURNAL_WAITING, /* for the lock, which another process has */
	/* From here on requests are served. */
	STORE_JOURNAL_LOADING,   /* the segments of the file are found */
	STORE_JOURNAL_REPLAYING, /* the index is made from them */
	STORE_JOURNAL_READY,
};

struct store_journal {
	struct store base;
	enum store_journal_state state;
	char *name;                 /* "smtpd"; owned */
	char *database;             /* "btree:/path"; owned, for messages */
	struct store_config config; /* its strings are not kept */
	bool is_volatile;           /* nothing is kept across processes */
	struct journal *journal;    /* owned */
	struct index index;
	struct index_load *load; /* owned; NULL: not replaying */
	bool is_collected;       /* the load has all that the journal has */
	bool is_retaining;       /* the replay is that of a start */
	bool is_late;            /* it is of what could not be read then */
	/*
	 * What is found with a lower number may have been superseded by what
	 * could not be read, so it is not given. 0: all was read, or given up.
	 */
	uint64_t doubt_sequence;
	uint64_t first_sequence; /* of what was stored since the start */
	bool is_lock_overdue;    /* nobody who ends has a lock for so long */
	/* Monotonic; 0: none. */
	uint64_t locked_since_us; /* we wait for it */
	uint64_t retry_us;        /* when to try again */
	uint64_t retry_delay_us;  /* and how long that was */
	uint64_t flush_retry_us;  /* not before, after a failure */
	uint64_t written_back_us; /* all dirty entries of the index */
	uint64_t started_us;
	/* One for each kind of line: a disk may be full for days. */
	struct log_limit put_complaints, broken_complaints, empty_complaints;
	struct log_limit eviction_reports;
	struct store_statistics counted;
};

static inline bool
store_journal_is_serving(const struct store_journal *store)
{
	return store->state >= STORE_JOURNAL_LOADING;
}

/* May what this entry leads to be served? */
static inline bool
store_journal_is_certain(
    const struct store_journal *store, const struct index_entry *entry)
{
	return entry->sequence >= store->doubt_sequence;
}

/* store_journal_open.c: see store.h. */
enum error store_journal_open(
    const struct store_config *, struct store **, char **cause);
void store_journal_close(struct store *);

/* store_journal_start.c */
/*
 * Take the lock, and find out whose file it is. Errors as of `start` in
 * store.h; then it can be tried again, no sooner than retry_us.
 */
enum error store_journal_start(struct store_journal *);
/* Begin with nothing, while serving. */
enum error store_journal_empty(struct store_journal *);

/* store_journal_replay.c */
/* Make the index, or bring into it what could not be read before. */
void store_journal_replay_begin(struct store_journal *);
/*
 * A slice of that. Returns in how many microseconds to call again; when all is
 * in the index, `load` is NULL, and what is left is to call the end.
 */
uint64_t store_journal_replay_slice(
    struct store_journal *, uint64_t deadline_us);
/* All is there: say so, and count what was taken over. */
void store_journal_replay_end(struct store_journal *);
/* It is not wanted any more. */
void store_journal_replay_abandon(struct store_journal *);

/* store_journal_expire.c */

/* Are there more sessions than there may be? */
bool store_journal_is_over_bounds(const struct store_journal *);
/* Remove the oldest until the bounds are kept; look at `limit` records. */
void store_journal_make_room(struct store_journal *, unsigned limit);
/*
 * Remove what has expired or is over the bounds, until nothing is or until
 * deadline_us (monotonic). Returns in how many microseconds to call again.
 */
uint64_t store_journal_expire_slice(
    struct store_journal *, time_t now, uint64_t deadline_us);

/* store_journal_upkeep.c */
uint64_t store_journal_maintain(struct store *, time_t now, uint64_t budget_us);
/* The start, and as much of what follows as start_budget_us allows. */
enum error store_journal_begin(struct store *);

#endif

/*
 * store_bdb: a session cache in a journal, with a Berkeley DB table that finds
 * its records. Private to store_bdb*.c.
 *
 *     path.db        the table: digest of the key -> place in the journal
 *     path.journal   the sessions, in order (journal.h)
 *
 * Why not the sessions in the table: put at random places, each would dirty a
 * page of 8 kB or more, and with more data than memory each removal would read
 * and write one. This way a session is written once, in order; the table is
 * small enough to stay in memory; and losing it loses nothing.
 *
 * A session lives if the table holds the sequence number of its record.
 */
#ifndef STORE_BDB_H
#define STORE_BDB_H

#include "bdb.h"
#include "journal.h"
#include "log.h"
#include "store.h"

#define STORE_BDB_COMPLAINT_PERIOD_S 60

enum store_bdb_state {
	STORE_BDB_WAITING,   /* for the lock: the files are not ours */
	STORE_BDB_REPLAYING, /* the table is made from the journal */
	STORE_BDB_READY,
	STORE_BDB_BROKEN,    /* nothing can be stored; tried again later */
};

/* What the table holds under the digest of a key. */
struct place {
	uint64_t sequence;
	uint64_t position;
	uint32_t key_len;
	uint32_t value_len;
};

/* What the array of recent places knows of a digest, beside the place. */
enum store_bdb_slot_state {
	SLOT_EMPTY,
	SLOT_SAME, /* the table says the same */
	/* From here on: the table is yet to be told. */
	SLOT_NEW,     /* it has nothing under this digest */
	SLOT_CHANGED, /* it has an older place, or nothing */
	SLOT_GONE,    /* it may have a place; there is none */
};

#define SLOT_KEY_LEN_BITS 29
#define SLOT_KEY_LEN_MASK ((1U << SLOT_KEY_LEN_BITS) - 1)

struct store_bdb_slot {
	uint64_t digest;
	uint64_t sequence;
	uint64_t position;
	uint32_t key_len : SLOT_KEY_LEN_BITS;
	uint32_t state : 32 - SLOT_KEY_LEN_BITS; /* enum store_bdb_slot_state */
	uint32_t value_len;
};

/* Places that were found or set lately, in order of their digests. */
struct store_bdb_recent {
	void *memory;                 /* owned */
	struct store_bdb_slot *slots; /* in `memory` */
	uint64_t count;               /* of slots, a power of two */
	unsigned shift;               /* of a digest, to the slots to search */
	uint64_t dirty_count;         /* slots that the table is yet to be told */
};

struct store_bdb {
	struct store base;
	enum store_bdb_state state;
	char *name;     /* "smtpd"; owned */
	char *database; /* "btree:/path"; owned, for messages */
	struct store_config config; /* its strings are not kept */
	bool is_volatile;           /* nothing is kept across processes */
	struct bdb *table;          /* owned */
	struct store_bdb_recent recent; /* has the last word, then the table */
	uint64_t sweep;                 /* slots before this have been told */
	uint64_t swept_us;              /* when the last one ended (monotonic) */
	struct journal *journal;    /* owned */
	uint64_t entries;
	uint64_t bytes;        /* keys and values that live */
	uint64_t journal_live; /* what their records take in the journal */
	/* Until the replay is over, what it may yet supersede is not served. */
	uint64_t served_from;
	bool is_marked_clean;  /* the journal's header says so */
	enum error lock_error; /* why it is waiting */
	bool is_lock_overdue;  /* nobody who ends has a lock for so long */
	uint64_t locked_since_us; /* 0: we have it */
	uint64_t retry_us;     /* when to try again (monotonic) */
	uint64_t flush_retry_us; /* not before, after a failure (monotonic) */
	uint64_t head_retry_us;  /* the same, of reading the oldest record */
	uint64_t started_us;
	bool is_journal_loaded;
	bool is_retaining;     /* the replay is that of the start */
	/* One for each kind of line: a disk may be full for days. */
	struct log_limit put_complaints, broken_complaints;
	struct log_limit empty_complaints, rebuild_complaints;
	struct log_limit eviction_reports;
	struct store_statistics counted;
};

/*
 * store_bdb_place.c: where each key's record is, and the accounts that go with
 * it. Changes are made in the array of recent places; the table is told what
 * is pushed out of there, and everything before a clean mark is made.
 */

/*
 * The place of a key. Damage of the table is dealt with here, and is
 * ERROR_NOT_FOUND to the caller.
 */
enum error store_bdb_find(struct store_bdb *, const char *key, size_t key_len,
    struct place *);
/* This key's place is asked for or set soon: fetch what it takes. */
void store_bdb_expect(const struct store_bdb *, const char *key,
    size_t key_len);
/* Let the key's place be that of this record. */
enum error store_bdb_set_place(struct store_bdb *,
    const struct journal_record *);
/* There is no such key any more; this was its place. */
enum error store_bdb_forget(struct store_bdb *, const char *key,
    size_t key_len, const struct place *);
/* The place of this very record. ERROR_NOT_FOUND: it is dead. */
enum error store_bdb_find_record(struct store_bdb *,
    const struct journal_record *, struct place *);
/*
 * Tell the table what it is yet to be told, from where the last call stopped
 * to the end or to deadline_us (monotonic). ERROR_NONE and `sweep` 0: all has
 * been told. An error: the rest waits, and the next call begins anew.
 */
enum error store_bdb_sweep(struct store_bdb *, uint64_t deadline_us);
/* The table is empty: set the accounts to zero. */
void store_bdb_clear_accounts(struct store_bdb *);

/*
 * store_bdb_recent.c: the array of recent places. Any two digests may have to
 * share a slot. What is set, or marked, goes in at once; a slot that is dirty
 * (above SLOT_SAME) must not be set for another digest before the table knows.
 */

/* Takes the memory when it is used, and not all of it. */
void store_bdb_recent_init(struct store_bdb_recent *, uint64_t memory);
void store_bdb_recent_fini(struct store_bdb_recent *);
void store_bdb_recent_clear(struct store_bdb_recent *);
/* Fetch the memory that a search for this digest reads. */
void store_bdb_recent_expect(const struct store_bdb_recent *, uint64_t digest);
/* The slot of this digest, or NULL: the table may know it. */
struct store_bdb_slot *store_bdb_recent_find(const struct store_bdb_recent *,
    uint64_t digest);
/* The slot to use for a digest that has none; may be dirty. */
struct store_bdb_slot *store_bdb_recent_victim(const struct store_bdb_recent *,
    uint64_t digest);
void store_bdb_recent_set(struct store_bdb_recent *, struct store_bdb_slot *,
    uint64_t digest, const struct place *, enum store_bdb_slot_state);
void store_bdb_recent_mark(struct store_bdb_recent *, struct store_bdb_slot *,
    enum store_bdb_slot_state);
struct place store_bdb_slot_place(const struct store_bdb_slot *);
/*
 * The next dirty slot from *cursor on, which is then behind it; NULL: none
 * among the next `limit`, and *cursor is `count` at the end.
 */
struct store_bdb_slot *store_bdb_recent_next_dirty(
    const struct store_bdb_recent *, uint64_t *cursor, uint64_t limit);

/* store_bdb_start.c */
enum error store_bdb_start(struct store *);
enum error store_bdb_save(struct store *, bool durable);
/* One slice of making the table from the journal. */
void store_bdb_replay_slice(struct store_bdb *, uint64_t deadline_us);
/* The table cannot be trusted any more: make it again. */
void store_bdb_rebuild(struct store_bdb *);
/* Begin with nothing. */
enum error store_bdb_reset(struct store_bdb *);
/*
 * The files are about to differ from what a clean mark says. If the mark
 * cannot be taken away, nothing may be written.
 */
enum error store_bdb_unmark(struct store_bdb *);

/* store_bdb_expire.c */

/* Remove the oldest until the bounds are kept; look at `limit` records. */
void store_bdb_make_room(struct store_bdb *, unsigned limit);
/*
 * Remove what has expired or is over the bounds, until nothing is or until
 * deadline_us (monotonic). Returns in how many microseconds to come back.
 */
uint64_t store_bdb_expire_slice(struct store_bdb *, time_t now,
    uint64_t deadline_us);

/* store_bdb_upkeep.c */
uint64_t store_bdb_maintain(struct store *, time_t now, uint64_t budget_us);

#endif

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
	STORE_BDB_WAITING,   /* another process has the lock */
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

/* Places that were found or set lately, by digest. */
struct store_bdb_recent {
	struct store_bdb_slot *slots; /* owned */
	uint64_t mask;                /* their number, a power of two, less one */
};

struct store_bdb {
	struct store base;
	enum store_bdb_state state;
	char *name;     /* "smtpd"; owned */
	char *database; /* "btree:/path"; owned, for messages */
	struct store_config config; /* its strings are not kept */
	bool is_volatile;           /* nothing is kept across processes */
	struct bdb *table;          /* owned */
	struct store_bdb_recent recent; /* never says other than the table */
	struct journal *journal;    /* owned */
	uint64_t entries;
	uint64_t bytes;        /* keys and values that live */
	uint64_t journal_live; /* what their records take in the journal */
	/* Until the replay is over, what it may yet supersede is not served. */
	uint64_t served_from;
	bool is_marked_clean;  /* the journal's header says so */
	uint64_t retry_us;     /* when to try again (monotonic) */
	uint64_t started_us;
	bool is_journal_loaded;
	/* One for each kind of line: a disk may be full for days. */
	struct log_limit put_complaints, broken_complaints;
	struct log_limit empty_complaints, rebuild_complaints;
	struct log_limit eviction_reports;
	struct store_statistics counted;
};

/* store_bdb_place.c: the table and the accounts that go with it. */

/*
 * The place of a key. Damage of the table is dealt with here, and is
 * ERROR_NOT_FOUND to the caller.
 */
enum error store_bdb_find(struct store_bdb *, const char *key, size_t key_len,
    struct place *);
/* Let the key's place be that of this record. */
enum error store_bdb_set_place(struct store_bdb *,
    const struct journal_record *);
/* Take the key, whose place this is, out of the table. */
enum error store_bdb_forget(struct store_bdb *, const char *key,
    size_t key_len, const struct place *);
/* The place of this very record. ERROR_NOT_FOUND: it is dead. */
enum error store_bdb_find_record(struct store_bdb *,
    const struct journal_record *, struct place *);
/* The table is empty: set the accounts to zero. */
void store_bdb_clear_accounts(struct store_bdb *);

/* store_bdb_recent.c */

/* Takes the memory when it is used, and not all of it. */
void store_bdb_recent_init(struct store_bdb_recent *, uint64_t memory);
void store_bdb_recent_fini(struct store_bdb_recent *);
void store_bdb_recent_clear(struct store_bdb_recent *);
/* False: not here; the table may have it. */
bool store_bdb_recent_find(const struct store_bdb_recent *,
    const uint64_t digest[2], struct place *);
void store_bdb_recent_set(struct store_bdb_recent *, const uint64_t digest[2],
    const struct place *);
void store_bdb_recent_forget(struct store_bdb_recent *,
    const uint64_t digest[2]);

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
uint64_t store_bdb_maintain(struct store *, time_t now, uint64_t budget_us);
/* Remove the oldest until the bounds are kept; look at `limit` records. */
void store_bdb_make_room(struct store_bdb *, unsigned limit);

#endif

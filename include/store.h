/*
 * store: where the entries of one session cache are. An interface, and a
 * registry of the kinds that implement it (store.c).
 *
 * An entry is a key (bytes without NUL), a value, and the time at which it was
 * put. Requests complete by callback, once, possibly before they return: a
 * store that answers later fits without a change to its callers. Keys and
 * values are borrowed until the request returns, not until it completes: such
 * a store copies what it needs. Between requests the owner calls maintain(),
 * which does in bounded slices what no client should wait for: expiry,
 * write-back, making the index from what is on disk.
 */
#ifndef STORE_H
#define STORE_H

#include "error.h"
#include "siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define STORE_KEY_MAX         4096
#define STORE_VALUE_MAX       (256 * 1024)
#define STORE_FINGERPRINT_LEN 32

struct store_kind; /* below */

/* What the cache asks of its store. Strings are copied. */
struct store_config {
	const char *name; /* for messages: "smtpd" */
	const struct store_kind *kind;
	const char *path;         /* without suffix */
	int64_t timeout_s;        /* an entry older than this is gone */
	uint64_t entries_max;     /* 0: no bound */
	uint64_t bytes_max;       /* keys and values; 0: no bound */
	uint64_t memory;          /* bytes, to find entries by */
	bool persist;             /* keep the content across processes */
	uint64_t start_budget_us; /* what start() may take; the rest goes on */
	/* Of what entries depend on: where it differs, start empty. */
	unsigned char fingerprint[STORE_FINGERPRINT_LEN];
	/* Random, of this process: for the hash that entries are found by. */
	unsigned char hash_key[SIPHASH_KEY_LEN];
};

/* The state of a store, and what it counted since the start. */
struct store_statistics {
	uint64_t entries;
	uint64_t bytes;           /* keys and values that are live */
	uint64_t disk_bytes;      /* size of the files */
	uint64_t allocated_bytes; /* what they take on disk */
	time_t oldest;            /* time of the oldest entry, as it was at the
	                           * last maintain(); 0: none */
	uint64_t expired;
	uint64_t evicted;
	uint64_t retained; /* entries taken over at start */
	uint64_t lost;     /* entries that damage took */
	uint64_t errors;   /* failed reads and writes */
	bool is_ready;     /* false: waiting for the lock, or replaying */
};

/*
 * The clock may have been set back since an entry was put. One that is from
 * further ahead than this is as good as expired: its age cannot be known.
 */
#define STORE_CLOCK_STEP_S 60

/* `put_at` is 0 or above, and no store gives out another. */
static inline bool
store_is_expired(time_t put_at, time_t now, int64_t timeout_s)
{
	return now - put_at > timeout_s || put_at - now > STORE_CLOCK_STEP_S;
}

/* Value and time are borrowed until the callback returns. */
typedef void store_get_fn(
    void *arg, enum error, const void *value, size_t len, time_t put_at);
typedef void store_done_fn(void *arg, enum error);
/* Return false to stop. */
typedef bool store_each_fn(void *arg, const char *key, size_t key_len,
    size_t value_len, time_t put_at);

struct store; /* each kind embeds this as its first member */

struct store_ops {
	/*
	 * Privileged stage, with the effective ids of the mail owner: open
	 * descriptors, read nothing. ERROR with *cause on failure.
	 */
	enum error (*open)(
	    const struct store_config *, struct store **, char **cause);
	/*
	 * In the jail: take the lock, read what is there. ERROR_LOCKED: later.
	 */
	enum error (*start)(struct store *);

	/*
	 * ERROR_NOT_FOUND: there is none, or none that can be read at present,
	 * which counts as an error in the statistics.
	 */
	void (*get)(struct store *, const char *key, size_t key_len,
	    store_get_fn *, void *arg);
	/*
	 * ERROR_TOO_LARGE: could never be kept. Any error: a get does not find
	 * it, and nothing made room.
	 */
	void (*put)(struct store *, const char *key, size_t key_len,
	    const void *value, size_t len, time_t now, store_done_fn *,
	    void *arg);
	void (*remove)(struct store *, const char *key, size_t key_len,
	    store_done_fn *, void *arg);
	/* Remove everything. ERROR_LOCKED: not ours yet. */
	void (*clear)(struct store *, store_done_fn *, void *arg);
	/*
	 * One slice of what can be got, expired or not, oldest first, from
	 * *cursor (0: begin) and for about budget_us; *cursor is 0 again when
	 * all were seen. Entries that come, go or are replaced between two
	 * slices may be missed; none is seen twice. *is_complete becomes false
	 * where some were left out, since they cannot be read at present, or
	 * are yet to be found. There may be none at all in a slice, as where
	 * they are not in memory yet. ERROR_LOCKED, ERROR_IO: nothing can
	 * be got.
	 */
	enum error (*each)(struct store *, uint64_t *cursor, uint64_t budget_us,
	    bool *is_complete, store_each_fn *, void *arg);

	/*
	 * Work for about budget_us. Returns in how many microseconds there is
	 * work again: 0 at once, UINT64_MAX: none until the next request.
	 */
	uint64_t (*maintain)(struct store *, time_t now, uint64_t budget_us);
	/*
	 * Write out all that is to be kept; a clean end. With `durable`, wait
	 * for the disk: the machine may be going down.
	 */
	enum error (*save)(struct store *, bool durable);
	/* Write what a kill would lose, now, and wait for nothing else. */
	enum error (*write_out)(struct store *);
	/*
	 * False: nothing can be stored at present. True as well while the lock
	 * is another process's that should be ending: clients ask once.
	 */
	bool (*is_usable)(const struct store *);
	void (*statistics)(const struct store *, struct store_statistics *);
	void (*close)(struct store *);
};

struct store {
	const struct store_ops *ops;
};

/* The kinds. */
extern const struct store_ops store_journal_ops;

/* A name that may stand before the colon in main.cf, and what serves it. */
struct store_kind {
	const char *type;
	const struct store_ops *ops;
	bool in_memory; /* its path is but a name, and it ends with us */
	bool is_alias;  /* of the kind that most have, for old main.cf files */
};

/* The kind of this type, or NULL; borrowed, always valid. */
const struct store_kind *store_kind_find(const char *type);
/* All types, comma-separated, for messages; the caller frees it. */
char *store_types(void);

#endif

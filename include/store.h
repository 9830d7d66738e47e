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
 * write-back, replay after a crash.
 */
#ifndef STORE_H
#define STORE_H

#include "error.h"
#include "settings_digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define STORE_KEY_MAX   4096
#define STORE_VALUE_MAX (256 * 1024)
#define STORE_BOOT_ID_LEN 36

/* What the cache asks of its store. Strings are copied. */
struct store_config {
	const char *name;       /* for messages: "smtpd" */
	const char *type;       /* "btree", "hash", "internal", ... */
	const char *path;       /* without suffix */
	int64_t timeout_s;      /* an entry older than this is gone */
	uint64_t entries_max;   /* 0: no bound */
	uint64_t bytes_max;     /* keys and values; 0: no bound */
	uint64_t memory;        /* bytes of memory pool */
	bool persist;           /* keep the content across processes */
	uint64_t start_budget_us; /* what start() may take; the rest goes on */
	unsigned char digest[SETTINGS_DIGEST_LEN]; /* other: start empty */
	char boot_id[STORE_BOOT_ID_LEN]; /* what was not synced is as old */
};

/* The state of a store, and what it counted since the start. */
struct store_statistics {
	uint64_t entries;
	uint64_t bytes;         /* keys and values that are live */
	uint64_t disk_bytes;    /* size of the files */
	time_t oldest;          /* time of the oldest entry, as it was at the
	                         * last maintain(); 0: none */
	uint64_t expired;
	uint64_t evicted;
	uint64_t retained;      /* entries taken over at start */
	uint64_t errors;        /* failed reads and writes */
	bool is_ready;          /* false: waiting for the lock, or replaying */
};

/*
 * The clock may have been set back since an entry was put. One that is from
 * further ahead than this is as good as expired: its age cannot be known.
 */
#define STORE_CLOCK_STEP_S 60

static inline bool
store_is_expired(time_t put_at, time_t now, int64_t timeout_s)
{
	return now - put_at > timeout_s || put_at - now > STORE_CLOCK_STEP_S;
}

/* Value and time are borrowed until the callback returns. */
typedef void store_get_fn(void *arg, enum error, const void *value, size_t len,
    time_t put_at);
typedef void store_done_fn(void *arg, enum error);
/* Return false to stop. */
typedef bool store_each_fn(void *arg, const char *key, size_t key_len,
    size_t value_len, time_t put_at);

struct store; /* each kind embeds this as its first member */

struct store_ops {
	/* NULL-terminated: the names that may stand before the colon. */
	const char *const *types;

	/*
	 * Privileged stage, with the effective ids of the mail owner: open
	 * descriptors, read nothing. ERROR with *cause on failure.
	 */
	enum error (*open)(const struct store_config *, struct store **,
	    char **cause);
	/* In the jail: take the lock, read what is there. ERROR_LOCKED: later. */
	enum error (*start)(struct store *);

	void (*get)(struct store *, const char *key, size_t key_len,
	    store_get_fn *, void *arg);
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
	 * slices may be missed; none is seen twice. ERROR_LOCKED, ERROR_IO:
	 * nothing can be got at present.
	 */
	enum error (*each)(struct store *, uint64_t *cursor, uint64_t budget_us,
	    store_each_fn *, void *arg);

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
extern const struct store_ops store_bdb_ops;

/*
 * The kind that serves `type`, or NULL. store_types() is the list of all
 * names, comma-separated, for messages; the caller frees it.
 */
const struct store_ops *store_find(const char *type);
char *store_types(void);

#endif

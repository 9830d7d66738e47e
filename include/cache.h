/*
 * cache: what a TLS session cache means: which types there are, how old a
 * session may be, what is logged and counted. Where entries are is the
 * store's business.
 */
#ifndef CACHE_H
#define CACHE_H

#include "error.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CACHE_TIMEOUT_MIN_S 120

enum cache_type {
#define CACHE_TYPE(name, symbol) CACHE_##symbol,
#include "cache_types.def"
	CACHE_TYPES,
};

struct cache_counters {
#define CACHE_COUNTED(name, help) uint64_t name;
#include "counters.def"
};

struct cache {
	enum cache_type type;
	const char *name;  /* "smtpd" */
	char *database;    /* as configured; NULL: none */
	int64_t timeout_s; /* after adjustment; 0: off */
	bool log_activity;
	struct store *store; /* owned; NULL: not enabled or failed */
	struct cache_counters counters;
	void (*wake)(void *arg); /* there is work for cache_maintain() */
	void *wake_arg;
};

/* "smtpd", "smtp", "lmtp". */
const char *cache_type_name(enum cache_type);
/* ERROR_NOT_FOUND: no such type. */
enum error cache_type_parse(const char *name, enum cache_type *);

/* The timeout that is in force for one that was configured. */
int64_t cache_timeout_adjust(int64_t configured_s);

/*
 * A cache without a database; the timeout is adjusted. Pair with cache_fini().
 */
void cache_init(struct cache *, enum cache_type, int64_t configured_timeout_s);
void cache_fini(struct cache *); /* closes the store */

/* Enabled by configuration: has a database and a timeout. */
bool cache_is_enabled(const struct cache *);
/* ... and its store works: what `policy` reports as cachable. */
bool cache_is_cachable(const struct cache *);

/* Without a session (NULL, 0) but for a lookup that found one. */
typedef void cache_done_fn(
    void *arg, enum error, const void *session, size_t len);

/* A request on its way; the caller's, and his until it is done. */
struct cache_request {
	struct cache *cache;
	char *id; /* a copy for the log; owned; NULL where nothing is logged */
	cache_done_fn *done;
	void *arg;
};

/*
 * Look up, store, delete. ERROR_DISABLED: the cache is not enabled;
 * ERROR_NOT_FOUND: absent or expired; anything else: could not be done.
 * The callback may come before the call returns; id and session are borrowed
 * until the call returns, the session that was found until the callback does.
 */
void cache_lookup(struct cache *, struct cache_request *, const char *id,
    size_t id_len, cache_done_fn *, void *arg);
void cache_update(struct cache *, struct cache_request *, const char *id,
    size_t id_len, const void *session, size_t len, cache_done_fn *, void *arg);
void cache_delete(struct cache *, struct cache_request *, const char *id,
    size_t id_len, cache_done_fn *, void *arg);

/*
 * Remove everything. ERROR_DISABLED as above; ERROR_LOCKED: another process
 * has the files, try again.
 */
void cache_clear(
    struct cache *, struct cache_request *, cache_done_fn *, void *arg);

/*
 * One slice of all entries that a lookup would find, oldest first; see `each`
 * in store.h. Errors as of cache_clear(), then nothing was called back.
 */
enum error cache_list(struct cache *, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *, void *arg);

/* What a kill would lose is written now. ERROR_DISABLED: not enabled. */
enum error cache_write_out(struct cache *);

/* All zero where there is no store. */
void cache_statistics(const struct cache *, struct store_statistics *);

/* See store.h: one slice of background work, and when to come again (us). */
uint64_t cache_maintain(struct cache *, uint64_t budget_us);

/* A clean end: write out what is to be kept. */
void cache_save(struct cache *, bool durable);

#endif

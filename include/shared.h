/*
 * shared: what a group of hosts keeps in an engine (Valkey, Redis), as the rest
 * of this program sees it: sessions, and the random part of ticket keys.
 * Nothing depends on it: an answer that does not come in time is a miss, and no
 * client waits longer.
 *
 * Everything leaves this host sealed, and under names that reveal nothing
 * (tlsmgr-protocol(7)). shared_turn() is called at the end of each turn of the
 * loop; it does the writing.
 */
#ifndef SHARED_H
#define SHARED_H

#include "error.h"
#include "histogram.h"
#include "loop.h"
#include "shared_group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Bytes by which a reply may exceed value_max: header, padding, framing. */
#define SHARED_REPLY_OVERHEAD 5120

struct shared;

/* Borrowed for as long as the struct shared. */
struct shared_config {
	const struct shared_group *group; /* begun; it has servers */
	const char *user;                 /* NULL: none */
	const char *password;             /* NULL: none */
	bool sides[SHARED_SIDES];         /* whose sessions are shared */
	bool has_ticket_keys;             /* of the group: smtpd's */
	int64_t lookup_ms;
	size_t value_max;  /* larger sessions stay on this host */
	size_t queue_size; /* bytes; of what is not sent or answered */
	int64_t refresh_s; /* one session is not sent more often */
	/* It is up, for the first time or again. May be NULL. */
	void (*up)(void *arg);
	void *arg;
};

struct shared_statistics {
	const char *state;  /* "off", "connecting", "up", "down" */
	const char *server; /* as configured; "": none */
	time_t down_since;  /* 0: it is up, or off */
	/* As tlsmgr-protocol(7) has them, under "shared." */
	uint64_t lookups, hits, misses, timeouts, late, skipped;
	uint64_t stores, deletes, dropped, unsent_refresh;
	uint64_t rejected, skewed, errors, connects, failures;
	uint64_t queue_bytes;
	const struct histogram *round_trip; /* of lookups, in microseconds */
};

/*
 * The TCP ports of a list of servers; returns how many, at most `max`.
 */
unsigned shared_server_ports(
    const char *servers, unsigned *ports, unsigned max);

/* Is one of them an address of this family (AF_INET, AF_INET6)? */
bool shared_servers_have(const char *servers, int family);

/* NULL: OpenSSL cannot do this. Pair with shared_free(). */
struct shared *shared_new(const struct shared_config *);
void shared_free(struct shared *); /* NULL allowed */

/* Connect, and again whenever the connection is lost; never waits. */
void shared_start(struct shared *, struct loop *);

/* Send what is to be sent. For the end of each turn of the loop. */
void shared_turn(struct shared *);

/* Is it up, or being connected? */
bool shared_is_up_or_connecting(const struct shared *);

/* Are the sessions of this side in the engine, just now? */
bool shared_has(const struct shared *, enum shared_side);

/*
 * Look a session up in the engine. Called back once within the time of a
 * lookup, possibly before this returns; if !is_last, again when the late
 * answer has come. ERROR_NOT_FOUND: there is none. The identifier is
 * borrowed until this returns, the value until the callback does.
 */
typedef void shared_get_fn(void *arg, enum error, const void *value, size_t len,
    time_t put_at, bool is_last);
void shared_get(struct shared *, enum shared_side, const char *id,
    size_t id_len, shared_get_fn *, void *arg);

/* Queue a session for the engine. All is borrowed until this returns. */
void shared_put(struct shared *, enum shared_side, const char *id,
    size_t id_len, const void *value, size_t len, time_t put_at);

/*
 * Queue the deletion of a session. Until the engine has confirmed it,
 * shared_get() finds nothing under this identifier.
 */
void shared_remove(
    struct shared *, enum shared_side, const char *id, size_t id_len);

/* May a deletion by this host be queued, or not confirmed by the engine? */
bool shared_is_removed(
    struct shared *, enum shared_side, const char *id, size_t id_len);

/*
 * Ask for the value that the group has for an epoch, under one of its secrets.
 * Where an error is returned nothing is called back: ERROR_CLOSED: the engine
 * is not up; ERROR_NO_SPACE: too much is on its way; ERROR_UNSUPPORTED: OpenSSL
 * cannot do this. Else it is called back once: ERROR_NONE, with a value of
 * SHARED_RING_VALUE_LEN bytes; else with NULL: ERROR_NOT_FOUND, there is none,
 * or none that opens; ERROR_CLOSED, ERROR_NO_SPACE, ERROR_IO: it was not
 * answered. The value is borrowed until the callback returns.
 */
typedef void shared_key_fn(
    void *arg, enum error, const void *value, size_t len);
enum error shared_get_key(struct shared *, unsigned secret, int64_t epoch,
    shared_key_fn *, void *arg);

/*
 * Publish the value of an epoch, for ttl_ms; errors as above. Called back with
 * ERROR_NONE when the engine has stored it, else as above.
 */
enum error shared_put_key(struct shared *, unsigned secret, int64_t epoch,
    const void *value, size_t len, int64_t ttl_ms, shared_key_fn *, void *arg);

/*
 * First step of the end: lookups that are not answered become misses, and so do
 * all that come later.
 */
void shared_end(struct shared *);
/*
 * Second step: send what is queued, and wait until it is answered, for at most
 * budget_us.
 */
void shared_drain(struct shared *, uint64_t budget_us);

/*
 * Log that the engine is connected, and what is shared; `keys` ends the line.
 * Without ticket keys of the group this is logged without being called.
 */
void shared_log_connected(const struct shared *, const char *keys);

/* As of now; pointers are borrowed until the next call of anything. */
void shared_statistics(const struct shared *, struct shared_statistics *);

#endif

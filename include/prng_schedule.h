/*
 * prng_schedule: when the pool is fed and saved ("Random numbers" in
 * tlsmgr(8)). Owns the external entropy source, the exchange file and the two
 * timers that drive them. Whatever fails here is logged, counted and tried
 * again: the pool never depends on it, because OpenSSL seeds it from the
 * operating system.
 *
 * Life: new; open_source and open_exchange, before the jail; start, after it;
 * save; free.
 */
#ifndef PRNG_SCHEDULE_H
#define PRNG_SCHEDULE_H

#include "error.h"
#include "loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct prng_schedule;

/*
 * A fresh start of the process would mend what we cannot: open a source, or
 * make an exchange file, outside the jail. The owner chooses when, within
 * seconds if it is_urgent; `why` completes "exiting ", and is borrowed. Must
 * not free the schedule.
 */
typedef void prng_schedule_restart_fn(
    void *arg, const char *why, bool is_urgent);

struct prng_schedule_config {
	const char *source_name;   /* tls_random_source; "": none */
	size_t source_len;         /* tls_random_bytes; 255 at most are read */
	int64_t reseed_period_s;   /* tls_random_reseed_period */
	const char *exchange_path; /* "": none */
	int64_t update_period_s;   /* tls_random_prng_update_period */
	bool is_jailed;            /* has start() fewer privileges than open? */
	prng_schedule_restart_fn *restart_wanted;
	void *restart_arg;
};

/* Opens nothing. The strings are borrowed until prng_schedule_free(). */
struct prng_schedule *prng_schedule_new(const struct prng_schedule_config *);

/*
 * Open the source, with the privileges that the process was started with;
 * reads nothing. Failures are logged. No source configured: two warnings.
 */
void prng_schedule_open_source(struct prng_schedule *);

/*
 * Open or create the exchange file, as the effective user, which the caller
 * has made $mail_owner; reads nothing. Failures are logged.
 */
void prng_schedule_open_exchange(struct prng_schedule *);

/*
 * Feed the pool: time and process id, the source (which may answer later), the
 * exchange file; then start the timers:
 *
 * - At random times in [0, reseed_period_s] the source is read, or opened
 *   again first if it is closed. If that fails in the jail, a restart is
 *   wanted, at most once a reseed period, and not in the first one.
 * - At random times in [0, update_period_s] the exchange file is updated; a
 *   locked one is tried again soon. If it was removed a restart is wanted.
 */
void prng_schedule_start(struct prng_schedule *, struct loop *);

/*
 * Update the exchange file now, if one is configured; the outcome is counted.
 * Waits for nothing: ERROR_LOCKED. Otherwise as exchange_update().
 */
enum error prng_schedule_update(struct prng_schedule *);

/*
 * At the end: update the exchange file. Waits for its lock for at most one
 * second. The outcome is counted, and logged if it is a failure.
 */
void prng_schedule_save(struct prng_schedule *);

/* Cancel a read that is not over, close and free all. Saves nothing. */
void prng_schedule_free(struct prng_schedule *);

/* The file that the source is, which may be opened again; borrowed, or NULL. */
const char *prng_schedule_source_file(const struct prng_schedule *);

struct prng_schedule_statistics {
	const char *source_name;  /* as configured, borrowed */
	bool is_source_answering; /* the last read gave something */
	uint64_t source_reads;    /* that gave something */
	uint64_t source_failures;
	time_t source_read_at; /* wall clock; 0: never */
	uint64_t exchange_updates;
	uint64_t exchange_failures;
	time_t exchange_updated_at; /* wall clock; 0: never */
};
/* Since the start; borrowed, valid as long as the schedule. */
const struct prng_schedule_statistics *prng_schedule_statistics(
    const struct prng_schedule *);

#endif

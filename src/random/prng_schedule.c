/*
 * prng_schedule: feeds the pool from outside and saves its state, at random
 * times. Owns the source, the exchange file and the timers. Never waits but in
 * prng_schedule_save(), and there for a bounded time; never ends the process:
 * it asks for that.
 */
#include "prng_schedule.h"

#include "clock.h"
#include "entropy.h"
#include "exchange.h"
#include "log.h"
#include "prng.h"
#include "xalloc.h"

#include <stdlib.h>
#include <unistd.h>

#define US_PER_S       UINT64_C(1000000)
#define LOCK_RETRY_US  100000
#define LOCK_WAIT_S    10 /* then not before the next regular time */
#define SAVE_RETRY_NS  50000000
#define SAVE_TRIES_MAX 6 /* the end comes within a second */

struct prng_schedule {
	struct prng_schedule_config config;
	struct entropy_source *source; /* owned; NULL: none */
	struct exchange_file exchange; /* owned */
	struct loop *loop;             /* borrowed */
	struct loop_timer reseed_timer;
	struct loop_timer update_timer;
	uint64_t lock_deadline_us; /* monotonic; 0: not waiting for the lock */
	uint64_t restart_after_us; /* monotonic; for the source's sake */
	struct prng_schedule_statistics statistics;
};

struct prng_schedule *
prng_schedule_new(const struct prng_schedule_config *config)
{
	struct prng_schedule *schedule = xcalloc(1, sizeof(*schedule));

	schedule->config = *config;
	schedule->statistics.source_name = config->source_name;
	exchange_init(&schedule->exchange);
	return schedule;
}

void
prng_schedule_free(struct prng_schedule *schedule)
{
	if (schedule == NULL)
		return;
	loop_timer_fini(&schedule->reseed_timer);
	loop_timer_fini(&schedule->update_timer);
	entropy_source_free(schedule->source);
	exchange_close(&schedule->exchange);
	free(schedule);
}

const struct prng_schedule_statistics *
prng_schedule_statistics(const struct prng_schedule *schedule)
{
	return &schedule->statistics;
}

const char *
prng_schedule_source_file(const struct prng_schedule *schedule)
{
	return schedule->source != NULL ? entropy_source_file(schedule->source)
	                                : NULL;
}

void
prng_schedule_open_source(struct prng_schedule *schedule)
{
	const char *name = schedule->config.source_name;

	if (*name == '\0') {
		log_warning("no entropy source specified with parameter "
			    "tls_random_source");
		log_warning("encryption keys etc. may be predictable");
	} else if (entropy_source_new(&schedule->source, name) == ERROR_NONE)
		entropy_source_open(schedule->source);
}

void
prng_schedule_open_exchange(struct prng_schedule *schedule)
{
	if (*schedule->config.exchange_path != '\0' &&
	    exchange_open(&schedule->exchange,
		schedule->config.exchange_path) != ERROR_NONE)
		++schedule->statistics.exchange_failures;
}

/*
 * The source cannot be opened from here. A fresh start may be able to; but as
 * each fresh start might find the same, they come no faster than the period.
 */
static void
want_source_reopened(struct prng_schedule *schedule)
{
	uint64_t now_us = clock_monotonic_us();
	char *why;

	if (!schedule->config.is_jailed || now_us < schedule->restart_after_us)
		return;
	schedule->restart_after_us =
	    now_us + (uint64_t)schedule->config.reseed_period_s * US_PER_S;
	why = xasprintf("to reopen external entropy source %s",
	    schedule->config.source_name);
	schedule->config.restart_wanted(
	    schedule->config.restart_arg, why, false);
	free(why);
}

static void
arm_reseed(struct prng_schedule *schedule)
{
	loop_timer_set(&schedule->reseed_timer,
	    prng_random_delay_us(schedule->config.reseed_period_s));
}

static void
count_source_failure(struct prng_schedule *schedule)
{
	++schedule->statistics.source_failures;
	schedule->statistics.is_source_answering = false;
}

static void
source_done(void *arg, enum error error, const void *bytes, size_t len)
{
	struct prng_schedule *schedule = arg;
	struct prng_schedule_statistics *statistics = &schedule->statistics;

	if (error == ERROR_NONE) {
		prng_stir(bytes, len);
		++statistics->source_reads;
		statistics->is_source_answering = true;
		statistics->source_read_at = clock_wall_s();
	} else
		count_source_failure(schedule);
	if (error != ERROR_NONE || !entropy_source_reads_once(schedule->source))
		arm_reseed(schedule);
}

static void
read_source(struct prng_schedule *schedule)
{
	entropy_source_read(schedule->source, schedule->loop,
	    schedule->config.source_len, source_done, schedule);
}

static void
reseed(void *arg)
{
	struct prng_schedule *schedule = arg;

	if (entropy_source_is_open(schedule->source) ||
	    entropy_source_open(schedule->source) == ERROR_NONE) {
		read_source(schedule);
		return;
	}
	count_source_failure(schedule);
	want_source_reopened(schedule);
	arm_reseed(schedule);
}

/* Update the exchange file once, and count what came of it. */
static enum error
update_exchange(struct prng_schedule *schedule)
{
	struct prng_schedule_statistics *statistics = &schedule->statistics;
	enum error error = exchange_update(&schedule->exchange);

	if (error == ERROR_NONE) {
		++statistics->exchange_updates;
		statistics->exchange_updated_at = clock_wall_s();
	} else if (error != ERROR_LOCKED && error != ERROR_DISABLED)
		++statistics->exchange_failures;
	return error;
}

enum error
prng_schedule_update(struct prng_schedule *schedule)
{
	if (*schedule->config.exchange_path == '\0')
		return ERROR_NONE;
	return update_exchange(schedule);
}

static void
report_locked(struct prng_schedule *schedule)
{
	++schedule->statistics.exchange_failures;
	log_warning("PRNG exchange file %s not updated: %s",
	    schedule->config.exchange_path, error_text(ERROR_LOCKED));
}

/*
 * It was locked: by the process that this one replaces, as a rule, and so not
 * for long. False: enough waited.
 */
static bool
wait_for_lock(struct prng_schedule *schedule)
{
	uint64_t now_us = clock_monotonic_us();

	if (schedule->lock_deadline_us == 0)
		schedule->lock_deadline_us = now_us + LOCK_WAIT_S * US_PER_S;
	if (now_us >= schedule->lock_deadline_us) {
		report_locked(schedule);
		return false;
	}
	loop_timer_set(&schedule->update_timer, LOCK_RETRY_US);
	return true;
}

static void
update(void *arg)
{
	struct prng_schedule *schedule = arg;
	enum error error = update_exchange(schedule);

	if (error == ERROR_LOCKED && wait_for_lock(schedule))
		return;
	schedule->lock_deadline_us = 0;
	if (error == ERROR_NOT_FOUND) {
		log_warning(
		    "PRNG exchange file was removed -- exiting to reopen");
		exchange_close(&schedule->exchange);
		schedule->config.restart_wanted(schedule->config.restart_arg,
		    "to reopen the PRNG exchange file", true);
	} else if (error != ERROR_DISABLED)
		loop_timer_set(&schedule->update_timer,
		    prng_random_delay_us(schedule->config.update_period_s));
}

void
prng_schedule_start(struct prng_schedule *schedule, struct loop *loop)
{
	pid_t pid = getpid();

	schedule->loop = loop;
	schedule->restart_after_us =
	    clock_monotonic_us() +
	    (uint64_t)schedule->config.reseed_period_s * US_PER_S;
	loop_timer_init(&schedule->reseed_timer, loop, reseed, schedule);
	loop_timer_init(&schedule->update_timer, loop, update, schedule);
	prng_gather_time();
	prng_gather(&pid, sizeof(pid));
	if (schedule->source != NULL &&
	    entropy_source_is_open(schedule->source))
		read_source(schedule);
	else if (schedule->source != NULL) {
		count_source_failure(schedule);
		arm_reseed(schedule);
	}
	update(schedule);
}

void
prng_schedule_save(struct prng_schedule *schedule)
{
	const struct timespec pause = { .tv_nsec = SAVE_RETRY_NS };
	enum error error;
	unsigned tries = 0;

	while ((error = update_exchange(schedule)) == ERROR_LOCKED &&
	       ++tries < SAVE_TRIES_MAX)
		nanosleep(&pause, NULL);
	if (error == ERROR_LOCKED)
		report_locked(schedule);
	else if (error == ERROR_NOT_FOUND)
		log_warning("PRNG exchange file %s was removed",
		    schedule->config.exchange_path);
}

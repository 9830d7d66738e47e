/*
 * daemon_log_level: what is logged: as configured, or more for a while. Twice
 * -v, from whatever, logs what is asked of the caches, as log level 2 of their
 * side of TLS does.
 */
#include "daemon.h"

#include "clock.h"
#include "log.h"

#define CACHE_ACTIVITY_VERBOSITY 2

static void
set_level(struct daemon *daemon, int by)
{
	int verbosity = daemon->options->verbosity + by;

	daemon->log_level_raised = by;
	daemon->log_level_until = 0;
	log_set_verbosity(verbosity);
	for (int i = 0; i < CACHE_TYPES; i++)
		daemon->caches[i].log_activity =
		    daemon->logs_cache_activity[i] ||
		    (verbosity >= CACHE_ACTIVITY_VERBOSITY &&
			cache_is_enabled(&daemon->caches[i]));
	loop_timer_cancel(&daemon->log_level_timer);
}

static void
log_level_timer_cb(void *arg)
{
	set_level(arg, 0);
	log_info("log level as configured again: the time is over");
}

time_t
daemon_raise_log_level(struct daemon *daemon, int by, unsigned minutes)
{
	set_level(daemon, by);
	if (by == 0)
		return 0;
	daemon->log_level_until = clock_wall_s() + (time_t)minutes * 60;
	loop_timer_set(
	    &daemon->log_level_timer, (uint64_t)minutes * 60 * 1000000);
	return daemon->log_level_until;
}

void
daemon_start_log_level(struct daemon *daemon)
{
	loop_timer_init(
	    &daemon->log_level_timer, daemon->loop, log_level_timer_cb, daemon);
	for (int i = 0; i < CACHE_TYPES; i++)
		daemon->logs_cache_activity[i] = daemon->caches[i].log_activity;
	set_level(daemon, 0);
}

void
daemon_close_log_level(struct daemon *daemon)
{
	loop_timer_fini(&daemon->log_level_timer);
}

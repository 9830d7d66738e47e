/*
 * daemon_history: when the statistics are looked at for the history: at the
 * end of each minute, when somebody asks for it, and at the end.
 */
#include "daemon.h"

#include "clock.h"
#include "statistics.h"
#include "xalloc.h"

#include <stdlib.h>

/* As long as the process before us has the file. */
#define LOCK_RETRY_US 1000000

/* How often a process that ends tries to add what it could not yet. */
#define LAST_TRIES   20
#define LAST_WAIT_NS 10000000

void
daemon_open_history(struct daemon *daemon)
{
	char *path = NULL;

	if (!daemon->options->stdio_client)
		path = daemon_memory_file(daemon, "history");
	master_owner_enter(&daemon->owner);
	history_file_open(&daemon->history_file, path != NULL ? path : "");
	master_owner_leave();
	free(path);
}

/* Count up to now; whatever the clock says, that is one record. */
static void
look(struct daemon *daemon)
{
	uint64_t values[HISTORY_ROWS_MAX];
	struct history_record *record;

	statistics_read_rows(daemon, values);
	record = history_look(
	    &daemon->history, clock_wall_s(), clock_monotonic_us(), values);
	if (record != NULL)
		history_file_save(&daemon->history_file, record);
}

static bool
is_locked(struct daemon *daemon)
{
	return !daemon->history_file.is_loaded &&
	       history_file_load(&daemon->history_file, &daemon->history,
		   clock_wall_s()) == ERROR_LOCKED;
}

/* At the next minute, or sooner while the file is to be had. */
static void
set_timer(struct daemon *daemon)
{
	uint64_t delay_us =
	    (uint64_t)(HISTORY_MINUTE_S - clock_wall_s() % HISTORY_MINUTE_S) *
	    1000000;

	if (is_locked(daemon) && delay_us > LOCK_RETRY_US)
		delay_us = LOCK_RETRY_US;
	loop_timer_set(&daemon->history_timer, delay_us);
}

static void
history_cb(void *arg)
{
	look(arg);
	set_timer(arg);
}

void
daemon_start_history(struct daemon *daemon)
{
	history_init(&daemon->history);
	statistics_add_rows(daemon, &daemon->history);
	loop_timer_init(
	    &daemon->history_timer, daemon->loop, history_cb, daemon);
	history_cb(daemon);
}

const struct history *
daemon_get_history(struct daemon *daemon, const char **file)
{
	look(daemon);
	is_locked(daemon);
	*file = daemon->history_file.fd >= 0 ? daemon->history_file.path : "";
	return &daemon->history;
}

void
daemon_release_history(struct daemon *daemon)
{
	const struct timespec pause = { .tv_nsec = LAST_WAIT_NS };

	look(daemon);
	/* The process before us may be ending, too. */
	for (int i = 0; i < LAST_TRIES && is_locked(daemon); i++)
		nanosleep(&pause, NULL);
	history_file_close(&daemon->history_file);
}

void
daemon_close_history(struct daemon *daemon)
{
	loop_timer_fini(&daemon->history_timer);
	history_file_close(&daemon->history_file);
	history_fini(&daemon->history);
}

/*
 * daemon_ticket_keys: the ticket keys, and the file in which they outlive the
 * process. By default that is on a memory file system, so that keys which
 * protect recorded traffic never reach a disk.
 */
#include "daemon.h"

#include "clock.h"
#include "log.h"
#include "settings_digest.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(TICKET_KEY_SETTINGS_LEN == SETTINGS_DIGEST_LEN,
    "keys depend on the settings of which this is the digest");

/* How soon to try again: while somebody may just be writing, and later. */
#define LOCK_RETRY_US      10000
#define LOCK_RETRY_LATE_US 1000000
#define LOCK_PATIENCE_S    10

/* How often a process that ends tries to save what it could not yet. */
#define LAST_TRIES 20

/* A key that may not be used any more is wiped no later than this. */
#define RETIRE_PERIOD_US 60000000

/* The caller frees the path. */
static char *
choose_path(const struct daemon *daemon)
{
	const char *setting = daemon->settings->tlsmgr_ticket_key_file;
	char *path;

	if (strcmp(setting, "auto") != 0) {
		if (!daemon_has_open(setting))
			return xstrdup(setting);
		log_warning("session ticket keys are kept in memory only: "
			    "%s: %s",
		    setting, DAEMON_HAS_OPEN);
		return xstrdup("");
	}
	path = daemon_memory_file(daemon, "keys");
	if (path != NULL)
		return path;
	log_info("session ticket keys do not outlive this process: there is no "
		 "directory in memory for them");
	return xstrdup("");
}

void
daemon_open_ticket_keys(struct daemon *daemon)
{
	int64_t timeout_s = cache_timeout_adjust(
	    daemon->settings->smtpd_tls_session_cache_timeout);
	unsigned char digest[SETTINGS_DIGEST_LEN];
	char *path = choose_path(daemon);

	ticket_keys_init(&daemon->ticket_keys, timeout_s);
	settings_digest(daemon->config, "smtpd", digest);
	master_owner_enter(&daemon->owner);
	ticket_key_file_open(&daemon->ticket_key_file, path, digest);
	master_owner_leave();
	free(path);
}

void
daemon_save_ticket_keys(struct daemon *daemon)
{
	if (ticket_key_file_save(&daemon->ticket_key_file,
		&daemon->ticket_keys) != ERROR_LOCKED ||
	    loop_timer_is_set(&daemon->load_timer))
		return;
	daemon->key_lock_deadline_us =
	    clock_monotonic_us() + (uint64_t)LOCK_PATIENCE_S * 1000000;
	loop_timer_set(&daemon->load_timer, 0);
}

static void
changed_cb(void *arg, const struct ticket_keys *keys)
{
	(void)keys;
	daemon_save_ticket_keys(arg);
}

/* Once: somebody holds the lock for longer than a process takes to end. */
static void
warn_of_long_lock(struct daemon *daemon)
{
	if (daemon->is_key_lock_warned)
		return;
	daemon->is_key_lock_warned = true;
	log_warning("%s: locked by another process for %d s; new session "
		    "ticket keys are kept in memory only, until it is released",
	    daemon->ticket_key_file.path, LOCK_PATIENCE_S);
}

/* Another process may be writing, or have the file: try until it has not. */
static void
load_cb(void *arg)
{
	struct daemon *daemon = arg;
	bool is_late = clock_monotonic_us() >= daemon->key_lock_deadline_us;

	if (ticket_key_file_load(&daemon->ticket_key_file, &daemon->ticket_keys,
		clock_wall_s()) != ERROR_LOCKED)
		return;
	if (is_late)
		warn_of_long_lock(daemon);
	loop_timer_set(
	    &daemon->load_timer, is_late ? LOCK_RETRY_LATE_US : LOCK_RETRY_US);
}

/* Another process may have made keys at any time. */
static void
refresh_cb(void *arg, struct ticket_keys *keys, time_t now)
{
	struct daemon *daemon = arg;

	ticket_key_file_refresh(&daemon->ticket_key_file, keys, now);
}

static void
retire_cb(void *arg)
{
	struct daemon *daemon = arg;

	ticket_keys_retire(&daemon->ticket_keys, clock_wall_s());
	loop_timer_set(&daemon->retire_timer, RETIRE_PERIOD_US);
}

void
daemon_start_ticket_keys(struct daemon *daemon)
{
	daemon->ticket_keys.refresh = refresh_cb;
	daemon->ticket_keys.changed = changed_cb;
	daemon->ticket_keys.callback_arg = daemon;
	daemon->key_lock_deadline_us =
	    clock_monotonic_us() + (uint64_t)LOCK_PATIENCE_S * 1000000;
	loop_timer_init(&daemon->load_timer, daemon->loop, load_cb, daemon);
	loop_timer_init(&daemon->retire_timer, daemon->loop, retire_cb, daemon);
	load_cb(daemon);
	retire_cb(daemon);
}

void
daemon_release_ticket_keys(struct daemon *daemon)
{
	struct ticket_key_file *file = &daemon->ticket_key_file;
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_US * 1000L };
	const struct ticket_key *key;

	/* One that is made for a client later would end with us. */
	if (daemon->server.client_count > 0)
		(void)ticket_keys_current(
		    &daemon->ticket_keys, clock_wall_s(), &key);
	for (int i = 0; i < LAST_TRIES && file->is_unsaved &&
			ticket_key_file_load(file, &daemon->ticket_keys,
			    clock_wall_s()) == ERROR_LOCKED;
	     i++)
		nanosleep(&pause, NULL);
	loop_timer_cancel(&daemon->load_timer);
	ticket_key_file_close(file);
}

void
daemon_close_ticket_keys(struct daemon *daemon)
{
	loop_timer_fini(&daemon->load_timer);
	loop_timer_fini(&daemon->retire_timer);
	ticket_key_file_close(&daemon->ticket_key_file);
	ticket_keys_fini(&daemon->ticket_keys);
}

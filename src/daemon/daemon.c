/*
 * daemon: puts the parts together and keeps them going. Order matters here:
 * what is opened before the jail, what is read only in it, and what is closed
 * when; each step says why where it is not plain.
 */
#include "daemon.h"

#include "clock.h"
#include "data_path.h"
#include "log.h"
#include "prng.h"
#include "secret.h"
#include "version.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A restart waits for an idle time of this length. */
#define RESTART_IDLE_US 200000

/*
 * If it is pressing, no longer than this: each client waits a second when its
 * connection is closed.
 */
#define RESTART_PATIENCE_US 5000000

/* What requests leave on the stack stays no longer than this. */
#define WIPE_DELAY_US 1000000

/* The end writes to the disk; it is no sign of a hang before this. */
#define END_S 60

static void
daemon_start_caches(struct daemon *daemon)
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		struct store *store = daemon->caches[i].store;

		if (store == NULL)
			continue;
		/* A locked one is tried again by its upkeep. */
		store->ops->start(store);
		daemon_wake_upkeep(&daemon->upkeep[i]);
	}
}

static void
stop_cb(void *arg, int signal_number)
{
	struct daemon *daemon = arg;

	log_debug("ending on signal %d", signal_number);
	daemon->is_shutdown = true;
	loop_stop(daemon->loop);
}

/* master(8) never writes here: readable means end of file, a reload. */
static void
master_gone_cb(void *arg, unsigned ready)
{
	struct daemon *daemon = arg;

	(void)ready;
	loop_stop(daemon->loop);
}

static void
watchdog_cb(void *arg)
{
	struct daemon *daemon = arg;

	/* An idle loop must turn as well, to pat the watchdog. */
	loop_timer_set(&daemon->watchdog_timer,
	    (uint64_t)daemon->settings->daemon_timeout * 1000000 / 4);
}

static void
turn_cb(void *arg)
{
	struct daemon *daemon = arg;
	uint64_t log_delay_us;

	master_watchdog_pat();
	if (daemon->shared != NULL)
		shared_turn(daemon->shared);
	daemon_end_upkeep_pauses(daemon);
	log_delay_us = log_write_backlog();
	if (log_delay_us != UINT64_MAX &&
	    !loop_timer_is_set(&daemon->log_timer))
		loop_timer_set(&daemon->log_timer, log_delay_us);
	if (daemon->server.reads != daemon->wiped_reads &&
	    !loop_timer_is_set(&daemon->wipe_timer))
		loop_timer_set(&daemon->wipe_timer, WIPE_DELAY_US);
}

/* Makes the loop turn while there are lines to be sent: see turn_cb(). */
static void
log_timer_cb(void *arg)
{
	(void)arg;
}

static void
wipe_cb(void *arg)
{
	struct daemon *daemon = arg;

	daemon->wiped_reads = daemon->server.reads;
	secret_wipe_leftovers();
}

static void
restart_cb(void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->service.requests == daemon->restart_requests ||
	    clock_monotonic_us() >= daemon->restart_deadline_us) {
		loop_stop(daemon->loop);
		return;
	}
	daemon->restart_requests = daemon->service.requests;
	loop_timer_set(&daemon->restart_timer, RESTART_IDLE_US);
}

static void
restart_wanted_cb(void *arg, const char *why, bool is_urgent)
{
	struct daemon *daemon = arg;

	if (is_urgent && daemon->restart_deadline_us == UINT64_MAX)
		daemon->restart_deadline_us =
		    clock_monotonic_us() + RESTART_PATIENCE_US;
	log_info("exiting %s", why);
	daemon->restart_requests = daemon->service.requests;
	loop_timer_set(&daemon->restart_timer, RESTART_IDLE_US);
}

static void
daemon_open_prng(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	struct prng_schedule_config config = {
		.source_name = settings->tls_random_source,
		.source_len = (size_t)settings->tls_random_bytes,
		.reseed_period_s = settings->tls_random_reseed_period,
		.update_period_s = settings->tls_random_prng_update_period,
		.is_jailed =
		    daemon->options->chroot || daemon->options->drop_privileges,
		.restart_wanted = restart_wanted_cb,
		.restart_arg = daemon,
	};

	if (*settings->tls_random_exchange_name != '\0')
		daemon->exchange_path =
		    data_path(NULL, settings->tls_random_exchange_name,
			daemon->owner.uid, settings->data_directory);
	config.exchange_path =
	    daemon->exchange_path != NULL ? daemon->exchange_path : "";
	daemon->prng = prng_schedule_new(&config);
}

static void
daemon_open_exchange(struct daemon *daemon)
{
	if (daemon->exchange_path != NULL &&
	    daemon_has_open(daemon->exchange_path))
		log_warning("cannot open PRNG exchange file %s: %s",
		    daemon->exchange_path, DAEMON_HAS_OPEN);
	else
		prng_schedule_open_exchange(daemon->prng);
}

/* The wrong answer means no TLS at all, for old clients or for new ones. */
static bool
daemon_announces(const struct settings *settings)
{
	const char *setting = settings->tlsmgr_announce_protocol;

	if (strcmp(setting, "auto") == 0)
		return master_version_announces(settings->postfix_version);
	return strcmp(setting, "yes") == 0;
}

void
daemon_open(struct daemon *daemon, const struct master_options *options,
    const struct config *config, const struct settings *settings)
{
	char *cause = NULL;

	*daemon = (struct daemon){
		.options = options,
		.config = config,
		.settings = settings,
		.started_at = clock_wall_s(),
		.announces = daemon_announces(settings),
		.restart_deadline_us = UINT64_MAX,
	};
	log_info("starting: tlsmgr " TLSMGR_VERSION ", Postfix %s",
	    settings->postfix_version != NULL ? settings->postfix_version
					      : "of unknown version");
	if (master_owner_find(&daemon->owner, settings->mail_owner, &cause) !=
	    ERROR_NONE)
		settings_fatal(config, "mail_owner", cause);
	daemon_raise_descriptor_limit(daemon);
	daemon_open_prng(daemon);
	prng_schedule_open_source(daemon->prng);
	/* If one file is named twice, what holds most has it: the caches. */
	master_owner_enter(&daemon->owner);
	daemon_open_caches(daemon);
	master_owner_leave();
	daemon_open_ticket_keys(daemon);
	daemon_open_history(daemon);
	daemon_open_shared(daemon);
	master_owner_enter(&daemon->owner);
	daemon_open_exchange(daemon);
	master_owner_leave();
}

/* main() has blocked them until here. */
static void
daemon_catch_signals(struct daemon *daemon)
{
	sigset_t none;

	for (int i = 0; i < MASTER_END_SIGNALS; i++)
		loop_catch_signal(
		    daemon->loop, master_end_signals[i], stop_cb, daemon);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A pipe or a socket, not what stands in for a missing descriptor. */
static bool
is_channel(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static void
daemon_watch_master(struct daemon *daemon)
{
	master_status_init(&daemon->status,
	    is_channel(MASTER_STATUS_FD) ? MASTER_STATUS_FD : -1,
	    daemon->options->generation);
	loop_watch_init(&daemon->master_watch, daemon->loop, MASTER_STATUS_FD,
	    master_gone_cb, daemon);
	if (daemon->status.fd >= 0)
		loop_watch_set(&daemon->master_watch, LOOP_READ);
	loop_timer_init(
	    &daemon->watchdog_timer, daemon->loop, watchdog_cb, daemon);
	watchdog_cb(daemon);
	loop_timer_init(&daemon->log_timer, daemon->loop, log_timer_cb, daemon);
	loop_timer_init(&daemon->wipe_timer, daemon->loop, wipe_cb, daemon);
	loop_set_turn_callback(daemon->loop, turn_cb, daemon);
	master_watchdog_start((unsigned)daemon->settings->daemon_timeout);
}

static void
daemon_listen(struct daemon *daemon)
{
	const struct server_config config = {
		.announce = daemon->announces,
		.client_limit = daemon_client_limit(daemon),
		.client_memory = (size_t)daemon->settings->tlsmgr_client_memory,
		.client_uid = daemon->owner.uid,
	};

	server_init(&daemon->server, daemon->loop, &daemon->service,
	    &daemon->status, &config);
	if (daemon->options->stdio_client)
		return;
	for (int i = 0; i < daemon->options->listen_count; i++) {
		if (!is_channel(MASTER_LISTEN_FD + i))
			log_fatal("no listening socket on descriptor %d",
			    MASTER_LISTEN_FD + i);
		server_listen(&daemon->server, MASTER_LISTEN_FD + i);
	}
}

void
daemon_start(struct daemon *daemon)
{
	daemon->loop = loop_new();
	loop_timer_init(
	    &daemon->restart_timer, daemon->loop, restart_cb, daemon);
	daemon_catch_signals(daemon);
	daemon_init_upkeep(daemon);
	service_init(&daemon->service, daemon->caches, &daemon->ticket_keys);
	daemon_start_log_level(daemon);
	daemon_start_admin(daemon);
	/* The pool first: everything else may draw on it. */
	prng_schedule_start(daemon->prng, daemon->loop);
	/* Before the file of keys, in which those of the group are, too. */
	daemon_start_shared(daemon);
	daemon_start_ticket_keys(daemon);
	daemon_start_engine(daemon);
	daemon_start_caches(daemon);
	daemon_watch_master(daemon);
	daemon_await_ticket_keys(daemon);
	daemon_listen(daemon);
	daemon_start_history(daemon);
}

void
daemon_run(struct daemon *daemon)
{
	loop_run(daemon->loop);
	/* One more must not kill us once the loop is gone. */
	master_block_end_signals(NULL);
	master_watchdog_allow(END_S);
	daemon_release_ticket_keys(daemon);
	daemon_end_lookups(daemon);
	/* What has been asked is answered before anything is saved. */
	server_drain(&daemon->server);
	daemon_drain_engine(daemon);
	daemon_log_statistics(daemon);
	daemon_release_history(daemon);
}

void
daemon_close(struct daemon *daemon)
{
	server_fini(&daemon->server);
	for (int i = 0; i < CACHE_TYPES; i++) {
		cache_save(&daemon->caches[i], daemon->is_shutdown);
		cache_fini(&daemon->caches[i]);
		loop_timer_fini(&daemon->upkeep[i].timer);
	}
	prng_schedule_save(daemon->prng);
	prng_schedule_free(daemon->prng);
	free(daemon->exchange_path);
	service_fini(&daemon->service);
	daemon_close_engine(daemon);
	daemon_close_shared(daemon);
	daemon_close_ticket_keys(daemon);
	daemon_close_admin(daemon);
	daemon_close_history(daemon);
	daemon_close_log_level(daemon);
	loop_timer_fini(&daemon->restart_timer);
	loop_timer_fini(&daemon->watchdog_timer);
	loop_timer_fini(&daemon->log_timer);
	loop_timer_fini(&daemon->wipe_timer);
	loop_watch_fini(&daemon->master_watch);
	loop_free(daemon->loop);
	master_owner_fini(&daemon->owner);
	prng_fini();
}

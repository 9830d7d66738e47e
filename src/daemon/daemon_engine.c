/*
 * daemon_engine: the engine of a group: sessions and ticket keys that hosts
 * share through it. Whatever becomes of it, this host serves as if it were
 * alone.
 */
#include "daemon.h"

#include "clock.h"
#include "log.h"
#include "store_shared.h"

#include <sys/socket.h>

/* What is queued at the end of the process gets no longer than this. */
#define DRAIN_US 100000

/*
 * The keys of the group are waited for at the start, before anybody is served,
 * as long as a lookup may wait, and no longer than this.
 */
#define AWAIT_MAX_US 100000

static void
up_cb(void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->ticket_keys.ring != NULL)
		shared_sync_poll(&daemon->sync);
}

static void
ring_changed_cb(void *arg)
{
	daemon_save_ticket_keys(arg);
}

bool
daemon_start_ring(struct daemon *daemon)
{
	const struct shared_group *group = &daemon->group;

	if (shared_ring_init(&daemon->ring, &group->secrets,
		&group->contexts[SHARED_SMTPD],
		daemon->ticket_keys.lifetime_s) != ERROR_NONE)
		return false;
	daemon->ring.changed = ring_changed_cb;
	daemon->ring.changed_arg = daemon;
	daemon->ticket_keys.ring = &daemon->ring;
	return true;
}

/* CApath cannot be hashed, so hosts with other CAs would share all the same. */
static void
warn_of_ca_path(const struct daemon *daemon, const bool sides[SHARED_SIDES])
{
	static const char *const names[SHARED_SIDES] = { NULL,
		"smtp_tls_CApath", "lmtp_tls_CApath" };

	for (int i = 0; i < SHARED_SIDES; i++) {
		const struct config_entry *entry;

		if (names[i] == NULL || !sides[i])
			continue;
		entry = config_get(daemon->config, names[i]);
		if (entry != NULL && *entry->text != '\0')
			log_warning("shared: %s is set: what is in it must be "
				    "the same on all hosts of the group, and "
				    "cannot be compared",
			    names[i]);
	}
}

static void
share_stores(struct daemon *daemon, const bool sides[SHARED_SIDES])
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		struct cache *cache = &daemon->caches[i];

		if (sides[i] && cache->store != NULL)
			cache->store =
			    store_shared_new(cache->store, daemon->shared,
				(enum shared_side)i, cache->timeout_s);
	}
}

void
daemon_start_engine(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	struct shared_config config = {
		.group = &daemon->group,
		.has_ticket_keys = daemon->ticket_keys.ring != NULL,
		.lookup_ms = settings->tlsmgr_shared_lookup_ms,
		.value_max = (size_t)settings->tlsmgr_shared_max_value,
		.queue_size = (size_t)settings->tlsmgr_shared_queue_size,
		.refresh_s = settings->tlsmgr_shared_refresh,
		.up = up_cb,
		.arg = daemon,
	};

	/* With -S there is no loop that could wait for an answer. */
	if (!shared_group_has_engine(&daemon->group) ||
	    daemon->options->stdio_client)
		return;
	shared_group_read_caches(settings->tlsmgr_shared_caches, config.sides);
	for (int i = 0; i < CACHE_TYPES; i++)
		config.sides[i] &= cache_is_enabled(&daemon->caches[i]);
	daemon->shared = shared_new(&config);
	if (daemon->shared == NULL) {
		log_warning("shared: OpenSSL has no HMAC or AES-256-GCM; the "
			    "engine is not used");
		return;
	}
	warn_of_ca_path(daemon, config.sides);
	share_stores(daemon, config.sides);
	if (daemon->ticket_keys.ring != NULL)
		shared_sync_init(
		    &daemon->sync, daemon->shared, &daemon->ring, daemon->loop);
	shared_start(daemon->shared, daemon->loop);
}

bool
daemon_engine_network(
    const struct daemon *daemon, struct sandbox_network *network)
{
	const char *servers = daemon->settings->tlsmgr_shared_servers;

	if (daemon->shared == NULL)
		return false;
	*network = (struct sandbox_network){
		.has_ipv4 = shared_servers_have(servers, AF_INET),
		.has_ipv6 = shared_servers_have(servers, AF_INET6),
	};
	network->port_count =
	    shared_server_ports(servers, network->ports, SANDBOX_PORTS_MAX);
	return true;
}

/* Makes the loop turn when the wait is over. */
static void
await_cb(void *arg)
{
	(void)arg;
}

static bool
has_key(const struct daemon *daemon)
{
	const struct shared_ring *ring = &daemon->ring;

	return shared_ring_get(
		   ring, 0, shared_ring_epoch(ring, clock_wall_s())) != NULL;
}

void
daemon_await_ticket_keys(struct daemon *daemon)
{
	uint64_t wait_us =
	    (uint64_t)daemon->settings->tlsmgr_shared_lookup_ms * 1000;
	uint64_t end_us;
	struct loop_timer timer;

	if (daemon->shared == NULL || daemon->ticket_keys.ring == NULL ||
	    has_key(daemon))
		return;
	wait_us = wait_us < AWAIT_MAX_US ? wait_us : AWAIT_MAX_US;
	end_us = clock_monotonic_us() + wait_us;
	loop_timer_init(&timer, daemon->loop, await_cb, NULL);
	loop_timer_set(&timer, wait_us);
	while (!has_key(daemon) && shared_is_up_or_connecting(daemon->shared) &&
	       clock_monotonic_us() < end_us) {
		shared_turn(daemon->shared);
		loop_run_once(daemon->loop);
	}
	loop_timer_fini(&timer);
}

void
daemon_end_lookups(struct daemon *daemon)
{
	if (daemon->shared != NULL)
		shared_end(daemon->shared);
}

void
daemon_drain_engine(struct daemon *daemon)
{
	if (daemon->shared != NULL)
		shared_drain(daemon->shared, DRAIN_US);
}

void
daemon_close_engine(struct daemon *daemon)
{
	if (daemon->shared != NULL && daemon->ticket_keys.ring != NULL)
		shared_sync_fini(&daemon->sync);
	shared_free(daemon->shared);
	daemon->shared = NULL;
	daemon->ticket_keys.ring = NULL;
	shared_ring_wipe(&daemon->ring);
}

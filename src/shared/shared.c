/*
 * shared: the link, the queue and the seals of each side, put together.
 */
#include "shared_private.h"

#include "clock.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The part of queue_size, one in so many, that is for commands in flight. */
#define LINK_PART 4

#define UP_PERIOD_S 60

unsigned
shared_server_ports(const char *text, unsigned *ports, unsigned max)
{
	struct shared_servers servers;
	unsigned count = 0;
	char *cause = NULL;

	if (shared_servers_parse(&servers, text, &cause) != ERROR_NONE) {
		free(cause);
		return 0;
	}
	for (unsigned i = 0; i < servers.count && count < max; i++)
		if (shared_server_port(&servers.list[i]) != 0)
			ports[count++] = shared_server_port(&servers.list[i]);
	shared_servers_fini(&servers);
	return count;
}

bool
shared_servers_have(const char *text, int family)
{
	struct shared_servers servers;
	bool is_there = false;
	char *cause = NULL;

	if (shared_servers_parse(&servers, text, &cause) != ERROR_NONE) {
		free(cause);
		return false;
	}
	for (unsigned i = 0; i < servers.count; i++)
		is_there |= servers.list[i].address.ss_family == family;
	shared_servers_fini(&servers);
	return is_there;
}

void
shared_log_connected(const struct shared *shared, const char *keys)
{
	unsigned caches = 0;

	for (int side = 0; side < SHARED_SIDES; side++)
		caches += shared->config.sides[side];
	log_info("shared: connected to %s, %u cache%s%s",
	    shared_link_server(&shared->link), caches, caches == 1 ? "" : "s",
	    keys);
}

static void
log_up(struct shared *shared)
{
	if (!shared->was_up && !shared->config.has_ticket_keys)
		shared_log_connected(shared, "");
	else if (shared->was_up &&
		 log_limit_allows(&shared->up_limit, UP_PERIOD_S))
		log_info("shared: %s answers again after %" PRIu64
			 " s; %" PRIu64 " lookups were not made",
		    shared_link_server(&shared->link),
		    (clock_monotonic_us() - shared->link.down_at_us) / 1000000,
		    shared->counters.skipped - shared->skipped_before);
}

static void
changed_cb(void *arg)
{
	struct shared *shared = arg;

	if (shared->link.state != SHARED_LINK_UP) {
		shared->down_since = clock_wall_s();
		shared->skipped_before = shared->counters.skipped;
		return;
	}
	log_up(shared);
	shared->was_up = true;
	shared->down_since = 0;
	shared->is_due = true;
	if (shared->config.up != NULL)
		shared->config.up(shared->config.arg);
}

static bool
make_seals(struct shared *shared)
{
	const struct shared_group *group = shared->config.group;

	for (int side = 0; side < SHARED_SIDES; side++) {
		if (group->contexts[side].len == 0) {
			shared->config.sides[side] = false;
			continue;
		}
		for (unsigned i = 0; i < group->secrets.count; i++) {
			shared->seals[side][i] = shared_seal_new(
			    &group->contexts[side], group->secrets.keys[i]);
			if (shared->seals[side][i] == NULL)
				return false;
		}
	}
	return true;
}

/* A name of the group, of whatever side there is. */
static char *
make_probe_prefix(const struct shared_group *group)
{
	const char *fingerprint = "";

	for (int side = SHARED_SIDES - 1; side >= 0; side--)
		if (*group->fingerprints[side][0] != '\0')
			fingerprint = group->fingerprints[side][0];
	return xasprintf(SHARED_NAME_PREFIX "%s:probe:", fingerprint);
}

struct shared *
shared_new(const struct shared_config *config)
{
	struct shared *shared = xcalloc(1, sizeof(*shared));
	struct shared_link_config link = {
		.servers = &shared->servers,
		.user = config->group->user,
		.password = config->group->password,
		.deadline_us = (uint64_t)config->lookup_ms * 1000,
		.reply_max = config->value_max + SHARED_REPLY_OVERHEAD,
		.bytes_max = config->queue_size / LINK_PART,
		.changed = changed_cb,
		.arg = shared,
	};
	char *cause = NULL;

	shared->config = *config;
	TAILQ_INIT(&shared->waiting);
	shared_queue_init(&shared->queue,
	    config->queue_size - config->queue_size / LINK_PART);
	(void)shared_servers_parse(
	    &shared->servers, config->group->config.servers, &cause);
	free(cause);
	shared->probe_prefix = make_probe_prefix(config->group);
	link.probe_prefix = shared->probe_prefix;
	shared_link_init(&shared->link, &link);
	if (make_seals(shared))
		return shared;
	shared_free(shared);
	return NULL;
}

/* The link first: it answers what is on its way. */
void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	shared_link_fini(&shared->link);
	shared_queue_fini(&shared->queue);
	if (shared->loop != NULL) {
		loop_timer_fini(&shared->gather);
		loop_timer_fini(&shared->again);
	}
	for (int side = 0; side < SHARED_SIDES; side++)
		for (unsigned i = 0; i < SHARED_SECRETS_MAX; i++)
			shared_seal_free(shared->seals[side][i]);
	shared_servers_fini(&shared->servers);
	free(shared->probe_prefix);
	free(shared);
}

/* The end of the turn does what there is to do. */
static void
again_cb(void *arg)
{
	(void)arg;
}

static void
gather_cb(void *arg)
{
	struct shared *shared = arg;

	shared->is_due = true;
}

void
shared_start(struct shared *shared, struct loop *loop)
{
	shared->loop = loop;
	loop_timer_init(&shared->gather, loop, gather_cb, shared);
	loop_timer_init(&shared->again, loop, again_cb, shared);
	shared->down_since = clock_wall_s();
	shared_link_start(&shared->link, loop);
}

bool
shared_is_paused(const struct shared *shared, enum shared_side side)
{
	return shared->paused_until_us[side] != 0 &&
	       clock_monotonic_us() < shared->paused_until_us[side];
}

bool
shared_is_up_or_connecting(const struct shared *shared)
{
	return shared->link.state == SHARED_LINK_UP ||
	       shared->link.state == SHARED_LINK_CONNECTING;
}

bool
shared_has(const struct shared *shared, enum shared_side side)
{
	return shared->config.sides[side] && !shared->is_ending &&
	       shared->link.state == SHARED_LINK_UP &&
	       !shared_is_paused(shared, side);
}

void
shared_statistics(
    const struct shared *shared, struct shared_statistics *statistics)
{
	const struct shared_counters *counters = &shared->counters;
	const struct shared_link_statistics *link = &shared->link.statistics;

	*statistics = (struct shared_statistics){
		.state = shared_link_state_name(&shared->link),
		.server = shared_link_server(&shared->link),
		.down_since = shared->down_since,
		.lookups = counters->lookups,
		.hits = counters->hits,
		.misses = counters->misses,
		.timeouts = counters->timeouts,
		.late = counters->late,
		.skipped = counters->skipped,
		.stores = counters->stores,
		.deletes = counters->deletes,
		.dropped = shared->queue.dropped,
		.unsent_refresh = counters->unsent_refresh,
		.rejected = counters->rejected,
		.skewed = counters->skewed,
		.errors = link->errors,
		.connects = link->connects,
		.failures = link->failures,
		.queue_bytes =
		    shared->queue.bytes + shared->link.pipeline.bytes,
		.round_trip = &shared->round_trip,
	};
}

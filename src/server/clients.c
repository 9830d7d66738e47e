/*
 * clients: the turns that clients take, and the bounds of what they take. The
 * list of all is in the order in which they last asked for something; who
 * waits with a long request is in a queue besides.
 */
#include "clients.h"

#include "client.h"
#include "clock.h"
#include "log.h"
#include "master.h"
#include "xalloc.h"

#include <poll.h>
#include <stdlib.h>

/* Long requests of all clients together, per turn of the loop. */
#define LONG_BUDGET_US 500

/* How long the drain may take, writing to clients that still read included. */
#define DRAIN_US 500000

/* How long it may take to answer one client that is closed for the limit. */
#define CLOSE_US 100

#define COMPLAINT_PERIOD_S 60

/* One that is not closing already; NULL: there is none. */
static struct client *
find_open(const struct client_list *list)
{
	struct client *client = TAILQ_FIRST(list);

	while (client != NULL && client->is_closing)
		client = TAILQ_NEXT(client, size_entry);
	return client;
}

/* A client that holds most, to a factor of two; NULL: all are closing. */
static struct client *
find_largest(const struct server *server)
{
	struct client *client = NULL;

	for (int i = SERVER_SIZE_CLASSES - 1; i > 0 && client == NULL; i--)
		client = find_open(&server->by_size[i]);
	return client;
}

/* Close those that hold most until all together hold no more than they may. */
static void
bound_memory(struct server *server)
{
	struct client *largest;

	while (server->memory > server->config.client_memory &&
	       (largest = find_largest(server)) != NULL) {
		server->memory_closes++;
		if (log_limit_allows(
			&server->memory_complaints, COMPLAINT_PERIOD_S))
			log_warning("clients hold more than %zu bytes of "
				    "memory: closing process %ld, uid %ld, "
				    "with %zu bytes",
			    server->config.client_memory,
			    (long)largest->call.peer.pid,
			    (long)largest->call.peer.uid, largest->memory);
		client_finish(largest);
	}
}

static void
queue_long(struct server *server, struct client *client)
{
	client->is_queued = true;
	TAILQ_INSERT_TAIL(&server->long_clients, client, long_entry);
	if (!loop_timer_is_set(&server->long_timer))
		loop_timer_set(&server->long_timer, 0);
}

/* After a client was served. It may be gone when this returns. */
static void
settle(struct client *client)
{
	struct server *server = client->server;

	if (client->is_closing) {
		client_finish(client);
	} else {
		client_watch(client);
		if (client->has_long && client->output.len == 0)
			queue_long(server, client);
	}
	bound_memory(server);
}

/* One turn of a client: for what its socket is ready, 0: a long request. */
static void
take_turn(struct client *client, unsigned ready)
{
	struct server *server = client->server;
	uint64_t began_us = loop_turn_began_us(server->loop);
	uint64_t served = server->service->requests, latency_us;

	master_status_busy(server->status, began_us);
	TAILQ_REMOVE(&server->clients, client, entry);
	TAILQ_INSERT_TAIL(&server->clients, client, entry);
	if (ready != 0)
		client_work(client, ready);
	else
		client_work_long(client);
	served = server->service->requests - served;
	latency_us = clock_monotonic_us() - began_us;
	service_note_latency(server->service, latency_us);
	if (served > 0)
		histogram_add(&server->latency, latency_us, served);
	master_status_ready(server->status);
	settle(client);
}

static void
ready_cb(void *arg, unsigned ready)
{
	take_turn(arg, ready);
}

/*
 * Long requests, one client after the other, until the budget of this turn of
 * the loop is spent; the rest waits for the next one.
 */
static void
long_cb(void *arg)
{
	struct server *server = arg;
	uint64_t end_us = clock_monotonic_us() + LONG_BUDGET_US;
	struct client *client;

	while ((client = TAILQ_FIRST(&server->long_clients)) != NULL) {
		TAILQ_REMOVE(&server->long_clients, client, long_entry);
		client->is_queued = false;
		take_turn(client, 0);
		if (clock_monotonic_us() >= end_us)
			break;
	}
	if (!TAILQ_EMPTY(&server->long_clients))
		loop_timer_set(&server->long_timer, 0);
}

void
clients_init(struct server *server)
{
	TAILQ_INIT(&server->clients);
	TAILQ_INIT(&server->long_clients);
	for (int i = 0; i < SERVER_SIZE_CLASSES; i++)
		TAILQ_INIT(&server->by_size[i]);
	loop_timer_init(&server->long_timer, server->loop, long_cb, server);
	server->serve_until_us = UINT64_MAX;
}

void
clients_fini(struct server *server)
{
	loop_timer_fini(&server->long_timer);
}

/*
 * The last is the one that has just come. Nobody asks for anything during a
 * stream, so one is closed only where there is nobody else; and one whose call
 * is in hand may be closing already.
 */
static struct client *
find_longest_idle(const struct server *server)
{
	const struct client *last = TAILQ_LAST(&server->clients, client_list);
	struct client *client = TAILQ_FIRST(&server->clients);

	while (client != last && (client->is_streaming || client->is_closing))
		client = TAILQ_NEXT(client, entry);
	return client != last ? client : TAILQ_FIRST(&server->clients);
}

/* Clients connect again when they need us; who asked last needs us most. */
static void
make_room(struct server *server)
{
	struct client *idle = find_longest_idle(server);

	server->limit_closes++;
	if (log_limit_allows(&server->limit_complaints, COMPLAINT_PERIOD_S))
		log_warning("more than %zu clients: closing the longest idle",
		    server->config.client_limit);
	server->serve_until_us = clock_monotonic_us() + CLOSE_US;
	while (client_drain(idle) == CLIENT_DRAIN_MORE &&
	       clock_monotonic_us() < server->serve_until_us)
		continue;
	server->serve_until_us = UINT64_MAX;
	client_finish(idle);
}

void
clients_add(struct server *server, int fd, const struct service_peer *peer)
{
	(void)client_new(server, fd, peer, ready_cb);
	if (server->client_count > server->config.client_limit)
		make_room(server);
}

/*
 * One turn for each client, so that no one's pipeline is served at the cost of
 * the others. True: there is more to serve. Those that have yet to take
 * replies are in waiting[].
 */
static bool
drain_once(struct server *server, struct pollfd *waiting, nfds_t *count)
{
	size_t clients = server->client_count;
	bool has_more = false;

	*count = 0;
	for (size_t i = 0; i < clients; i++) {
		struct client *client = TAILQ_FIRST(&server->clients);

		if (client == NULL ||
		    clock_monotonic_us() >= server->serve_until_us)
			break;
		TAILQ_REMOVE(&server->clients, client, entry);
		TAILQ_INSERT_TAIL(&server->clients, client, entry);
		/* Streams end last, with what the others ask. */
		if (client->is_streaming)
			continue;
		switch (client_drain(client)) {
		case CLIENT_DRAIN_DONE:
			client_finish(client);
			break;
		case CLIENT_DRAIN_MORE:
			has_more = true;
			break;
		case CLIENT_DRAIN_WRITE:
			waiting[(*count)++] = (struct pollfd){ .fd = client->fd,
				.events = POLLOUT };
		}
		bound_memory(server);
	}
	return has_more;
}

/* Whoever is left is not waited for. */
static void
finish_all(struct server *server)
{
	struct client *client, *next;

	for (client = TAILQ_FIRST(&server->clients); client != NULL;
	     client = next) {
		next = TAILQ_NEXT(client, entry);
		client_finish(client);
	}
}

void
clients_drain(struct server *server)
{
	struct pollfd *waiting =
	    xcalloc(server->client_count + 1, sizeof(*waiting));
	uint64_t now_us = clock_monotonic_us();
	uint64_t end_us = now_us + DRAIN_US;
	nfds_t count;
	bool has_more;

	loop_timer_cancel(&server->long_timer);
	server->serve_until_us = end_us;
	do {
		has_more = drain_once(server, waiting, &count);
		now_us = clock_monotonic_us();
		if (!has_more && count > 0 && now_us < end_us)
			(void)poll(waiting, count,
			    (int)((end_us - now_us) / 1000 + 1));
	} while ((has_more || count > 0) && now_us < end_us);
	server->serve_until_us = UINT64_MAX;
	free(waiting);
	finish_all(server);
}

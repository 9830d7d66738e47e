/*
 * server: the listening sockets, and who is let in; clients.c has the clients.
 */
#include "server.h"

#include "clients.h"
#include "log.h"
#include "secret.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections accepted per turn of the loop. */
#define ACCEPT_TURN_MAX 64

/* Out of descriptors: how long to leave new connections waiting. */
#define ACCEPT_PAUSE_US 100000

#define COMPLAINT_PERIOD_S 60

struct listener {
	struct server *server;
	int fd; /* borrowed: the descriptor is master's */
	struct loop_watch watch;
};

static void
server_watch_listeners(struct server *server, unsigned interest)
{
	for (size_t i = 0; i < server->listener_count; i++)
		loop_watch_set(&server->listeners[i]->watch, interest);
}

static void
accept_resume_cb(void *arg)
{
	server_watch_listeners(arg, LOOP_READ);
}

/* Whoever waits goes on waiting, so asking again at once would spin. */
static void
server_pause_accept(struct server *server, int reason)
{
	if (log_limit_allows(&server->accept_complaints, COMPLAINT_PERIOD_S))
		log_warning("accept connection: %s", strerror(reason));
	server_watch_listeners(server, 0);
	loop_timer_set(&server->accept_timer, ACCEPT_PAUSE_US);
}

/* Nobody is waiting any more, or an error of the one that was. */
static bool
is_over_at_once(int reason)
{
	return reason == EAGAIN || reason == EINTR || reason == ECONNABORTED ||
	       reason == EPROTO;
}

static void
listener_ready_cb(void *arg, unsigned ready)
{
	struct listener *listener = arg;
	struct server *server = listener->server;
	int fd;

	(void)ready;
	for (int i = 0; i < ACCEPT_TURN_MAX; i++) {
		fd = accept4(
		    listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		server_add_client(server, fd);
	}
	if (fd < 0 && !is_over_at_once(errno))
		server_pause_accept(server, errno);
}

void
server_init(struct server *server, struct loop *loop, struct service *service,
    struct master_status *status, const struct server_config *config)
{
	*server = (struct server){
		.loop = loop,
		.service = service,
		.status = status,
		.config = *config,
		.read_buffer = secret_alloc(SERVER_READ_LEN),
	};
	clients_init(server);
	buffer_init(&server->reply);
	loop_timer_init(&server->accept_timer, loop, accept_resume_cb, server);
}

/* It comes so from master(8): one that blocks would hold up everybody. */
static void
make_non_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_NONBLOCK) == 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
server_listen(struct server *server, int fd)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->server = server;
	listener->fd = fd;
	make_non_blocking(fd);
	server->listeners = xrealloc(server->listeners,
	    (server->listener_count + 1) * sizeof(*server->listeners));
	server->listeners[server->listener_count++] = listener;
	loop_watch_init(
	    &listener->watch, server->loop, fd, listener_ready_cb, listener);
	loop_watch_set(&listener->watch, LOOP_READ);
}

static struct service_peer
find_peer(int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return (struct service_peer){ .pid = -1, .uid = (uid_t)-1 };
	return (struct service_peer){ .pid = credentials.pid,
		.uid = credentials.uid };
}

static bool
is_admitted(const struct server *server, const struct service_peer *peer)
{
	return peer->uid == 0 || peer->uid == geteuid() ||
	       peer->uid == server->config.client_uid;
}

void
server_add_client(struct server *server, int fd)
{
	struct service_peer peer = find_peer(fd);

	if (!is_admitted(server, &peer)) {
		server->refused++;
		if (log_limit_allows(&server->refusals, COMPLAINT_PERIOD_S))
			log_warning("connection from process %ld, uid %ld "
				    "refused: neither root nor the mail owner",
			    (long)peer.pid, (long)peer.uid);
		close(fd);
		return;
	}
	clients_add(server, fd, &peer);
	server->accepted++;
}

void
server_drain(struct server *server)
{
	server_watch_listeners(server, 0);
	loop_timer_cancel(&server->accept_timer);
	clients_drain(server);
}

void
server_fini(struct server *server)
{
	server_drain(server);
	for (size_t i = 0; i < server->listener_count; i++) {
		loop_watch_fini(&server->listeners[i]->watch);
		free(server->listeners[i]);
	}
	free(server->listeners);
	loop_timer_fini(&server->accept_timer);
	clients_fini(server);
	buffer_fini(&server->reply);
	secret_free(server->read_buffer, SERVER_READ_LEN);
}

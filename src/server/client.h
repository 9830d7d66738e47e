/*
 * client: one connection of the server's. For server.c and client.c only.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "attr.h"
#include "buffer.h"
#include "loop.h"
#include "server.h"
#include "service.h"

#include <stdbool.h>
#include <sys/queue.h>

struct client {
	TAILQ_ENTRY(client) entry; /* in server->clients */
	struct server *server;
	int fd;                    /* owned */
	struct loop_watch watch;
	struct attr_reader reader;
	struct buffer input;       /* what is left of the bytes read */
	struct buffer output;      /* what the socket did not take */
	struct service_call call;
	bool is_in_hand;           /* a handler has the call */
	bool is_serving;           /* inside client_serve() */
	bool is_closing;           /* no more requests are taken */
};

/* A client on a connected socket (taken), announced to and watched. */
struct client *client_new(struct server *, int fd,
    const struct service_peer *);

/*
 * Answer what has arrived already, without waiting. False: the socket did not
 * take all replies; call again when it can be written to.
 */
bool client_drain(struct client *);

/*
 * Take no more requests, and free the client; if a handler has its call in
 * hand, when that is done.
 */
void client_finish(struct client *);

/* Leaves the server's list, closes the connection, frees all it holds. */
void client_free(struct client *);

#endif

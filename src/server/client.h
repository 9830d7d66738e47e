/*
 * client: one connection. Knows nothing of other clients but for the lists of
 * the server in which it is.
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
	TAILQ_ENTRY(client) entry;      /* in server->clients */
	TAILQ_ENTRY(client) long_entry; /* in server->long_clients */
	TAILQ_ENTRY(client) size_entry; /* in server->by_size[size_class] */
	struct server *server;
	int fd; /* owned */
	struct loop_watch watch;
	struct attr_reader reader;
	struct buffer input;  /* what is left of the bytes read */
	struct buffer output; /* what the socket did not take */
	struct service_call call;
	size_t memory;        /* of input and output, in server->memory */
	unsigned size_class;  /* of that; 0: none is held */
	unsigned drain_reads; /* reads since the drain began */
	bool is_in_hand;      /* a handler has the call */
	bool is_streaming;    /* and the reply goes on until the end */
	bool is_serving;      /* inside client_serve() */
	bool is_closing;      /* no more requests are taken */
	bool has_long;        /* the next request is a long one */
	bool may_run_long;    /* and it is this client's turn */
	bool is_queued;       /* in server->long_clients */
};

/*
 * A client on a connected socket (taken), announced to and watched; `ready` is
 * called with the client when its socket is.
 */
struct client *client_new(
    struct server *, int fd, const struct service_peer *, loop_fd_fn *ready);

/*
 * The socket is ready: write, read and serve as much as one turn allows, up to
 * the first long request (then has_long is set). May set is_closing.
 */
void client_work(struct client *, unsigned ready);

/* The turn of a client that has_long: the same, with that request served. */
void client_work_long(struct client *);

/*
 * Watch for what can happen next; nothing for a long request that waits. During
 * a stream whatever comes from the client ends it.
 */
void client_watch(struct client *);

enum client_drain {
	CLIENT_DRAIN_DONE,  /* all is answered that will be */
	CLIENT_DRAIN_MORE,  /* there is more to serve: call again */
	CLIENT_DRAIN_WRITE, /* the socket takes no more replies now */
};

/*
 * Answer what has arrived already, one turn of it, without waiting. What
 * begins with a long request is not answered.
 */
enum client_drain client_drain(struct client *);

/*
 * Take no more requests, end a stream, and free the client: at once, or where a
 * handler has its call in hand, when that is done.
 */
void client_finish(struct client *);

#endif

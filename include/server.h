/*
 * server: listening sockets and the clients that connect to them.
 *
 * No read or write ever blocks. A client is read from only while it takes its
 * replies; what it may make us keep is bounded by one request and the replies
 * of one turn, and by what all may hold together; and per turn of the loop it
 * is served a few requests only, so nobody waits for somebody else's pipeline.
 * Long requests (service_begin()) wait in a queue for their turn: all clients
 * together have half a millisecond of each turn for them.
 */
#ifndef SERVER_H
#define SERVER_H

#include "histogram.h"
#include "loop.h"
#include "service.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#define SERVER_READ_LEN 16384 /* bytes taken from a client at a time */

/* Clients by the memory that they hold: one class for each doubling. */
#define SERVER_SIZE_CLASSES 24

struct client;
struct listener;
struct master_status;
TAILQ_HEAD(client_list, client);

struct server_config {
	bool announce;        /* speak first (Postfix 3.6 and later) */
	size_t client_limit;  /* more than this close the longest idle one */
	size_t client_memory; /* bytes; more than this close the largest one */
	uid_t client_uid;     /* served besides root and ourselves */
};

struct server {
	struct loop *loop;            /* borrowed */
	struct service *service;      /* borrowed */
	struct master_status *status; /* borrowed */
	struct server_config config;
	struct listener **listeners; /* owned */
	size_t listener_count;
	struct loop_timer accept_timer; /* accepting is paused while set */
	struct log_limit accept_complaints;
	struct log_limit limit_complaints;
	struct log_limit refusals;
	struct log_limit memory_complaints;
	struct client_list clients; /* owned; who asked last is last */
	size_t client_count;
	size_t memory; /* bytes in buffers of clients */
	struct client_list by_size[SERVER_SIZE_CLASSES]; /* 0 is not used */
	struct client_list long_clients; /* those with a long request */
	struct loop_timer long_timer;    /* set: it is their turn */
	uint64_t serve_until_us;         /* monotonic; UINT64_MAX: no end */
	unsigned char *read_buffer;      /* owned; shared by all clients */
	struct buffer reply;             /* replies of the client at work */
	uint64_t accepted;
	uint64_t reads;         /* from clients, whatever came */
	uint64_t refused;       /* of other users */
	uint64_t limit_closes;  /* closed because of client_limit */
	uint64_t memory_closes; /* closed because of client_memory */
	/*
	 * Microseconds from the moment the loop woke up to the moment a
	 * client's replies of that turn were written, once for each of them.
	 */
	struct histogram latency;
};

/* All but the configuration, which is copied, is borrowed. */
void server_init(struct server *, struct loop *, struct service *,
    struct master_status *, const struct server_config *);

/* Accept clients from a listening socket (borrowed; made non-blocking). */
void server_listen(struct server *, int fd);

/*
 * Serve a connected, non-blocking socket; it is the server's from now on. A
 * client of another user than root, ourselves and client_uid is closed and
 * logged: who can connect is up to the permissions of the socket's directory,
 * but what we hold is worth a second look.
 */
void server_add_client(struct server *, int fd);

/*
 * The end: accept no more, answer what has arrived, write to clients that are
 * still reading, and close all of them. It takes half a second at most,
 * whatever was asked; long requests are not served any more, and what has not
 * been answered by then is not.
 */
void server_drain(struct server *);
/* Drains first; then frees what the server owns. */
void server_fini(struct server *);

#endif

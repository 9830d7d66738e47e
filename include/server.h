/*
 * server: listening sockets and the clients that connect to them.
 *
 * No read or write ever blocks. A client is read from only while it takes its
 * replies; what it may make us keep is bounded by one request and the replies
 * of one turn; and per turn of the loop it is served a few requests only, so
 * nobody waits for somebody else's pipeline.
 */
#ifndef SERVER_H
#define SERVER_H

#include "histogram.h"
#include "loop.h"
#include "master.h"
#include "service.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#define SERVER_READ_LEN 16384 /* bytes taken from a client at a time */

struct client;
struct listener;
TAILQ_HEAD(client_list, client);

struct server_config {
	bool announce;        /* speak first (Postfix 3.6 and later) */
	size_t client_limit;  /* more than this close the longest idle one */
	uid_t client_uid;     /* served besides root and ourselves */
};

struct server {
	struct loop *loop;             /* borrowed */
	struct service *service;       /* borrowed */
	struct master_status *status;  /* borrowed */
	struct server_config config;
	struct listener **listeners;   /* owned */
	size_t listener_count;
	struct loop_timer accept_timer; /* accepting is paused while set */
	struct log_limit accept_complaints;
	struct log_limit limit_complaints;
	struct log_limit refusals;
	struct client_list clients;    /* owned; who asked last is last */
	size_t client_count;
	unsigned char *read_buffer;    /* owned; shared by all clients */
	struct buffer reply;           /* replies of the client at work */
	uint64_t accepted;
	uint64_t refused;              /* of other users */
	uint64_t limit_closes;         /* closed because of client_limit */
	/*
	 * Microseconds from the moment the loop woke up to the moment a
	 * client's replies of that turn were written, once for each of them.
	 */
	struct histogram latency;
};

void server_init(struct server *, struct loop *, struct service *,
    struct master_status *, const struct server_config *);

/* Accept clients from a listening socket (non-blocking; borrowed). */
void server_listen(struct server *, int fd);

/*
 * Serve a connected, non-blocking socket; it is the server's from now on. A
 * client of another user than root, ourselves and client_uid is closed and
 * logged: who can connect is up to the permissions of the socket's directory,
 * but what we hold is worth a second look.
 */
void server_add_client(struct server *, int fd);

/*
 * The end: accept no more, answer what has arrived, wait a moment for clients
 * that are still reading their replies, and close all of them.
 */
void server_drain(struct server *);
void server_fini(struct server *);

#endif

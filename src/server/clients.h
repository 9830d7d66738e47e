/*
 * clients: all clients of a server taken together: whose turn it is, how many
 * there may be, what they may hold, and how they end.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "server.h"

/* The server's part that is about clients; its loop is there. */
void clients_init(struct server *);
/* All clients have gone before: clients_drain(). */
void clients_fini(struct server *);

/*
 * Serve a connected socket (taken). Past the limit the longest idle client is
 * closed; what it has asked already is answered.
 */
void clients_add(struct server *, int fd, const struct service_peer *);

/*
 * The end: see server_drain(). All clients are closed when this returns, but
 * for those whose call is in hand; they are when that is done.
 */
void clients_drain(struct server *);

#endif

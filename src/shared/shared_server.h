/*
 * shared_server: the list of engines in the configuration, tried in order:
 * ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH. Addresses, not names: nothing can
 * be looked up in the jail.
 */
#ifndef SHARED_SERVER_H
#define SHARED_SERVER_H

#include "error.h"

#include <stdbool.h>
#include <sys/socket.h>

#define SHARED_SERVERS_MAX 16

struct shared_server {
	char *text; /* owned; as configured */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct shared_servers {
	unsigned count;
	struct shared_server list[SHARED_SERVERS_MAX];
};

/*
 * Read a list, with commas or blanks between. ERROR_INVALID, and none is in
 * it: *cause names what is wrong with which, for the caller to free. An empty
 * list is one of none.
 */
enum error shared_servers_parse(
    struct shared_servers *, const char *text, char **cause);
/*
 * Is this a list of servers that can be used? As above; ERROR_UNSUPPORTED: this
 * was built without hiredis.
 */
enum error shared_servers_check(const char *text, char **cause);

void shared_servers_fini(struct shared_servers *); /* frees what is in it */

/*
 * A socket that is connected to it, or is being connected: *is_connected says
 * which. -1: errno says why not.
 */
int shared_server_connect(const struct shared_server *, bool *is_connected);

/* The TCP port of one; 0: it has none. */
unsigned shared_server_port(const struct shared_server *);

#endif

/*
 * ctl_connections: see its header. A descriptor's number is used again at once,
 * the number of a socket's inode is not: it tells one connection from the next.
 */
#include "ctl_connections.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

void
ctl_connections_init(struct ctl_connections *connections)
{
	memset(connections, 0, sizeof(*connections));
}

/* The inode of a connected socket of TCP; 0: the descriptor is none. */
static ino_t
find_inode(int fd)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return 0;
	return peer.ss_family == AF_INET || peer.ss_family == AF_INET6
	           ? st.st_ino
	           : 0;
}

static struct ctl_connection *
look_at(struct ctl_connections *connections, int fd, uint64_t now_us)
{
	struct ctl_connection *connection = &connections->at[fd];
	ino_t inode = find_inode(fd);

	if (inode != connection->inode)
		*connection = (struct ctl_connection){ .inode = inode,
			.since_us = now_us };
	return connection;
}

unsigned
ctl_connections_look(
    struct ctl_connections *connections, uint64_t now_us, uint64_t max_us)
{
	unsigned count = 0;

	for (int fd = 0; fd < CTL_CONNECTIONS_FDS; fd++) {
		const struct ctl_connection *connection =
		    look_at(connections, fd, now_us);

		if (connection->inode == 0)
			continue;
		count++;
		if (!connection->is_waiting &&
		    now_us - connection->since_us >= max_us)
			shutdown(fd, SHUT_RDWR);
	}
	return count;
}

static int
find_oldest(const struct ctl_connections *connections)
{
	int oldest = -1;

	for (int fd = 0; fd < CTL_CONNECTIONS_FDS; fd++) {
		const struct ctl_connection *connection = &connections->at[fd];

		if (connection->inode != 0 && !connection->is_waiting &&
		    (oldest < 0 || connection->since_us <
				       connections->at[oldest].since_us))
			oldest = fd;
	}
	return oldest;
}

void
ctl_connections_end_oldest(struct ctl_connections *connections, unsigned count)
{
	int fd;

	while (count-- > 0 && (fd = find_oldest(connections)) >= 0) {
		shutdown(fd, SHUT_RDWR);
		connections->at[fd].inode = 0;
	}
}

void
ctl_connections_set_waiting(struct ctl_connections *connections, int fd,
    uint64_t now_us, bool is_waiting)
{
	if (fd < 0 || fd >= CTL_CONNECTIONS_FDS)
		return;
	look_at(connections, fd, now_us)->is_waiting = is_waiting;
}

/*
 * ctl_connections: how long each connection of a server has been there, by its
 * descriptor. The sockets belong to a library that neither says when it closes
 * one nor counts them, and to which a byte now and then is a client that lives.
 * So they are looked at from outside, and ended with shutdown(2), which the
 * library takes for the client's own end.
 */
#ifndef CTL_CONNECTIONS_H
#define CTL_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CTL_CONNECTIONS_MAX 256
/* So many descriptors are enough for these, and for all else. */
#define CTL_CONNECTIONS_FDS 512

struct ctl_connections {
	struct ctl_connection {
		ino_t inode; /* of the socket; 0: nothing here */
		uint64_t since_us;
		bool is_waiting; /* for us, so it is not to be ended */
	} at[CTL_CONNECTIONS_FDS];
};

/* There are none. Owns nothing. */
void ctl_connections_init(struct ctl_connections *);
/*
 * See which there are (connected sockets of TCP) at a time, and end those that
 * have been there for `max_us`. Returns how many there are, with these.
 */
unsigned ctl_connections_look(
    struct ctl_connections *, uint64_t now_us, uint64_t max_us);
/* End the `count` that have been there longest. */
void ctl_connections_end_oldest(struct ctl_connections *, unsigned count);
/* Does the client on this descriptor wait for us? Then it is not ended. */
void ctl_connections_set_waiting(
    struct ctl_connections *, int fd, uint64_t now_us, bool);

#endif

/*
 * client_buffers: the buffers of one connection, and what they count for.
 */
#ifndef CLIENT_BUFFERS_H
#define CLIENT_BUFFERS_H

#include "client.h"

#include <stddef.h>

/* Replies beyond this many bytes must be taken before we go on. */
#define CLIENT_REPLY_MAX 65536

/*
 * Write the replies that came together while serving, and what the socket did
 * not take before. Both may set is_closing; the rest stays in the output. A
 * stream is told when nothing is left.
 */
void client_write_replies(struct client *);
void client_write_output(struct client *);

/* Buffers may have grown or shrunk: keep the sum and the lists right. */
void client_count_memory(struct client *);

#endif

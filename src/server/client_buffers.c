/*
 * client_buffers: what a client holds: replies on their way out, and the memory
 * of both buffers, in the sum and the lists of the server.
 */
#include "client_buffers.h"

#include <errno.h>
#include <sys/socket.h>

/* Write `len` bytes; returns how many the socket took. */
static size_t
client_write(struct client *client, const void *data, size_t len)
{
	ssize_t count;

	do {
		count = send(client->fd, data, len, MSG_NOSIGNAL);
	} while (count < 0 && errno == EINTR);
	if (count >= 0)
		return (size_t)count;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		client->is_closing = true;
	return 0;
}

void
client_write_replies(struct client *client)
{
	struct buffer *reply = &client->server->reply;
	size_t count = 0;

	if (client->output.len == 0 && reply->len > 0)
		count = client_write(client, buffer_head(reply), reply->len);
	if (count < reply->len)
		buffer_append(&client->output, buffer_head(reply) + count,
		    reply->len - count);
	buffer_clear(reply, CLIENT_REPLY_MAX);
}

void
client_write_output(struct client *client)
{
	struct buffer *output = &client->output;

	if (output->len == 0)
		return;
	buffer_consume(
	    output, client_write(client, buffer_head(output), output->len));
	if (output->len > 0)
		return;
	buffer_clear(output, 0);
	if (client->is_streaming)
		service_taken(&client->call);
}

/* 0 for nothing, and one more for each doubling. */
static unsigned
size_class_of(size_t memory)
{
	unsigned size_class = 0;

	for (; memory > 0 && size_class < SERVER_SIZE_CLASSES - 1; memory /= 2)
		size_class++;
	return size_class;
}

static void
set_memory(struct client *client, size_t memory)
{
	struct server *server = client->server;
	unsigned size_class = size_class_of(memory);

	server->memory += memory - client->memory;
	client->memory = memory;
	if (size_class == client->size_class)
		return;
	if (client->size_class > 0)
		TAILQ_REMOVE(
		    &server->by_size[client->size_class], client, size_entry);
	if (size_class > 0)
		TAILQ_INSERT_TAIL(
		    &server->by_size[size_class], client, size_entry);
	client->size_class = size_class;
}

void
client_count_memory(struct client *client)
{
	size_t memory = client->input.size + client->output.size;

	/* A stream has a bound of its own, and its reader must not be closed
	 * for the memory of others. */
	if (client->is_streaming)
		memory = 0;
	if (memory != client->memory)
		set_memory(client, memory);
}

/*
 * client: one connection. Reads into a buffer that all clients share, keeps
 * only what is left of an incomplete request, and keeps replies only where the
 * socket did not take them; so an idle client costs next to nothing.
 *
 * A client is freed by client_free() and nowhere else. While a handler has its
 * call in hand it cannot be freed: is_closing is set, and the end of the call
 * frees it.
 */
#include "client_buffers.h"

#include "clock.h"
#include "xalloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests that one client is served per turn of the loop. */
#define CLIENT_TURN_REQUESTS 16

/* At the end: as many as the largest request takes, not as many as come. */
#define CLIENT_DRAIN_READS (ATTR_LIST_MAX / SERVER_READ_LEN + 1)

void
client_watch(struct client *client)
{
	bool has_output = client->output.len > 0;
	/* A whole request waits for its turn; half a request, for bytes. */
	bool has_request =
	    client->input.len > 0 && client->reader.offset < client->input.len;
	unsigned interest = LOOP_READ;

	if (client->is_streaming)
		interest = has_output ? LOOP_READ | LOOP_WRITE : LOOP_READ;
	else if (client->is_in_hand || (client->has_long && !has_output))
		interest = 0;
	else if (has_output || has_request)
		interest = LOOP_WRITE;
	loop_watch_set(&client->watch, interest);
}

static void
client_free(struct client *client)
{
	struct server *server = client->server;

	TAILQ_REMOVE(&server->clients, client, entry);
	server->client_count--;
	if (client->is_queued)
		TAILQ_REMOVE(&server->long_clients, client, long_entry);
	loop_watch_fini(&client->watch);
	close(client->fd);
	buffer_fini(&client->input);
	buffer_fini(&client->output);
	client_count_memory(client);
	free(client);
}

void
client_finish(struct client *client)
{
	client->is_closing = true;
	if (client->is_streaming) {
		client_write_output(client);
		service_stop(&client->call);
		client->is_in_hand = false;
	}
	if (!client->is_in_hand)
		client_free(client);
	else
		loop_watch_set(&client->watch, 0);
}

static struct client *
client_of(struct service_call *call)
{
	return (struct client *)((char *)call - offsetof(struct client, call));
}

/* Another client may be served now: nothing is freed here. */
static void
client_call_more(struct service_call *call)
{
	struct client *client = client_of(call);

	client->is_streaming = true;
	if (client->is_serving)
		return;
	/* Where the socket is full, the loop says when it no longer is. */
	if ((client->watch.interest & LOOP_WRITE) == 0)
		client_write_output(client);
	client_watch(client);
}

static void
client_call_done(struct service_call *call)
{
	struct client *client = client_of(call);

	client->is_in_hand = false;
	if (client->is_serving)
		return;
	/* The store answered late: go on where client_serve() left off. */
	client_write_output(client);
	client_count_memory(client);
	if (client->is_closing)
		client_free(client);
	else
		client_watch(client);
}

/*
 * Hand a whole request to the service. False: it is a long one, and not this
 * client's turn.
 */
static bool
client_run_request(struct client *client, const unsigned char *data)
{
	struct service *service = client->server->service;
	struct attr_list request;

	attr_list_init(&request, &client->reader, data);
	client->has_long = service_begin(service, &request, &client->call);
	if (client->has_long && !client->may_run_long)
		return false;
	client->has_long = client->may_run_long = false;
	client->call.reply = &client->server->reply;
	client->is_in_hand = true;
	service_run(&request, &client->call);
	/* A late answer may come while another client is served. */
	if (client->is_in_hand)
		client->call.reply = &client->output;
	return true;
}

/* master(8) wants a process to be started, not an answer. */
static bool
is_master_trigger(const unsigned char *data, size_t len)
{
	return len == 2 && data[0] == 'W' && data[1] == '\0';
}

/* After so many requests of this turn: may one more be served? */
static bool
can_serve_more(const struct client *client, unsigned requests)
{
	const struct server *server = client->server;

	if (requests == 0)
		return true;
	return !client->is_in_hand && requests < CLIENT_TURN_REQUESTS &&
	       server->reply.len < CLIENT_REPLY_MAX &&
	       (server->serve_until_us == UINT64_MAX ||
		   clock_monotonic_us() < server->serve_until_us);
}

/*
 * Answer the whole requests at the front of data[0..len), up to the limits of
 * one turn. Returns the number of bytes that are done with.
 */
static size_t
client_serve(struct client *client, const unsigned char *data, size_t len)
{
	struct server *server = client->server;
	size_t done = 0, used;
	unsigned requests = 0;
	enum error error = ERROR_NONE;
	bool was_run = true;

	client->is_serving = true;
	while (was_run && done < len && can_serve_more(client, requests)) {
		error = attr_reader_feed(
		    &client->reader, data + done, len - done, &used);
		if (error != ERROR_NONE)
			break;
		was_run = client_run_request(client, data + done);
		attr_reader_init(&client->reader);
		done += was_run ? used : 0;
		requests++;
	}
	client->is_serving = false;
	if (error == ERROR_TOO_LARGE) {
		client->call.reply = &server->reply;
		service_refuse(server->service, &client->call, error);
		client->is_closing = true;
	} else if (error == ERROR_AGAIN &&
		   is_master_trigger(data + done, len - done)) {
		client->is_closing = true;
	}
	return done;
}

/* Serve from what is kept, or from what was read just now. */
static void
client_serve_input(struct client *client, const unsigned char *data, size_t len)
{
	struct buffer *input = &client->input;
	size_t done;

	if (input->len > 0) {
		buffer_append(input, data, len);
		done = client_serve(client, buffer_head(input), input->len);
		buffer_consume(input, done);
		if (input->len == 0)
			buffer_clear(input, 0);
	} else {
		done = client_serve(client, data, len);
		if (done < len)
			buffer_append(input, data + done, len - done);
	}
	client_write_replies(client);
	if (client->is_streaming && input->len > 0)
		client->is_closing = true;
}

/* False: there was nothing to read. */
static bool
client_read(struct client *client)
{
	struct server *server = client->server;
	ssize_t len;

	len = read(client->fd, server->read_buffer, SERVER_READ_LEN);
	server->reads++;
	if (len > 0) {
		client_serve_input(client, server->read_buffer, (size_t)len);
		explicit_bzero(server->read_buffer, (size_t)len);
	} else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		client->is_closing = true;
	return len > 0;
}

void
client_work(struct client *client, unsigned ready)
{
	if (client->is_streaming && (ready & LOOP_READ) != 0)
		client->is_closing = true;
	client_write_output(client);
	if (!client->is_closing && client->output.len == 0) {
		if (ready & LOOP_READ)
			client_read(client);
		else if (client->input.len > 0)
			client_serve_input(client, NULL, 0);
	}
	client_count_memory(client);
}

void
client_work_long(struct client *client)
{
	client->may_run_long = true;
	client_serve_input(client, NULL, 0);
	client->may_run_long = false;
	client_count_memory(client);
}

struct client *
client_new(struct server *server, int fd, const struct service_peer *peer,
    loop_fd_fn *ready)
{
	struct client *client = xcalloc(1, sizeof(*client));

	TAILQ_INSERT_TAIL(&server->clients, client, entry);
	server->client_count++;
	client->server = server;
	client->fd = fd;
	client->call.done = client_call_done;
	client->call.more = client_call_more;
	client->call.peer = *peer;
	attr_reader_init(&client->reader);
	buffer_init(&client->input);
	buffer_init(&client->output);
	loop_watch_init(&client->watch, server->loop, fd, ready, client);
	if (server->config.announce) {
		attr_put_string(&server->reply, "protocol", "tlsmgr_protocol");
		attr_put_end(&server->reply);
		client_write_replies(client);
	}
	client_watch(client);
	return client;
}

/* Serve from what is kept, else from what can be read. False: nothing to. */
static bool
client_drain_input(struct client *client)
{
	size_t len = client->input.len;

	if (len > 0) {
		client_serve_input(client, NULL, 0);
		if (client->input.len < len)
			return true;
	}
	return !client->has_long &&
	       client->drain_reads++ < CLIENT_DRAIN_READS &&
	       client_read(client);
}

enum client_drain
client_drain(struct client *client)
{
	bool has_more = false;

	client_write_output(client);
	if (client->output.len == 0 && !client->is_in_hand &&
	    !client->is_closing)
		has_more = client_drain_input(client);
	client_count_memory(client);
	if (client->is_closing)
		return CLIENT_DRAIN_DONE;
	if (client->output.len > 0)
		return CLIENT_DRAIN_WRITE;
	return has_more ? CLIENT_DRAIN_MORE : CLIENT_DRAIN_DONE;
}

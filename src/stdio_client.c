/*
 * stdio_client: the -S option. The only place that reads and writes blocking;
 * never used together with the server.
 */
#include "stdio_client.h"

#include "attr.h"
#include "buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#define READ_LEN 4096

struct stdio_client {
	struct attr_reader reader;
	struct buffer input;
	struct buffer reply;
	struct service_call call;
};

static void
call_done(struct service_call *call)
{
	(void)call; /* our stores answer before they return */
}

static bool
write_reply(struct buffer *reply)
{
	ssize_t count;

	while (reply->len > 0) {
		count = write(STDOUT_FILENO, buffer_head(reply), reply->len);
		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0)
			buffer_consume(reply, (size_t)count);
	}
	return true;
}

/* Answer the whole requests that have arrived. False: give up. */
static bool
serve_input(struct stdio_client *client, struct service *service)
{
	struct attr_list request;
	enum error error;
	size_t used;

	while (client->input.len > 0) {
		error = attr_reader_feed(&client->reader,
		    buffer_head(&client->input), client->input.len, &used);
		if (error == ERROR_AGAIN)
			return true;
		if (error != ERROR_NONE) {
			service_refuse(service, &client->call, error);
			write_reply(&client->reply);
			return false;
		}
		attr_list_init(
		    &request, &client->reader, buffer_head(&client->input));
		service_run(service, &request, &client->call);
		attr_reader_init(&client->reader);
		buffer_consume(&client->input, used);
		if (!write_reply(&client->reply))
			return false;
	}
	return true;
}

void
stdio_client_serve(struct service *service)
{
	struct stdio_client client = {
		.call = {
			.peer = { .pid = getppid(), .uid = getuid() },
			.reply = &client.reply,
			.done = call_done,
		},
	};
	ssize_t count;

	attr_reader_init(&client.reader);
	buffer_init(&client.input);
	buffer_init(&client.reply);
	do {
		count = read(STDIN_FILENO,
		    buffer_reserve(&client.input, READ_LEN), READ_LEN);
		if (count > 0)
			buffer_commit(&client.input, (size_t)count);
	} while ((count > 0 && serve_input(&client, service)) ||
		 (count < 0 && errno == EINTR));
	buffer_fini(&client.input);
	buffer_fini(&client.reply);
}

/*
 * stdio_client: the -S option. The only place that waits for a client, be it to
 * write or to read; never used together with the server. The event loop does
 * not run meanwhile, so the signals that end us, and the watchdog, are handled
 * here.
 */
#include "stdio_client.h"

#include "attr.h"
#include "buffer.h"
#include "master.h"
#include "minmax.h"
#include "service.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#define READ_LEN 4096

struct stdio_client {
	struct attr_reader reader;
	struct buffer input;
	struct buffer reply;
	struct service_call call;
	sigset_t mask_of_wait;
};

static volatile sig_atomic_t is_ended;

static void
end_cb(int signal_number)
{
	(void)signal_number;
	is_ended = 1;
}

/*
 * Signals are blocked but for the wait for input, which gets the mask from
 * before: one that came between a test of the flag and a read that blocks
 * would be lost.
 */
static void
catch_signals(sigset_t *mask_of_wait)
{
	struct sigaction action = { .sa_handler = end_cb };

	sigemptyset(&action.sa_mask);
	master_block_end_signals(mask_of_wait);
	for (int i = 0; i < MASTER_END_SIGNALS; i++)
		sigaction(master_end_signals[i], &action, NULL);
}

/* Until a read or write does not block. False: we are to end. */
static bool
wait_for(const struct stdio_client *client, int fd, short event)
{
	struct pollfd wanted = { .fd = fd, .events = event };

	/* Each tick of the watchdog interrupts it as well. */
	do {
		master_watchdog_pat();
	} while (!is_ended &&
		 ppoll(&wanted, 1, NULL, &client->mask_of_wait) < 0 &&
		 errno == EINTR);
	return !is_ended;
}

static void
call_done(struct service_call *call)
{
	(void)call; /* our stores answer before they return */
}

/* A pipe that is ready takes so much at once. False: give up. */
static bool
write_reply(struct stdio_client *client)
{
	struct buffer *reply = &client->reply;
	ssize_t count = 0;

	while (reply->len > 0 && wait_for(client, STDOUT_FILENO, POLLOUT)) {
		count = write(STDOUT_FILENO, buffer_head(reply),
		    min_size(reply->len, PIPE_BUF));
		if (count < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (count > 0)
			buffer_consume(reply, (size_t)count);
	}
	return reply->len == 0;
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
			write_reply(client);
			return false;
		}
		attr_list_init(
		    &request, &client->reader, buffer_head(&client->input));
		(void)service_begin(service, &request, &client->call);
		service_run(&request, &client->call);
		attr_reader_init(&client->reader);
		buffer_consume(&client->input, used);
		if (!write_reply(client))
			return false;
	}
	return true;
}

/* False: the input has ended, or cannot be used any more. */
static bool
read_input(struct stdio_client *client, struct service *service)
{
	ssize_t count;

	count = read(
	    STDIN_FILENO, buffer_reserve(&client->input, READ_LEN), READ_LEN);
	if (count <= 0)
		return count < 0 && (errno == EINTR || errno == EAGAIN);
	buffer_commit(&client->input, (size_t)count);
	return serve_input(client, service);
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

	attr_reader_init(&client.reader);
	buffer_init(&client.input);
	buffer_init(&client.reply);
	catch_signals(&client.mask_of_wait);
	while (wait_for(&client, STDIN_FILENO, POLLIN) &&
	       read_input(&client, service))
		continue;
	buffer_fini(&client.input);
	buffer_fini(&client.reply);
}

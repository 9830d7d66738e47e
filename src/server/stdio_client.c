/*
 * stdio_client: the -S option. The only place that reads and writes blocking;
 * never used together with the server. The event loop does not run meanwhile,
 * so the signals that end us, and the watchdog, are looked after here.
 */
#include "stdio_client.h"

#include "attr.h"
#include "buffer.h"
#include "master.h"
#include "service.h"

#include <errno.h>
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

/* Until there is something to read, or nothing more. False: we are to end. */
static bool
wait_for_input(const sigset_t *mask)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	/* Each tick of the watchdog interrupts it as well. */
	do {
		master_watchdog_pat();
	} while (
	    !is_ended && ppoll(&input, 1, NULL, mask) < 0 && errno == EINTR);
	return !is_ended;
}

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
		(void)service_begin(service, &request, &client->call);
		service_run(&request, &client->call);
		attr_reader_init(&client->reader);
		buffer_consume(&client->input, used);
		if (!write_reply(&client->reply))
			return false;
	}
	return true;
}

/* False: the input has ended, or is of no use any more. */
static bool
read_input(struct stdio_client *client, struct service *service)
{
	ssize_t count;

	count = read(
	    STDIN_FILENO, buffer_reserve(&client->input, READ_LEN), READ_LEN);
	if (count <= 0)
		return count < 0 && errno == EINTR;
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
	sigset_t mask_of_wait;

	attr_reader_init(&client.reader);
	buffer_init(&client.input);
	buffer_init(&client.reply);
	catch_signals(&mask_of_wait);
	while (wait_for_input(&mask_of_wait) && read_input(&client, service))
		continue;
	buffer_fini(&client.input);
	buffer_fini(&client.reply);
}

/*
 * ctl_client: connects to the daemon, sends requests, reads replies as they
 * come, each by a deadline. Owns the connection and what arrived on it. Never
 * prints: what is wrong is handed to the caller as a sentence.
 */
#include "ctl_client.h"

#include "clock.h"
#include "ctl_advice.h"
#include "xalloc.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_LEN 16384

/* Where nobody wants to wait. */
#define RECEIVE_US 1000

/* Postfix's own daemon is silent when it is asked for what it does not know. */
#define FIRST_PROBE_US 250000
#define PROBE_US       1000000

static enum error __attribute__((format(printf, 3, 4)))
fail(enum error error, char **cause, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*cause = xvasprintf(fmt, ap);
	va_end(ap);
	return error;
}

static enum error
fail_to_reach(const struct ctl_client *client, int number, char **cause)
{
	switch (number) {
	case EACCES:
	case EPERM:
		return fail(ERROR_PERMISSION, cause,
		    "%s: permission denied; only root and the mail owner may "
		    "talk to the daemon; be root",
		    client->path);
	case ENOENT:
		return fail(ERROR_NOT_FOUND, cause,
		    "%s: there is no such socket; Postfix has not been started "
		    "with this configuration, or has no such service in "
		    "master.cf",
		    client->path);
	case ECONNREFUSED:
		return fail(ERROR_CLOSED, cause,
		    "%s: nobody listens; Postfix is not running; start it: %s",
		    client->path, ctl_advice_start());
	case EAGAIN:
	case ETIMEDOUT:
		return fail(ERROR_TIMED_OUT, cause,
		    "%s: no connection within %u ms: too many clients wait for "
		    "it already",
		    client->path, client->timeout_ms);
	default:
		return fail(
		    ERROR_IO, cause, "%s: %s", client->path, strerror(number));
	}
}

static int
connect_to(const char *service, unsigned timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, number;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "private/%s",
		service) >= (int)sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Bounds connect(2) as well, which waits while the backlog is full. */
	if (setsockopt(
		fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

enum error
ctl_client_open(struct ctl_client *client, const char *queue_directory,
    const char *service, unsigned timeout_ms, char **cause)
{
	*client = (struct ctl_client){
		.fd = -1,
		.timeout_ms = timeout_ms,
		.path = xasprintf("%s/private/%s", queue_directory, service),
	};
	buffer_init(&client->input);
	buffer_init(&client->statistics);
	if (chdir(queue_directory) < 0)
		return fail_to_reach(client, errno, cause);
	client->fd = connect_to(service, timeout_ms);
	if (client->fd < 0)
		return fail_to_reach(client, errno, cause);
	return ERROR_NONE;
}

void
ctl_client_close(struct ctl_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buffer_fini(&client->input);
	buffer_fini(&client->statistics);
	free(client->path);
	client->path = NULL;
}

static enum error
fail_closed(const struct ctl_client *client, char **cause)
{
	return fail(ERROR_CLOSED, cause,
	    "%s: the daemon closed the connection without an answer; its log "
	    "may say why",
	    client->path);
}

enum error
ctl_client_send(
    struct ctl_client *client, const struct buffer *request, char **cause)
{
	const unsigned char *data = buffer_head(request);
	size_t sent = 0;

	while (sent < request->len) {
		ssize_t written = send(
		    client->fd, data + sent, request->len - sent, MSG_NOSIGNAL);

		if (written >= 0)
			sent += (size_t)written;
		else if (errno == EPIPE || errno == ECONNRESET)
			return fail_closed(client, cause);
		else if (errno != EINTR)
			return fail_to_reach(client, errno, cause);
	}
	return ERROR_NONE;
}

/* Read what there is, once, or wait until the time has come. */
static enum error
read_some(struct ctl_client *client, uint64_t until_us, char **cause)
{
	uint64_t now_us = clock_monotonic_us();
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
	ssize_t got;

	if (now_us >= until_us)
		return ERROR_AGAIN;
	switch (poll(&poll_fd, 1, (int)((until_us - now_us + 999) / 1000))) {
	case 0:
		return ERROR_AGAIN;
	case -1:
		return errno == EINTR ? ERROR_NONE
		                      : fail_to_reach(client, errno, cause);
	}
	got = recv(client->fd, buffer_reserve(&client->input, READ_LEN),
	    READ_LEN, MSG_DONTWAIT);
	if (got > 0)
		buffer_commit(&client->input, (size_t)got);
	else if (got == 0 || errno == ECONNRESET)
		return fail_closed(client, cause);
	else if (errno != EAGAIN && errno != EINTR)
		return fail_to_reach(client, errno, cause);
	return ERROR_NONE;
}

/* One attribute list; ERROR_AGAIN: not whole at that time. */
static enum error
read_list(struct ctl_client *client, uint64_t until_us, struct ctl_reply *reply,
    char **cause)
{
	struct attr_reader reader;
	enum error error;
	size_t len;

	buffer_consume(&client->input, client->reply_len);
	client->reply_len = 0;
	attr_reader_init(&reader);
	while ((error = attr_reader_feed(&reader, buffer_head(&client->input),
		    client->input.len, &len)) == ERROR_AGAIN) {
		error = read_some(client, until_us, cause);
		if (error != ERROR_NONE)
			return error;
	}
	if (error != ERROR_NONE)
		return fail(error, cause,
		    "%s: the answer is longer than any can be: that is no "
		    "tlsmgr",
		    client->path);
	client->reply_len = len;
	ctl_reply_init(reply, buffer_head(&client->input), len);
	return ERROR_NONE;
}

/* Is this the announcement, with which servers of Postfix 3.6 begin? */
static bool
is_announcement(const struct ctl_reply *reply)
{
	const char *protocol = ctl_reply_find(reply, "protocol");

	return protocol != NULL && strcmp(protocol, "tlsmgr_protocol") == 0;
}

static bool
is_policy(const struct ctl_reply *reply)
{
	return ctl_reply_find(reply, "cachable") != NULL;
}

/* An answer, after the announcement if there is one. */
static enum error
read_reply(struct ctl_client *client, uint64_t until_us,
    struct ctl_reply *reply, char **cause)
{
	bool is_first = !client->is_greeted;
	enum error error = read_list(client, until_us, reply, cause);

	if (error != ERROR_NONE)
		return error;
	client->is_greeted = true;
	if (is_first && is_announcement(reply))
		return read_reply(client, until_us, reply, cause);
	if (ctl_reply_find(reply, "status") == NULL)
		return fail(ERROR_PROTOCOL, cause,
		    "%s: the answer has no status: that is no tlsmgr",
		    client->path);
	return ERROR_NONE;
}

static uint64_t
deadline_us(const struct ctl_client *client)
{
	return clock_monotonic_us() + (uint64_t)client->timeout_ms * 1000;
}

static enum error
fail_silent(const struct ctl_client *client, enum error error, char **cause)
{
	if (error != ERROR_AGAIN)
		return error;
	return fail(ERROR_TIMED_OUT, cause, "%s: no answer within %u ms",
	    client->path, client->timeout_ms);
}

enum error
ctl_client_receive(
    struct ctl_client *client, struct ctl_reply *reply, char **cause)
{
	return read_reply(
	    client, clock_monotonic_us() + RECEIVE_US, reply, cause);
}

enum error
ctl_client_ask(struct ctl_client *client, const struct buffer *request,
    struct ctl_reply *reply, char **cause)
{
	uint64_t until_us = deadline_us(client);
	enum error error = ctl_client_send(client, request, cause);

	if (error != ERROR_NONE)
		return error;
	for (; client->probes > 0; client->probes--) {
		error = read_reply(client, until_us, reply, cause);
		if (error != ERROR_NONE)
			return fail_silent(client, error, cause);
	}
	return fail_silent(
	    client, read_reply(client, until_us, reply, cause), cause);
}

enum error
ctl_client_next(
    struct ctl_client *client, struct ctl_reply *reply, char **cause)
{
	enum error error;

	do {
		error = read_list(client, deadline_us(client), reply, cause);
	} while (error == ERROR_AGAIN);
	return error;
}

bool
ctl_client_has_more(const struct ctl_client *client)
{
	return client->input.len > client->reply_len;
}

static enum error
send_probe(struct ctl_client *client, const char *request,
    const char *cache_type, char **cause)
{
	struct buffer message;
	enum error error;

	buffer_init(&message);
	attr_put_string(&message, "request", request);
	if (cache_type != NULL)
		attr_put_string(&message, "cache_type", cache_type);
	attr_put_end(&message);
	error = ctl_client_send(client, &message, cause);
	buffer_fini(&message);
	return error;
}

/*
 * Every tlsmgr answers `policy`, in its turn. So when that answer is the first
 * to come, the request before it was passed over; how long a busy daemon takes
 * for either does not matter. Postfix's also passes over what arrives together
 * with the unknown request, so it may have to be asked twice.
 */
static enum error
await_statistics(
    struct ctl_client *client, struct ctl_reply *reply, char **cause)
{
	uint64_t end_us = deadline_us(client);
	uint64_t until_us = clock_monotonic_us() + FIRST_PROBE_US;
	enum error error;

	for (;;) {
		if (until_us > end_us)
			until_us = end_us;
		error = read_reply(client, until_us, reply, cause);
		if (error != ERROR_AGAIN || until_us == end_us)
			return fail_silent(client, error, cause);
		error = send_probe(client, "policy", "smtpd", cause);
		if (error != ERROR_NONE)
			return error;
		client->probes++;
		until_us += PROBE_US;
	}
}

enum error
ctl_client_identify(
    struct ctl_client *client, enum ctl_daemon *daemon, char **cause)
{
	struct ctl_reply reply = { 0 };
	enum error error = send_probe(client, "stats", NULL, cause);

	if (error == ERROR_NONE)
		error = await_statistics(client, &reply, cause);
	if (error != ERROR_NONE)
		return error;
	if (is_policy(&reply)) {
		*daemon = CTL_DAEMON_POSTFIX;
	} else if (ctl_reply_find(&reply, "version") == NULL) {
		*daemon = CTL_DAEMON_OLDER;
	} else {
		*daemon = CTL_DAEMON_OURS;
		buffer_append(&client->statistics, reply.data, reply.len);
	}
	return ERROR_NONE;
}

struct ctl_reply
ctl_client_statistics(const struct ctl_client *client)
{
	struct ctl_reply statistics;

	ctl_reply_init(&statistics, buffer_head(&client->statistics),
	    client->statistics.len);
	return statistics;
}

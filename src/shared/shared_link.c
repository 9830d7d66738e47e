/*
 * shared_link: the states of the connection, and which errors end it. Owns the
 * socket, its watch, and one timer. Callbacks of commands may end the
 * connection; `connection` is another number then, for the code around them.
 */
#include "shared_link_private.h"

#include "clock.h"
#include "minmax.h"
#include "prng.h"
#include "xalloc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_US            UINT64_C(1000000)
#define STORING_WARN_PERIOD_S 3600
#define INPUT_LEN             65536

/* SETs that are not answered; what comes later waits for no more than these. */
#define SETS_MAX 65536

static void link_connect(struct shared_link *);

void
shared_link_init(
    struct shared_link *link, const struct shared_link_config *config)
{
	*link = (struct shared_link){ .config = *config, .fd = -1 };
	shared_pipeline_init(&link->pipeline);
	shared_breaker_init(&link->breaker);
}

static void
timer_cb(void *arg)
{
	shared_link_wake(arg);
}

void
shared_link_start(struct shared_link *link, struct loop *loop)
{
	if (link->config.servers->count == 0)
		return;
	link->loop = loop;
	link->input = xmalloc(INPUT_LEN);
	link->down_at_us = clock_monotonic_us();
	loop_timer_init(&link->timer, loop, timer_cb, link);
	link_connect(link);
}

void
shared_link_fini(struct shared_link *link)
{
	if (link->loop == NULL)
		return;
	link->config.changed = NULL;
	link->state = SHARED_LINK_OFF;
	shared_link_close(link);
	shared_pipeline_close(&link->pipeline);
	loop_timer_fini(&link->timer);
	free(link->input);
	link->loop = NULL;
}

/*
 * What it says, without what it was told: some engines repeat a command that
 * they do not know, and with it a record, or our password.
 */
static void
quote(const struct shared_link *link, const struct shared_reply *reply,
    char words[SHARED_LINK_DETAIL_SIZE])
{
	static const char repeated[] = ", with args";
	const char *password = link->config.password;
	const unsigned char *end =
	    memmem(reply->data, reply->len, repeated, sizeof(repeated) - 1);
	size_t len = end != NULL ? (size_t)(end - reply->data) : reply->len;

	if (password != NULL &&
	    memmem(reply->data, len, password, strlen(password)) != NULL)
		len = 0;
	snprintf(words, SHARED_LINK_DETAIL_SIZE, ": %.*s",
	    (int)min_size(len, SHARED_LINK_DETAIL_SIZE), reply->data);
}

/* The engine refused a command: because of that command, or altogether? */
static enum error
judge_error(struct shared_link *link, enum shared_verb verb,
    const struct shared_reply *reply)
{
	enum shared_failure failure =
	    shared_verdict_of(reply, verb == SHARED_AUTH);
	bool is_enough = failure != SHARED_FAILURE_STORING &&
	                 shared_breaker_command(&link->breaker, true);
	char words[SHARED_LINK_DETAIL_SIZE];

	link->statistics.errors++;
	quote(link, reply, words);
	if (failure == SHARED_FAILURE_STORING) {
		if (log_limit_allows(
			&link->limits[failure], STORING_WARN_PERIOD_S))
			log_warning("shared: %s %s%s", shared_link_server(link),
			    shared_verdict_text(failure), words);
		return ERROR_NO_SPACE;
	}
	if (failure == SHARED_FAILURE_NONE &&
	    (is_enough || link->state == SHARED_LINK_CONNECTING))
		failure = SHARED_FAILURE_ERRORS;
	if (failure == SHARED_FAILURE_NONE)
		return ERROR_IO;
	shared_link_give_up(link, failure, words);
	return ERROR_CLOSED;
}

static void
handle_reply(struct shared_link *link, struct shared_request *request,
    const struct shared_reply *reply)
{
	enum error error = ERROR_NONE;

	if (request->verb == SHARED_GET && !request->is_late)
		(void)shared_breaker_lookup(&link->breaker, false);
	if (reply->type == SHARED_REPLY_ERROR)
		error = judge_error(link, request->verb, reply);
	else
		(void)shared_breaker_command(&link->breaker, false);
	if (reply->type == SHARED_REPLY_NIL)
		error = ERROR_NOT_FOUND;
	if (reply->type == SHARED_REPLY_VALUE)
		shared_request_answer(request, error, reply->data, reply->len);
	else
		shared_request_answer(request, error, NULL, 0);
}

static void
handle_input(struct shared_link *link, const unsigned char *data, size_t len)
{
	uint64_t connection = link->connection;
	struct shared_request *request;
	struct shared_reply reply;
	enum error error;
	size_t used;

	while ((error = shared_pipeline_next(&link->pipeline, data, len, &used,
		    &request, &reply)) == ERROR_NONE) {
		data += used;
		len -= used;
		handle_reply(link, request, &reply);
		if (link->connection != connection)
			return;
	}
	if (error != ERROR_AGAIN)
		shared_link_give_up_protocol(link);
}

static void
link_read(struct shared_link *link)
{
	ssize_t len = recv(link->fd, link->input, INPUT_LEN, 0);

	if (len > 0)
		handle_input(link, link->input, (size_t)len);
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		shared_link_give_up_closed(link);
}

static void
ready_cb(void *arg, unsigned ready)
{
	struct shared_link *link = arg;
	uint64_t connection = link->connection;
	int error_number = 0;
	socklen_t len = sizeof(error_number);

	if (link->state == SHARED_LINK_CONNECTING &&
	    link->step == SHARED_STEP_CONNECT) {
		if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error_number,
			&len) < 0)
			error_number = errno;
		if (error_number != 0)
			shared_link_give_up_connect(link, error_number);
		else
			shared_link_take_step(link, SHARED_STEP_AUTH);
		return;
	}
	if (ready & LOOP_READ)
		link_read(link);
	if (ready & LOOP_WRITE && link->connection == connection)
		shared_link_flush(link);
}

static void
link_connect(struct shared_link *link)
{
	bool is_connected;

	link->state = SHARED_LINK_CONNECTING;
	link->step = SHARED_STEP_CONNECT;
	link->statistics.connects++;
	link->fd = shared_server_connect(
	    &link->config.servers->list[link->server], &is_connected);
	if (link->fd < 0) {
		shared_link_give_up_connect(link, errno);
		return;
	}
	loop_watch_init(&link->watch, link->loop, link->fd, ready_cb, link);
	shared_pipeline_open(&link->pipeline, link->config.reply_max);
	shared_link_set_due(link, CONNECT_US);
	if (is_connected)
		shared_link_take_step(link, SHARED_STEP_AUTH);
	else
		loop_watch_set(&link->watch, LOOP_WRITE);
}

/* Lookups that waited for too long. What has come meanwhile counts first. */
static void
end_lookups(struct shared_link *link, uint64_t now_us)
{
	uint64_t connection = link->connection;
	uint64_t deadline_us = link->config.deadline_us;
	struct shared_request *late;
	bool is_enough = false;

	link_read(link);
	while (link->connection == connection && !is_enough &&
	       (late = shared_pipeline_late(
		    &link->pipeline, now_us - deadline_us)) != NULL) {
		is_enough = shared_breaker_lookup(&link->breaker, true);
		late->answer(late->arg, ERROR_TIMED_OUT, NULL, 0);
	}
	if (link->connection != connection)
		return;
	if (is_enough)
		shared_link_give_up_slow(link);
	else if (link->pipeline.waiting != NULL)
		loop_timer_set(&link->timer,
		    link->pipeline.waiting->sent_us + deadline_us - now_us);
}

void
shared_link_wake(struct shared_link *link)
{
	uint64_t now_us = clock_monotonic_us();

	if (link->state == SHARED_LINK_UP) {
		end_lookups(link, now_us);
		return;
	}
	/* What has come meanwhile counts first, here too. */
	if (link->state == SHARED_LINK_CONNECTING &&
	    link->step != SHARED_STEP_CONNECT)
		link_read(link);
	if (link->state == SHARED_LINK_OFF || link->state == SHARED_LINK_UP)
		return;
	if (now_us < link->due_us)
		loop_timer_set(&link->timer, link->due_us - now_us);
	else if (link->state == SHARED_LINK_DOWN)
		link_connect(link);
	else if (link->step == SHARED_STEP_CONNECT)
		shared_link_give_up_connect(link, ETIMEDOUT);
	else
		shared_link_give_up_slow(link);
}

enum error
shared_link_send(struct shared_link *link, const struct shared_command *command,
    shared_answer_fn *answer, void *arg)
{
	if (link->state != SHARED_LINK_UP)
		return ERROR_CLOSED;
	/* One that is larger than the bound goes alone. */
	if (link->pipeline.bytes > 0 &&
	    link->pipeline.bytes + command->len > link->config.bytes_max)
		return ERROR_NO_SPACE;
	shared_pipeline_send(
	    &link->pipeline, command, clock_monotonic_us(), answer, arg);
	if (command->verb == SHARED_GET && !loop_timer_is_set(&link->timer))
		loop_timer_set(&link->timer, link->config.deadline_us);
	return ERROR_NONE;
}

size_t
shared_link_room(const struct shared_link *link)
{
	if (link->state != SHARED_LINK_UP ||
	    link->pipeline.set_bytes >= SETS_MAX)
		return 0;
	return SETS_MAX - link->pipeline.set_bytes;
}

void
shared_link_flush(struct shared_link *link)
{
	enum error error;

	if (link->fd < 0 || (link->state == SHARED_LINK_CONNECTING &&
				link->step == SHARED_STEP_CONNECT))
		return;
	error = shared_pipeline_write(&link->pipeline, link->fd);
	if (error == ERROR_IO)
		shared_link_give_up_closed(link);
	else
		loop_watch_set(&link->watch,
		    error == ERROR_AGAIN ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void
shared_link_wait(struct shared_link *link, uint64_t timeout_us)
{
	struct pollfd fd = { .fd = link->fd, .events = POLLIN };

	if (link->fd < 0)
		return;
	if (link->pipeline.output.len > 0)
		fd.events |= POLLOUT;
	if (poll(&fd, 1, (int)(timeout_us / 1000) + 1) > 0 &&
	    (fd.revents & ~POLLOUT) != 0)
		link_read(link);
}

/*
 * shared_pipeline: a queue of requests, and the bytes of those that are not
 * written. Owns both, and the reader of replies.
 */
#include "shared_pipeline.h"

#include "log.h"
#include "minmax.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Memory for output that is kept while there is none. */
#define OUTPUT_KEEP (2 * SHARED_WRITE_MAX)

void
shared_pipeline_init(struct shared_pipeline *pipeline)
{
	*pipeline = (struct shared_pipeline){ .reader = NULL };
	buffer_init(&pipeline->output);
	TAILQ_INIT(&pipeline->requests);
}

void
shared_pipeline_open(struct shared_pipeline *pipeline, size_t reply_max)
{
	shared_pipeline_close(pipeline);
	pipeline->reader = shared_reply_reader_new(reply_max);
}

/* Callbacks may look at the pipeline: it is empty by then. */
void
shared_pipeline_close(struct shared_pipeline *pipeline)
{
	struct shared_requests requests = TAILQ_HEAD_INITIALIZER(requests);
	struct shared_request *request;

	shared_reply_reader_free(pipeline->reader);
	TAILQ_CONCAT(&requests, &pipeline->requests, entry);
	buffer_fini(&pipeline->output);
	shared_pipeline_init(pipeline);
	while ((request = TAILQ_FIRST(&requests)) != NULL) {
		TAILQ_REMOVE(&requests, request, entry);
		shared_request_answer(request, ERROR_CLOSED, NULL, 0);
	}
}

/* The words of a command; returns how many. */
static unsigned
list_words(const struct shared_command *command, char ttl[24],
    const char *words[SHARED_COMMAND_WORDS_MAX],
    size_t lens[SHARED_COMMAND_WORDS_MAX])
{
	static const char *const verbs[] = { [SHARED_AUTH] = "AUTH",
		[SHARED_GET] = "GET",
		[SHARED_SET] = "SET",
		[SHARED_DEL] = "DEL" };
	unsigned count = 0;

	words[count++] = verbs[command->verb];
	if (command->name != NULL)
		words[count++] = command->name;
	for (unsigned i = 0; i < count; i++)
		lens[i] = strlen(words[i]);
	if (command->value != NULL) {
		words[count] = command->value;
		lens[count++] = command->len;
	}
	if (command->verb == SHARED_SET) {
		words[count] = "PX";
		lens[count++] = 2;
		words[count] = ttl;
		lens[count++] = (size_t)snprintf(
		    ttl, 24, "%lld", (long long)command->ttl_ms);
	}
	return count;
}

void
shared_pipeline_send(struct shared_pipeline *pipeline,
    const struct shared_command *command, uint64_t now_us,
    shared_answer_fn *answer, void *arg)
{
	const char *words[SHARED_COMMAND_WORDS_MAX];
	size_t lens[SHARED_COMMAND_WORDS_MAX], before = pipeline->output.len;
	struct shared_request *request = xcalloc(1, sizeof(*request));
	char ttl[24];
	unsigned count = list_words(command, ttl, words, lens);

	shared_command_append(&pipeline->output, count, words, lens);
	*request = (struct shared_request){
		.verb = command->verb,
		.size = sizeof(*request) + pipeline->output.len - before,
		.sent_us = now_us,
		.answer = answer,
		.arg = arg,
	};
	pipeline->bytes += request->size;
	if (request->verb == SHARED_SET)
		pipeline->set_bytes += request->size;
	TAILQ_INSERT_TAIL(&pipeline->requests, request, entry);
	if (request->verb == SHARED_GET && pipeline->waiting == NULL)
		pipeline->waiting = request;
}

enum error
shared_pipeline_write(struct shared_pipeline *pipeline, int fd)
{
	struct buffer *output = &pipeline->output;
	ssize_t count;

	if (output->len == 0)
		return ERROR_NONE;
	do {
		count = send(fd, buffer_head(output),
		    min_size(output->len, SHARED_WRITE_MAX), MSG_NOSIGNAL);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERROR_AGAIN
		                                               : ERROR_IO;
	buffer_consume(output, (size_t)count);
	if (output->len > 0)
		return ERROR_AGAIN;
	buffer_clear(output, OUTPUT_KEEP);
	return ERROR_NONE;
}

/* Behind the one given. */
static struct shared_request *
find_waiting(struct shared_request *request)
{
	while (request != NULL &&
	       (request->verb != SHARED_GET || request->is_late))
		request = TAILQ_NEXT(request, entry);
	return request;
}

static struct shared_request *
take_request(struct shared_pipeline *pipeline)
{
	struct shared_request *request = TAILQ_FIRST(&pipeline->requests);

	if (request == NULL)
		return NULL;
	if (pipeline->waiting == request)
		pipeline->waiting = find_waiting(TAILQ_NEXT(request, entry));
	TAILQ_REMOVE(&pipeline->requests, request, entry);
	pipeline->bytes -= request->size;
	if (request->verb == SHARED_SET)
		pipeline->set_bytes -= request->size;
	return request;
}

/* May this be the answer? */
static bool
fits(enum shared_verb verb, enum shared_reply_type type)
{
	switch (type) {
	case SHARED_REPLY_ERROR:
		return true;
	case SHARED_REPLY_STATUS:
		return verb == SHARED_SET || verb == SHARED_AUTH;
	case SHARED_REPLY_INTEGER:
		return verb == SHARED_DEL;
	case SHARED_REPLY_VALUE:
	case SHARED_REPLY_NIL:
		return verb == SHARED_GET;
	}
	return false;
}

enum error
shared_pipeline_next(struct shared_pipeline *pipeline, const void *data,
    size_t len, size_t *used, struct shared_request **request,
    struct shared_reply *reply)
{
	const unsigned char *bytes = data;
	enum error error;
	size_t taken;

	*used = 0;
	while ((error = shared_reply_next(pipeline->reader, reply)) ==
		   ERROR_AGAIN &&
	       *used < len) {
		if (shared_reply_feed(pipeline->reader, bytes + *used,
			len - *used, &taken) != ERROR_NONE)
			return ERROR_PROTOCOL;
		*used += taken;
	}
	if (error != ERROR_NONE)
		return error;
	/* An answer that is none to this question makes all others doubtful. */
	*request = TAILQ_FIRST(&pipeline->requests);
	if (*request == NULL || !fits((*request)->verb, reply->type))
		return ERROR_PROTOCOL;
	take_request(pipeline);
	return ERROR_NONE;
}

void
shared_request_answer(struct shared_request *request, enum error error,
    const unsigned char *value, size_t len)
{
	request->answer(request->arg, error, value, len);
	free(request);
}

struct shared_request *
shared_pipeline_late(struct shared_pipeline *pipeline, uint64_t sent_before_us)
{
	struct shared_request *request = pipeline->waiting;

	if (request == NULL || request->sent_us > sent_before_us)
		return NULL;
	request->is_late = true;
	pipeline->waiting = find_waiting(request);
	return request;
}

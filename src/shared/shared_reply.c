/*
 * shared_reply: hiredis's reader with our own functions that make a reply: one
 * reply at a time, in memory of ours. Owns the reader and that memory.
 */
#include "shared_reply.h"

#include "log.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

bool
shared_reply_error_is(const struct shared_reply *reply, const char *word)
{
	size_t len = strlen(word);

	return reply->type == SHARED_REPLY_ERROR && reply->len >= len &&
	       memcmp(reply->data, word, len) == 0 &&
	       (reply->len == len || reply->data[len] == ' ');
}

#ifndef HAVE_HIREDIS

bool
shared_reply_is_built_in(void)
{
	return false;
}

struct shared_reply_reader *
shared_reply_reader_new(size_t pending_max)
{
	(void)pending_max;
	return NULL;
}

void
shared_reply_reader_free(struct shared_reply_reader *reader)
{
	(void)reader;
}

enum error
shared_reply_feed(struct shared_reply_reader *reader, const void *data,
    size_t len, size_t *used)
{
	(void)reader;
	(void)data;
	(void)len;
	*used = 0;
	return ERROR_UNSUPPORTED;
}

enum error
shared_reply_next(
    struct shared_reply_reader *reader, struct shared_reply *reply)
{
	(void)reader;
	(void)reply;
	return ERROR_UNSUPPORTED;
}

void
shared_command_append(struct buffer *buffer, unsigned count,
    const char *const *words, const size_t *lens)
{
	(void)buffer;
	(void)count;
	(void)words;
	(void)lens;
}

#else

#include <hiredis/hiredis.h>

/* The number of elements of an array, which 1.0 made wider. */
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct shared_reply_reader {
	redisReader *reader; /* owned */
	size_t pending_max;
	bool is_broken;
	struct buffer data;        /* of the reply */
	struct shared_reply reply; /* what hiredis takes for an object */
};

bool
shared_reply_is_built_in(void)
{
	return true;
}

static struct shared_reply_reader *
owner_of(const redisReadTask *task)
{
	return task->privdata;
}

/*
 * NULL makes hiredis stop with an error. Its buffer moves before the reply is
 * handed out, so the data are copied.
 */
static void *
create_string(const redisReadTask *task, char *text, size_t len)
{
	struct shared_reply_reader *reader = owner_of(task);

	switch (task->type) {
	case REDIS_REPLY_STRING:
		/* It does not look at what stands behind them. */
		if (text[len] != '\r' || text[len + 1] != '\n')
			return NULL;
		reader->reply.type = SHARED_REPLY_VALUE;
		break;
	case REDIS_REPLY_STATUS:
		reader->reply.type = SHARED_REPLY_STATUS;
		break;
	case REDIS_REPLY_ERROR:
		reader->reply.type = SHARED_REPLY_ERROR;
		break;
	default:
		return NULL; /* of version 3 of the protocol */
	}
	buffer_append(&reader->data, text, len);
	reader->reply.data = buffer_head(&reader->data);
	reader->reply.len = len;
	return &reader->reply;
}

static void *
create_array(const redisReadTask *task, element_count count)
{
	(void)task;
	(void)count;
	return NULL;
}

static void *
create_integer(const redisReadTask *task, long long value)
{
	struct shared_reply_reader *reader = owner_of(task);

	reader->reply.type = SHARED_REPLY_INTEGER;
	reader->reply.integer = value;
	return &reader->reply;
}

/* "$-1"; there are others, of arrays and of version 3. */
static void *
create_nil(const redisReadTask *task)
{
	struct shared_reply_reader *reader = owner_of(task);

	if (task->type != REDIS_REPLY_STRING)
		return NULL;
	reader->reply.type = SHARED_REPLY_NIL;
	return &reader->reply;
}

static void
free_object(void *object)
{
	(void)object;
}

struct shared_reply_reader *
shared_reply_reader_new(size_t pending_max)
{
	static redisReplyObjectFunctions functions = {
		.createString = create_string,
		.createArray = create_array,
		.createInteger = create_integer,
		.createNil = create_nil,
		.freeObject = free_object,
	};
	struct shared_reply_reader *reader = xcalloc(1, sizeof(*reader));

	reader->pending_max = pending_max;
	buffer_init(&reader->data);
	reader->reader = redisReaderCreateWithFunctions(&functions);
	if (reader->reader == NULL)
		log_fatal("shared: out of memory");
	reader->reader->privdata = reader;
	return reader;
}

void
shared_reply_reader_free(struct shared_reply_reader *reader)
{
	if (reader == NULL)
		return;
	redisReaderFree(reader->reader);
	buffer_fini(&reader->data);
	free(reader);
}

/* It waits for ever for the end of what says that it is huge. */
enum error
shared_reply_feed(struct shared_reply_reader *reader, const void *data,
    size_t len, size_t *used)
{
	size_t pending = reader->reader->len - reader->reader->pos;

	*used = min_size(len, reader->pending_max - pending);
	if (reader->is_broken || (*used == 0 && len > 0))
		return ERROR_TOO_LARGE;
	if (redisReaderFeed(reader->reader, data, *used) != REDIS_OK)
		log_fatal("shared: out of memory");
	return ERROR_NONE;
}

enum error
shared_reply_next(
    struct shared_reply_reader *reader, struct shared_reply *reply)
{
	void *object = NULL;

	if (reader->is_broken)
		return ERROR_PROTOCOL;
	buffer_clear(&reader->data, reader->pending_max);
	reader->reply = (struct shared_reply){ .data = NULL };
	if (redisReaderGetReply(reader->reader, &object) != REDIS_OK) {
		reader->is_broken = true;
		return ERROR_PROTOCOL;
	}
	if (object == NULL)
		return ERROR_AGAIN;
	/* hiredis makes some replies of version 3 without asking us. */
	if (object != &reader->reply) {
		reader->is_broken = true;
		return ERROR_PROTOCOL;
	}
	*reply = reader->reply;
	return ERROR_NONE;
}

void
shared_command_append(struct buffer *buffer, unsigned count,
    const char *const *words, const size_t *lens)
{
	/* hiredis lacks a const. */
	const char *copies[SHARED_COMMAND_WORDS_MAX];
	char *command = NULL;
	long long len;

	if (count == 0 || count > SHARED_COMMAND_WORDS_MAX)
		log_panic("a command of %u words", count);
	memcpy(copies, words, count * sizeof(*words));
	len = redisFormatCommandArgv(&command, (int)count, copies, lens);
	if (len < 0)
		log_fatal("shared: out of memory");
	buffer_append(buffer, command, (size_t)len);
	redisFreeCommand(command);
}

#endif

/*
 * shared_pipeline: commands for the engine, and those that it has not answered,
 * in order; over a socket that belongs to the caller. Knows when a lookup has
 * waited for too long, and no other time.
 */
#ifndef SHARED_PIPELINE_H
#define SHARED_PIPELINE_H

#include "buffer.h"
#include "error.h"
#include "shared_reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* One write to the socket is no longer. */
#define SHARED_WRITE_MAX 65536

enum shared_verb {
	SHARED_AUTH,
	SHARED_GET,
	SHARED_SET,
	SHARED_DEL,
};

/* Borrowed until the call returns. What a verb does not take is NULL or 0. */
struct shared_command {
	enum shared_verb verb;
	const char *name;  /* of AUTH: the user, or NULL */
	const void *value; /* of AUTH: the password */
	size_t len;
	int64_t ttl_ms; /* of SET */
};

/*
 * What became of a command. ERROR_NONE: a value, or it was done;
 * ERROR_NOT_FOUND: there is no value; ERROR_NO_SPACE, ERROR_IO: refused;
 * ERROR_CLOSED: nobody knows. Of a lookup ERROR_TIMED_OUT may come before, and
 * then one of the others. The value is borrowed until the callback returns.
 */
typedef void shared_answer_fn(
    void *arg, enum error, const unsigned char *value, size_t len);

struct shared_request {
	TAILQ_ENTRY(shared_request) entry;
	enum shared_verb verb;
	bool is_late;     /* its time is over */
	size_t size;      /* of the command */
	uint64_t sent_us; /* monotonic */
	shared_answer_fn *answer;
	void *arg;
};

TAILQ_HEAD(shared_requests, shared_request);

struct shared_pipeline {
	struct shared_reply_reader *reader; /* owned; NULL: no connection */
	struct buffer output;
	struct shared_requests requests;
	struct shared_request *waiting; /* the first GET that is not late */
	size_t bytes;                   /* of all that is not answered */
	size_t set_bytes;               /* of SETs among these */
};

/* An empty one, without a connection. Pair with shared_pipeline_close(). */
void shared_pipeline_init(struct shared_pipeline *);

/* A new connection, whose replies are at most reply_max bytes. */
void shared_pipeline_open(struct shared_pipeline *, size_t reply_max);

/* It is over: all that was not answered is answered with ERROR_CLOSED. */
void shared_pipeline_close(struct shared_pipeline *);

/* Put a command behind the others; `answer` is called later, never now. */
void shared_pipeline_send(struct shared_pipeline *,
    const struct shared_command *, uint64_t now_us, shared_answer_fn *,
    void *arg);

/*
 * Write once what is to be written. ERROR_AGAIN: there is more, when there is
 * room; ERROR_IO: it cannot be written.
 */
enum error shared_pipeline_write(struct shared_pipeline *, int fd);

/*
 * Take in bytes, up to the end of a reply; *used says how many. The request
 * that it answers is handed out with it, for shared_request_answer().
 * ERROR_AGAIN: no reply is complete; ERROR_PROTOCOL: not what may come now.
 */
enum error shared_pipeline_next(struct shared_pipeline *, const void *data,
    size_t len, size_t *used, struct shared_request **, struct shared_reply *);

/* Call back, and free the request. */
void shared_request_answer(struct shared_request *, enum error,
    const unsigned char *value, size_t len);

/*
 * The next lookup that was sent so early and is not answered; it is late from
 * now on, and still to be answered. NULL: there is none.
 */
struct shared_request *shared_pipeline_late(
    struct shared_pipeline *, uint64_t sent_before_us);

#endif

/*
 * ctl_client: one connection to a tlsmgr(8), as a client that waits for each
 * answer, but for no longer than its timeout.
 *
 * Functions that return an enum error leave a sentence in *cause when it is not
 * ERROR_NONE: what is the matter and what to do, for the caller to free.
 * Afterwards the connection can only be closed.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "attr.h"
#include "buffer.h"
#include "ctl_reply.h"
#include "error.h"

#include <stdbool.h>

/* Which program is at the other end. */
enum ctl_daemon {
	CTL_DAEMON_OURS,
	CTL_DAEMON_OLDER,   /* ours, but before it had statistics */
	CTL_DAEMON_POSTFIX, /* Postfix's own */
};

struct ctl_client {
	int fd;              /* owned; -1: not connected */
	unsigned timeout_ms; /* for a connection, and for each answer */
	struct buffer input; /* owned */
	size_t reply_len;    /* at its start, handed out; dropped next time */
	bool is_greeted;     /* the first list has been seen */
	unsigned probes;     /* answers of ctl_client_identify() to come */
	struct buffer statistics; /* owned; the answer to `stats`, if any */
	char *path;               /* owned; for messages */
};

/*
 * Connect to the socket private/SERVICE in the queue directory. The working
 * directory becomes that one, as it is for Postfix's own programs: a path of
 * any length has to fit into a socket's address. Pair with ctl_client_close(),
 * also on failure.
 *
 * ERROR_PERMISSION, ERROR_NOT_FOUND (no socket), ERROR_CLOSED (nobody listens),
 * ERROR_TIMED_OUT, ERROR_IO.
 */
enum error ctl_client_open(struct ctl_client *, const char *queue_directory,
    const char *service, unsigned timeout_ms, char **cause);
void ctl_client_close(struct ctl_client *);

/*
 * Send one request and read the answer to it, passing over the announcement if
 * there is one. The reply is borrowed until the next call. ERROR_TIMED_OUT,
 * ERROR_CLOSED, ERROR_IO, ERROR_PROTOCOL, ERROR_TOO_LARGE.
 */
enum error ctl_client_ask(struct ctl_client *, const struct buffer *request,
    struct ctl_reply *, char **cause);

/*
 * The two halves of that, for who has something else to do meanwhile. Replies
 * come in the order of requests. Receiving waits a millisecond at most;
 * ERROR_AGAIN: the next one is not whole yet, and the connection is as good as
 * before. How many are to come, the caller knows.
 */
enum error ctl_client_send(
    struct ctl_client *, const struct buffer *request, char **cause);
enum error ctl_client_receive(
    struct ctl_client *, struct ctl_reply *, char **cause);

/*
 * Of an answer that goes on, wait for the next list, for as long as it takes.
 * The reply and errors as above; ERROR_CLOSED: that was all.
 */
enum error ctl_client_next(
    struct ctl_client *, struct ctl_reply *, char **cause);
/* Is some of what comes next there already? */
bool ctl_client_has_more(const struct ctl_client *);

/*
 * Find out who answers, by asking for statistics; those are kept in
 * client->statistics where there are any. The first thing to be asked.
 * CTL_DAEMON_POSTFIX leaves a connection that is to be closed.
 */
enum error ctl_client_identify(
    struct ctl_client *, enum ctl_daemon *, char **cause);

/* The statistics from then, borrowed from the client. */
struct ctl_reply ctl_client_statistics(const struct ctl_client *);

#endif

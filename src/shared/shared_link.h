/*
 * shared_link: the one connection to an engine out of a list: made, tried,
 * used, given up and made again. Whoever uses it never waits: what cannot be
 * sent now is refused, and what was sent is answered in any case.
 *
 *	off         there is no server
 *	connecting  a socket is being connected; then AUTH, and a SET and a GET
 *	            of a probe, each within the deadline
 *	up          commands are taken
 *	down        nothing is sent; the next server is tried after a while
 */
#ifndef SHARED_LINK_H
#define SHARED_LINK_H

#include "log.h"
#include "loop.h"
#include "shared_breaker.h"
#include "shared_pipeline.h"
#include "shared_server.h"
#include "shared_verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shared_link_state {
	SHARED_LINK_OFF,
	SHARED_LINK_CONNECTING,
	SHARED_LINK_UP,
	SHARED_LINK_DOWN,
};

struct shared_link_config {
	const struct shared_servers *servers; /* borrowed, as are the others */
	const char *user;                     /* NULL: none */
	const char *password;                 /* NULL: none */
	const char *probe_prefix;             /* of the names of probes */
	uint64_t deadline_us; /* of a lookup, and of each step to be up */
	size_t reply_max;     /* bytes of the largest reply */
	size_t bytes_max;     /* of all commands that are not answered */
	/* It is up, or not any more; commands may be sent from it. */
	void (*changed)(void *arg);
	void *arg;
};

struct shared_link_statistics {
	uint64_t connects; /* attempts */
	uint64_t failures; /* each time that it went down */
	uint64_t errors;   /* commands that the engine refused */
};

struct shared_link {
	struct shared_link_config config;
	struct loop *loop; /* borrowed */
	enum shared_link_state state;
	unsigned step;       /* enum shared_link_step, while connecting */
	unsigned server;     /* its place in the list */
	int fd;              /* owned; -1: none */
	uint64_t connection; /* counts them */
	struct loop_watch watch;
	struct loop_timer timer;
	uint64_t due_us;     /* connecting: the deadline; down: try again */
	uint64_t down_at_us; /* 0: it is up */
	struct shared_pipeline pipeline;
	struct shared_breaker breaker;
	char probe[80], probe_value[17];
	unsigned char *input; /* owned */
	unsigned warned;      /* a bit for each failure of this outage */
	struct log_limit limits[SHARED_FAILURES];
	struct shared_link_statistics statistics;
};

/* Nothing is connected yet. It stays off if there is no server. */
void shared_link_init(struct shared_link *, const struct shared_link_config *);

/* Connect, and again whenever the connection is lost. */
void shared_link_start(struct shared_link *, struct loop *);

/* Answers all commands in flight with ERROR_CLOSED, and logs nothing. */
void shared_link_fini(struct shared_link *);

/*
 * Send a command with the next shared_link_flush(). ERROR_CLOSED: it is not
 * up; ERROR_NO_SPACE: too much is not answered. Then `answer` is not called;
 * else it is, later. See shared_pipeline.h.
 */
enum error shared_link_send(struct shared_link *, const struct shared_command *,
    shared_answer_fn *, void *arg);

/* How many more bytes of SETs may be sent without holding up a lookup. */
size_t shared_link_room(const struct shared_link *);

/* Write what was sent, once; called at the end of each turn of the loop. */
void shared_link_flush(struct shared_link *);

/* Wait until something can be read or written, and do it; for the end. */
void shared_link_wait(struct shared_link *, uint64_t timeout_us);

/* Do what is due by the clock; the link calls it itself. For tests. */
void shared_link_wake(struct shared_link *);

/* Give this connection up; the detail ends the line that warns of it. */
void shared_link_give_up(
    struct shared_link *, enum shared_failure, const char *detail);

/* The server of the moment, as configured; "" if there is none. */
const char *shared_link_server(const struct shared_link *);

/* "off", "connecting", "up", "down" */
const char *shared_link_state_name(const struct shared_link *);

#endif

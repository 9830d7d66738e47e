/*
 * shared_verdict: what an error of the engine means for us, and how each
 * reason to give a server up is put in a line of the log. Pure.
 */
#ifndef SHARED_VERDICT_H
#define SHARED_VERDICT_H

#include "shared_reply.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a server is given up. */
enum shared_failure {
	SHARED_FAILURE_NONE,    /* it is not: this command failed, no more */
	SHARED_FAILURE_STORING, /* it is not: it stores nothing, but looks up */
	SHARED_FAILURE_CONNECT,
	SHARED_FAILURE_CLOSED,
	SHARED_FAILURE_SLOW,
	SHARED_FAILURE_PROTOCOL,
	SHARED_FAILURE_UNFIT,   /* a replica, without one, or still loading */
	SHARED_FAILURE_CLUSTER, /* it sends us elsewhere */
	SHARED_FAILURE_ACCESS,  /* a password or a permission is missing */
	SHARED_FAILURE_ERRORS,  /* it refuses one command after the other */
	SHARED_FAILURE_RECORDS, /* what it gives was not sealed by the group */
	SHARED_FAILURES,
};

/* Of a reply that is an error; to AUTH any other is a refusal, too. */
enum shared_failure shared_verdict_of(
    const struct shared_reply *, bool is_to_auth);

/* The least pause before it is tried again, in microseconds. */
uint64_t shared_verdict_pause_us(enum shared_failure);

/*
 * What follows the name of the server in a line of the log; NULL: the caller
 * logs a line of its own.
 */
const char *shared_verdict_text(enum shared_failure);

#endif

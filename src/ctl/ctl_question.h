/*
 * ctl_question: what a run of this program prints, without waiting for it: a
 * process of its own asks the daemon, and who is served meanwhile does not
 * notice whether that answers.
 */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

#include "buffer.h"
#include "loop.h"

#include <sys/types.h>

/* With what was printed; NULL: not all of it came in time. */
typedef void ctl_question_fn(void *arg, const struct buffer *answer);

struct ctl_question {
	struct loop *loop;
	const char *const
	    *argv; /* borrowed; the path is that of this program */
	ctl_question_fn *callback;
	void *arg;
	struct loop_watch watch; /* of the pipe, while a process is there */
	struct loop_timer timer;
	struct buffer answer; /* owned; what has come of it */
	pid_t pid;            /* 0: none is asked */
};

/* Nothing is asked yet. Pair with ctl_question_fini(). */
void ctl_question_init(struct ctl_question *, struct loop *,
    const char *const *argv, ctl_question_fn *, void *arg);
/*
 * Call back once, later, and within `timeout_ms`: then the process is killed.
 * Does nothing where that is to come already.
 */
void ctl_question_ask(struct ctl_question *, unsigned timeout_ms);
/* No call comes any more; a process that is there is killed. */
void ctl_question_fini(struct ctl_question *);

#endif

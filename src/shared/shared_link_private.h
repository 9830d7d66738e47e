/*
 * shared_link_private: what the files of shared_link share.
 */
#ifndef SHARED_LINK_PRIVATE_H
#define SHARED_LINK_PRIVATE_H

#include "shared_link.h"

/* Of a line in the log: the words of the engine, or the system's. */
#define SHARED_LINK_DETAIL_SIZE 160

enum shared_link_step {
	SHARED_STEP_CONNECT,
	SHARED_STEP_AUTH,
	SHARED_STEP_SET,
	SHARED_STEP_GET,
};

/* Close the socket, if there is one; nothing else. */
void shared_link_close(struct shared_link *);

/* Call shared_link_wake() in so many microseconds. */
void shared_link_set_due(struct shared_link *, uint64_t delay_us);

/* Give up, with a warning of that kind. */
void shared_link_give_up_slow(struct shared_link *);
void shared_link_give_up_connect(struct shared_link *, int error_number);
void shared_link_give_up_closed(struct shared_link *);
void shared_link_give_up_protocol(struct shared_link *);

/* Send what this step takes; its answer leads to the next. */
void shared_link_take_step(struct shared_link *, enum shared_link_step);

#endif

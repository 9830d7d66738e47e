/*
 * loop: the event loop. The only module that knows libevent; everybody else
 * sees watchers (a descriptor), timers and signals, all of them embedded in
 * their owner's structure and valid from init to fini.
 *
 * A callback may fini its own watcher or timer, and may free the structure in
 * which it is embedded, as its last act.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct loop;

enum loop_ready {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
};

typedef void loop_fd_fn(void *arg, unsigned ready);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signal_number);

struct loop_watch {
	struct loop *loop;
	struct event *event; /* owned; NULL while nothing is watched */
	int fd;              /* borrowed */
	unsigned interest;   /* LOOP_READ, LOOP_WRITE */
	loop_fd_fn *callback;
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	struct event *event; /* owned */
	loop_timer_fn *callback;
	void *arg;
};

/* One for each process. Fatal: the system has none. */
struct loop *loop_new(void);
/* All watchers and timers have been through fini. NULL does nothing. */
void loop_free(struct loop *);

/* libevent's own, for its HTTP server (src/ctl/ctl_http.c) and nobody else. */
struct event_base *loop_event_base(const struct loop *);

/* Dispatch events until loop_stop(). */
void loop_run(struct loop *);

/* One turn: wait for at most one round of events. */
void loop_run_once(struct loop *);

/* Leave loop_run() when the callback under way is done. */
void loop_stop(struct loop *);

/* Called once at each turn of the loop (the watchdog's proof of life). */
void loop_set_turn_callback(struct loop *, loop_timer_fn *, void *arg);

/*
 * When this turn's first callback was called (monotonic). From a callback
 * only; the clock is read once a turn.
 */
uint64_t loop_turn_began_us(const struct loop *);

/* Watch nothing yet on `fd`; the descriptor stays the caller's. */
void loop_watch_init(
    struct loop_watch *, struct loop *, int fd, loop_fd_fn *, void *arg);
/* Watch for this set of LOOP_READ, LOOP_WRITE from now on; 0: nothing. */
void loop_watch_set(struct loop_watch *, unsigned interest);
/* No call comes any more. May be called twice. */
void loop_watch_fini(struct loop_watch *);

/* A timer that is not set. */
void loop_timer_init(
    struct loop_timer *, struct loop *, loop_timer_fn *, void *arg);
/* Call back once, in delay_us microseconds from now; replaces a pending one. */
void loop_timer_set(struct loop_timer *, uint64_t delay_us);
/* Is a call to come? Not from within it. */
bool loop_timer_is_set(const struct loop_timer *);
/* No call is to come until it is set again. */
void loop_timer_cancel(struct loop_timer *);
/* The same, and it may not be set again. May be called twice. */
void loop_timer_fini(struct loop_timer *);

/* Call back, from the loop, when the signal has arrived. For good. */
void loop_catch_signal(
    struct loop *, int signal_number, loop_signal_fn *, void *arg);

#endif

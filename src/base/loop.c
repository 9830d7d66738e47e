/*
 * loop: libevent, and nothing else of this daemon knows it.
 *
 * One event per watcher and per timer, allocated once by their owner's init
 * and freed by its fini. libevent copies what it needs of an event before it
 * calls back, so a callback may free its own.
 */
#include "loop.h"

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct loop_signal {
	struct event *event;
	loop_signal_fn *callback;
	void *arg;
	struct loop_signal *next;
};

struct loop {
	struct event_base *base;
	struct loop_signal *signals;
	loop_timer_fn *turn;
	void *turn_arg;
	uint64_t turn_began_us; /* 0: no callback was called yet */
	bool is_stopping;
};

/* libevent's own complaints go where ours go. */
static void
log_libevent(int severity, const char *text)
{
	if (severity == EVENT_LOG_DEBUG)
		log_debug("libevent: %s", text);
	else
		log_warning("libevent: %s", text);
}

/* It would exit by itself, after a warning. */
static void
end_for_libevent(int error)
{
	log_fatal("event loop: libevent gave up, with error %d", error);
}

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	struct event_config *config;

	event_set_log_callback(log_libevent);
	event_set_fatal_callback(end_for_libevent);
	event_set_mem_functions(xmalloc, xrealloc, free);
	if ((config = event_config_new()) == NULL)
		log_fatal("event loop: out of memory");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	if ((loop->base = event_base_new_with_config(config)) == NULL)
		log_fatal("event loop: cannot be created");
	event_config_free(config);
	return loop;
}

void
loop_free(struct loop *loop)
{
	struct loop_signal *signal;

	if (loop == NULL)
		return;
	while ((signal = loop->signals) != NULL) {
		loop->signals = signal->next;
		event_free(signal->event);
		free(signal);
	}
	event_base_free(loop->base);
	free(loop);
	libevent_global_shutdown();
}

struct event_base *
loop_event_base(const struct loop *loop)
{
	return loop->base;
}

void
loop_run_once(struct loop *loop)
{
	loop->turn_began_us = 0;
	if (event_base_loop(loop->base, EVLOOP_ONCE) < 0)
		log_panic("event loop: dispatch failed");
	if (loop->turn != NULL)
		loop->turn(loop->turn_arg);
}

void
loop_run(struct loop *loop)
{
	while (!loop->is_stopping)
		loop_run_once(loop);
	loop->is_stopping = false;
}

void
loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
	event_base_loopbreak(loop->base);
}

void
loop_set_turn_callback(struct loop *loop, loop_timer_fn *callback, void *arg)
{
	loop->turn = callback;
	loop->turn_arg = arg;
}

uint64_t
loop_turn_began_us(const struct loop *loop)
{
	return loop->turn_began_us;
}

static void
note_turn(struct loop *loop)
{
	if (loop->turn_began_us == 0)
		loop->turn_began_us = clock_monotonic_us();
}

static void
watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;
	unsigned ready = 0;

	(void)fd;
	if (what & EV_READ)
		ready |= LOOP_READ;
	if (what & EV_WRITE)
		ready |= LOOP_WRITE;
	note_turn(watch->loop);
	watch->callback(watch->arg, ready);
}

void
loop_watch_init(struct loop_watch *watch, struct loop *loop, int fd,
    loop_fd_fn *callback, void *arg)
{
	*watch = (struct loop_watch){
		.loop = loop, .fd = fd, .callback = callback, .arg = arg
	};
}

void
loop_watch_set(struct loop_watch *watch, unsigned interest)
{
	short what = EV_PERSIST;

	if (interest == watch->interest)
		return;
	watch->interest = interest;
	if (watch->event != NULL)
		event_del(watch->event);
	if (interest == 0)
		return;
	if (interest & LOOP_READ)
		what |= EV_READ;
	if (interest & LOOP_WRITE)
		what |= EV_WRITE;
	if (watch->event == NULL)
		watch->event = event_new(
		    watch->loop->base, watch->fd, what, watch_cb, watch);
	else
		event_assign(watch->event, watch->loop->base, watch->fd, what,
		    watch_cb, watch);
	if (watch->event == NULL || event_add(watch->event, NULL) < 0)
		log_fatal("event loop: cannot watch descriptor %d: %s",
		    watch->fd, strerror(errno));
}

void
loop_watch_fini(struct loop_watch *watch)
{
	if (watch->event != NULL)
		event_free(watch->event);
	watch->event = NULL;
	watch->interest = 0;
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	note_turn(timer->loop);
	timer->callback(timer->arg);
}

void
loop_timer_init(struct loop_timer *timer, struct loop *loop,
    loop_timer_fn *callback, void *arg)
{
	timer->loop = loop;
	timer->callback = callback;
	timer->arg = arg;
	timer->event = event_new(loop->base, -1, 0, timer_cb, timer);
	if (timer->event == NULL)
		log_fatal("event loop: out of memory");
}

void
loop_timer_set(struct loop_timer *timer, uint64_t delay_us)
{
	struct timeval delay = {
		.tv_sec = (time_t)(delay_us / 1000000),
		.tv_usec = (suseconds_t)(delay_us % 1000000),
	};

	if (event_add(timer->event, &delay) < 0)
		log_fatal("event loop: out of memory");
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
	return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void
loop_timer_cancel(struct loop_timer *timer)
{
	event_del(timer->event);
}

void
loop_timer_fini(struct loop_timer *timer)
{
	if (timer->event != NULL)
		event_free(timer->event);
	timer->event = NULL;
}

static void
signal_cb(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *signal = arg;

	(void)what;
	signal->callback(signal->arg, (int)number);
}

void
loop_catch_signal(
    struct loop *loop, int signal_number, loop_signal_fn *callback, void *arg)
{
	struct loop_signal *signal = xcalloc(1, sizeof(*signal));

	signal->callback = callback;
	signal->arg = arg;
	signal->next = loop->signals;
	loop->signals = signal;
	signal->event =
	    evsignal_new(loop->base, signal_number, signal_cb, signal);
	if (signal->event == NULL || event_add(signal->event, NULL) < 0)
		log_fatal("event loop: cannot catch signal %d", signal_number);
}

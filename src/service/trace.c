/*
 * trace: events of requests, for the calls that trace them. Owns an event
 * from the request to its answer, which may come late, and the filters. While
 * nobody traces nothing is copied.
 */
#include "trace.h"

#include "clock.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What became of a request, as tlsmgr-protocol(7) names it. */
static const struct {
	const char *request, *done, *not_found;
} results[] = {
	{ "lookup", "hit", "miss" },
	{ "update", "stored", "" },
	{ "delete", "deleted", "absent" },
};

#define RESULTS (sizeof(results) / sizeof(results[0]))

struct tracer {
	struct service_call *call; /* borrowed; NULL: nobody */
	const struct cache *cache; /* borrowed; NULL: all of them */
	char *filter;              /* owned */
	uint64_t dropped;          /* events since the last that it got */
};

struct trace_event {
	const struct cache *cache; /* borrowed */
	uint64_t began_us;         /* monotonic */
	size_t size;
	char id[];
};

struct tracer *
tracers_new(void)
{
	return xcalloc(TRACE_TRACERS_MAX, sizeof(struct tracer));
}

/* The place of this call; with NULL one that is free. NULL: there is none. */
static struct tracer *
find(const struct service *service, const struct service_call *call)
{
	for (size_t i = 0; i < TRACE_TRACERS_MAX; i++)
		if (service->tracers[i].call == call)
			return &service->tracers[i];
	return NULL;
}

enum error
trace_add(
    struct service_call *call, const struct cache *cache, const char *filter)
{
	struct tracer *tracer = find(call->service, NULL);

	if (tracer == NULL)
		return ERROR_NO_SPACE;
	*tracer = (struct tracer){
		.call = call,
		.cache = cache,
		.filter = xstrdup(filter),
	};
	call->service->tracer_count++;
	return ERROR_NONE;
}

void
trace_remove(struct service_call *call)
{
	struct tracer *tracer = find(call->service, call);

	if (tracer == NULL)
		return;
	free(tracer->filter);
	*tracer = (struct tracer){ .call = NULL };
	call->service->tracer_count--;
}

void
trace_report_dropped(struct service_call *call)
{
	struct tracer *tracer = find(call->service, call);

	if (tracer == NULL || tracer->dropped == 0)
		return;
	attr_put_number(call->reply, "dropped", tracer->dropped);
	attr_put_end(call->reply);
	tracer->dropped = 0;
	call->more(call);
}

static bool
wants(const struct tracer *tracer, const struct cache *cache, const char *id)
{
	return tracer->call != NULL &&
	       (tracer->cache == NULL || tracer->cache == cache) &&
	       strstr(id, tracer->filter) != NULL;
}

void
trace_begin_event(struct service_call *call, const struct cache *cache,
    const char *id, size_t id_len, size_t size)
{
	struct trace_event *event;
	bool is_wanted = false;

	for (size_t i = 0; i < TRACE_TRACERS_MAX && !is_wanted; i++)
		is_wanted = wants(&call->service->tracers[i], cache, id);
	if (!is_wanted)
		return;
	event = xmalloc(sizeof(*event) + id_len + 1);
	event->cache = cache;
	event->began_us = clock_monotonic_us();
	event->size = size;
	memcpy(event->id, id, id_len + 1);
	call->event = event;
}

static void
put_result(struct buffer *reply, const char *request, enum error error)
{
	char text[128];
	size_t i = 0;

	while (i < RESULTS - 1 && strcmp(results[i].request, request) != 0)
		i++;
	if (error == ERROR_NONE)
		snprintf(text, sizeof(text), "%s", results[i].done);
	else if (error == ERROR_NOT_FOUND)
		snprintf(text, sizeof(text), "%s", results[i].not_found);
	else
		snprintf(text, sizeof(text), "error: %s", error_text(error));
	attr_put_string(reply, "result", text);
}

/* One list for each event, also in its order: see tlsmgr-protocol(7). */
static void
put_event(
    struct tracer *tracer, const struct service_call *call, enum error error)
{
	const struct trace_event *event = call->event;
	struct buffer *reply = tracer->call->reply;
	struct timespec now = clock_wall();

	if (reply->len > TRACE_PENDING_MAX) {
		tracer->dropped++;
		return;
	}
	attr_put_number(reply, "time_us",
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	attr_put_number(reply, "pid", (uint64_t)call->peer.pid);
	attr_put_string(reply, "cache_type", event->cache->name);
	attr_put_string(reply, "request", call->request);
	attr_put_string(reply, "cache_id", event->id);
	put_result(reply, call->request, error);
	attr_put_number(reply, "size", event->size);
	attr_put_number(
	    reply, "duration_us", clock_monotonic_us() - event->began_us);
	attr_put_number(reply, "dropped", tracer->dropped);
	attr_put_end(reply);
	tracer->dropped = 0;
	tracer->call->more(tracer->call);
}

void
trace_end_event(struct service_call *call, enum error error, size_t size)
{
	struct trace_event *event = call->event;

	if (size > 0)
		event->size = size;
	for (size_t i = 0; i < TRACE_TRACERS_MAX; i++)
		if (wants(&call->service->tracers[i], event->cache, event->id))
			put_event(&call->service->tracers[i], call, error);
	free(event);
	call->event = NULL;
}

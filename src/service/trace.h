/*
 * trace: what is asked of the session caches and what came of it, as events.
 * A tracer is a call whose reply goes on. What it has not taken is bounded by
 * TRACE_PENDING_MAX; what comes then is counted, and left out. Never a session.
 */
#ifndef TRACE_H
#define TRACE_H

#include "service.h"

#define TRACE_TRACERS_MAX 4
#define TRACE_PENDING_MAX 65536 /* bytes; one event may go beyond it */

/* Room for all of them, none of them taken; for free(). */
struct tracer *tracers_new(void);

/*
 * From now on this call gets an event for each request about one cache, or
 * with NULL any, whose identifier contains the filter (copied). ERROR_NO_SPACE:
 * there are TRACE_TRACERS_MAX already. Pair with trace_remove(), which does
 * nothing for other calls.
 */
enum error trace_add(
    struct service_call *, const struct cache *, const char *filter);
void trace_remove(struct service_call *);

/*
 * A tracer has taken all that there was: tell it now how many events it did not
 * get, rather than with the next one. Does nothing for other calls.
 */
void trace_report_dropped(struct service_call *);

/* For trace_begin() and trace_end(), where there is something to do. */
void trace_begin_event(struct service_call *, const struct cache *,
    const char *id, size_t id_len, size_t size);
void trace_end_event(struct service_call *, enum error, size_t size);

/*
 * This call asks something about an identifier (copied if it matters to
 * anybody), with a session of so many bytes, or 0.
 */
static inline void
trace_begin(struct service_call *call, const struct cache *cache,
    const char *id, size_t id_len, size_t size)
{
	if (call->service->tracer_count > 0)
		trace_begin_event(call, cache, id, id_len, size);
}

/*
 * That was answered, now, with this error, and a session of so many bytes if it
 * was looked for and found. Before the call is done.
 */
static inline void
trace_end(struct service_call *call, enum error error, size_t size)
{
	if (call->event != NULL)
		trace_end_event(call, error, size);
}

#endif

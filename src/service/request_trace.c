/*
 * request trace: one list for each request of the caches that is answered from
 * now on, until the client goes.
 */
#include "request.h"
#include "trace.h"

#include <stdio.h>

/* An empty type is all of them. */
static enum error
get_cache_or_all(struct service *service, struct attr_list *request,
    struct service_call *call, struct cache **cache)
{
	struct attr_list ahead = *request;
	const char *name;

	*cache = NULL;
	if (attr_get_string(&ahead, "cache_type", &name, NULL) == ERROR_NONE &&
	    *name == '\0') {
		*request = ahead;
		return ERROR_NONE;
	}
	return service_get_cache(service, request, call, cache);
}

static void
begin(struct service_call *call, const struct cache *cache, const char *filter)
{
	char reason[64];

	if (trace_add(call, cache, filter) != ERROR_NONE) {
		snprintf(reason, sizeof(reason),
		    "%d traces run already, and no more may",
		    TRACE_TRACERS_MAX);
		service_call_reply_why(call, STATUS_ERR, reason);
		return;
	}
	attr_put_int(call->reply, "status", STATUS_OK);
	attr_put_string(call->reply, "reason", "");
	attr_put_end(call->reply);
	call->more(call);
}

void
request_trace(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const char *filter;
	struct cache *cache;

	if (get_cache_or_all(service, request, call, &cache) != ERROR_NONE) {
		service_call_reply_why(call, STATUS_FAIL, "no such cache");
		return;
	}
	if (attr_get_string(request, "filter", &filter, NULL) != ERROR_NONE) {
		service_call_complain(call, "no filter where it belongs");
		service_call_reply_why(call, STATUS_FAIL, "no filter");
		return;
	}
	service_pass_over_rest(request, call);
	if (call->more == NULL)
		service_call_reply_why(
		    call, STATUS_FAIL, "a reply cannot go on here");
	else
		begin(call, cache, filter);
}

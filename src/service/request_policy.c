/*
 * request policy: may sessions of this type be cached, and how long do they
 * last?
 */
#include "request.h"

static void
policy_reply(struct service_call *call, enum service_status status,
    bool cachable, int64_t timeout_s)
{
	attr_put_int(call->reply, "status", status);
	attr_put_int(call->reply, "cachable", cachable);
	attr_put_int(call->reply, "timeout", (int)timeout_s);
	service_call_done(call);
}

void
request_policy(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct cache *cache;

	if (service_get_cache(service, request, call, &cache) != ERROR_NONE) {
		policy_reply(call, STATUS_FAIL, false, 0);
	} else {
		service_pass_over_rest(request, call);
		policy_reply(call, STATUS_OK, cache_is_cachable(cache),
		    cache->timeout_s);
	}
}

/*
 * service_call: what handlers have in common: the end of a reply, complaints,
 * and the attributes with which several requests begin. Owns nothing.
 */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT_PERIOD_S 1

void
service_call_done(struct service_call *call)
{
	attr_put_end(call->reply);
	call->done(call);
}

void
service_call_reply(struct service_call *call, enum service_status status)
{
	attr_put_int(call->reply, "status", status);
	service_call_done(call);
}

void
service_call_reply_why(
    struct service_call *call, enum service_status status, const char *reason)
{
	attr_put_int(call->reply, "status", status);
	attr_put_string(call->reply, "reason", reason);
	service_call_done(call);
}

void
service_call_complain(struct service_call *call, const char *what)
{
	struct service *service = call->service;

	service->complaint_count++;
	if (!log_limit_allows(&service->complaints, COMPLAINT_PERIOD_S))
		return;
	if (service->complaints.suppressed > 0)
		log_warning("%u complaints about requests were not logged",
		    service->complaints.suppressed);
	log_warning("request \"%.100s\" from process %ld, uid %ld: %s",
	    call->request, (long)call->peer.pid, (long)call->peer.uid, what);
}

void
service_pass_over_rest(struct attr_list *request, struct service_call *call)
{
	if (attr_list_end(request) != ERROR_NONE)
		service_call_complain(call, "unexpected attribute at the end");
}

enum service_status
service_status_of(enum error error)
{
	switch (error) {
	case ERROR_NONE:
		return STATUS_OK;
	case ERROR_PROTOCOL:
	case ERROR_TOO_LARGE:
	case ERROR_INVALID:
	case ERROR_DISABLED:
		return STATUS_FAIL;
	default:
		return STATUS_ERR;
	}
}

enum error
service_get_cache(struct service *service, struct attr_list *request,
    struct service_call *call, struct cache **cache)
{
	enum cache_type type;
	const char *name;

	if (attr_get_string(request, "cache_type", &name, NULL) != ERROR_NONE) {
		service_call_complain(call, "no cache_type where it belongs");
		return ERROR_PROTOCOL;
	}
	if (cache_type_parse(name, &type) != ERROR_NONE) {
		service_call_complain(call, "unknown cache type");
		return ERROR_PROTOCOL;
	}
	*cache = &service->caches[type];
	return ERROR_NONE;
}

enum error
service_get_number(
    struct attr_list *request, const char *name, uint64_t *number)
{
	const char *text;
	size_t len;

	if (attr_get_string(request, name, &text, &len) != ERROR_NONE ||
	    len == 0 || strspn(text, "0123456789") != len)
		return ERROR_PROTOCOL;
	errno = 0;
	*number = strtoull(text, NULL, 10);
	return errno == 0 ? ERROR_NONE : ERROR_PROTOCOL;
}

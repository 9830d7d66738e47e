/*
 * service: finds the handler of a request and gives handlers what they have
 * in common. Keeps no state of a request between two of them: each reply is
 * built from nothing.
 */
#include "service.h"

#include "prng.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define COMPLAINT_PERIOD_S 1

static const struct service_handler {
	const char *request;
	service_handler_fn *run;
} handlers[] = {
	{ "lookup", request_lookup },
	{ "update", request_update },
	{ "delete", request_delete },
	{ "seed", request_seed },
	{ "tktkey", request_ticket_key },
	{ "policy", request_policy },
};

void
service_init(struct service *service, struct cache *caches,
    struct ticket_keys *ticket_keys)
{
	*service = (struct service){
		.caches = caches,
		.ticket_keys = ticket_keys,
		.session = xmalloc(ATTR_SESSION_MAX),
	};
}

void
service_fini(struct service *service)
{
	/* Each update wiped what it put there. */
	free(service->session);
	service->session = NULL;
}

static const struct service_handler *
handler_find(const char *request)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (strcmp(handlers[i].request, request) == 0)
			return &handlers[i];
	return NULL;
}

void
service_run(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const struct service_handler *handler = NULL;
	const char *name = "";

	service->requests++;
	prng_gather_time();
	call->service = service;
	if (attr_get_string(request, "request", &name, NULL) == ERROR_NONE)
		handler = handler_find(name);
	call->request = name;
	if (handler != NULL) {
		handler->run(service, request, call);
		return;
	}
	service_call_complain(call, "unknown request");
	attr_put_int(call->reply, "status", STATUS_FAIL);
	service_call_done(call);
}

void
service_refuse(
    struct service *service, struct service_call *call, enum error error)
{
	call->service = service;
	call->request = "";
	service_call_complain(call, error_text(error));
	attr_put_int(call->reply, "status", STATUS_FAIL);
	attr_put_end(call->reply);
}

void
service_call_done(struct service_call *call)
{
	attr_put_end(call->reply);
	call->done(call);
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

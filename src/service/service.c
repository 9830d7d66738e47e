/*
 * service: finds the handler of a request and gives handlers what they have
 * in common. Keeps no state of a request between two of them: each reply is
 * built from nothing.
 */
#include "service.h"

#include "prng.h"
#include "secret.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT_PERIOD_S 1

/* The names are those in statistics, too. */
static const struct service_handler {
	const char *request;
	service_handler_fn *run;
	bool needs_admin;
} handlers[] = {
	{ "lookup", request_lookup, false },
	{ "update", request_update, false },
	{ "delete", request_delete, false },
	{ "seed", request_seed, false },
	{ "tktkey", request_ticket_key, false },
	{ "policy", request_policy, false },
	{ "stats", request_stats, true },
	{ "config", request_config, true },
	{ "list", request_list, false },
	{ "flush", request_flush, false },
	{ "rotate", request_rotate, false },
	{ "flush_tickets", request_flush_tickets, true },
	{ "save", request_save, true },
};

#define HANDLER_COUNT (sizeof(handlers) / sizeof(handlers[0]))

/* Where requests that nobody handles are counted. */
#define UNKNOWN HANDLER_COUNT

void
service_init(struct service *service, struct cache *caches,
    struct ticket_keys *ticket_keys)
{
	*service = (struct service){
		.caches = caches,
		.ticket_keys = ticket_keys,
		.session = secret_alloc(ATTR_SESSION_MAX),
		.request_counts = xcalloc(HANDLER_COUNT + 1, sizeof(uint64_t)),
	};
}

void
service_set_admin(struct service *service, const struct service_admin *admin)
{
	service->admin = admin;
}

void
service_fini(struct service *service)
{
	secret_free(service->session, ATTR_SESSION_MAX);
	service->session = NULL;
	free(service->request_counts);
	service->request_counts = NULL;
}

/* The place in the table, or UNKNOWN. */
static size_t
handler_find(const struct service *service, const char *request)
{
	for (size_t i = 0; i < HANDLER_COUNT; i++)
		if (strcmp(handlers[i].request, request) == 0 &&
		    (service->admin != NULL || !handlers[i].needs_admin))
			return i;
	return UNKNOWN;
}

void
service_run(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const char *name = "";
	size_t handler = UNKNOWN;

	service->requests++;
	prng_gather_time();
	call->service = service;
	if (attr_get_string(request, "request", &name, NULL) == ERROR_NONE)
		handler = handler_find(service, name);
	call->request = name;
	service->request_counts[handler]++;
	if (handler != UNKNOWN) {
		handlers[handler].run(service, request, call);
		return;
	}
	service_call_complain(call, "unknown request");
	service_call_reply(call, STATUS_FAIL);
}

void
service_put_request_counts(const struct service *service, struct buffer *reply)
{
	char name[64];

	for (size_t i = 0; i <= HANDLER_COUNT; i++) {
		snprintf(name, sizeof(name), "request.%s",
		    i == UNKNOWN ? "unknown" : handlers[i].request);
		attr_put_number(reply, name, service->request_counts[i]);
	}
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
service_call_reply(struct service_call *call, enum service_status status)
{
	attr_put_int(call->reply, "status", status);
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

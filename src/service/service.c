/*
 * service: the table of requests, and the way to their handlers. Keeps no
 * state of a request between two of them: each reply is built from nothing.
 */
#include "service.h"

#include "prng.h"
#include "request.h"
#include "secret.h"
#include "service_latency.h"
#include "trace.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Who may ask. What is not for all clients is served where there is a struct
 * service_admin, and counts as long.
 */
enum audience {
	CLIENTS,
	ADMINISTRATORS, /* whoever may connect */
	ROOT,           /* root alone */
};

/* The names are those in statistics, too. */
struct service_handler {
	const char *request;
	service_handler_fn *run;
	enum audience audience;
};

static const struct service_handler handlers[] = {
	{ "lookup", request_lookup, CLIENTS },
	{ "update", request_update, CLIENTS },
	{ "delete", request_delete, CLIENTS },
	{ "seed", request_seed, CLIENTS },
	{ "tktkey", request_ticket_key, CLIENTS },
	{ "policy", request_policy, CLIENTS },
	{ "stats", request_stats, ADMINISTRATORS },
	{ "config", request_config, ADMINISTRATORS },
	{ "list", request_list, ADMINISTRATORS },
	{ "destinations", request_destinations, ADMINISTRATORS },
	{ "history", request_history, ADMINISTRATORS },
	{ "flush", request_flush, ADMINISTRATORS },
	{ "rotate", request_rotate, ADMINISTRATORS },
	{ "flush_tickets", request_flush_tickets, ADMINISTRATORS },
	{ "save", request_save, ADMINISTRATORS },
	{ "trace", request_trace, ROOT },
	{ "verbose", request_verbose, ROOT },
};

#define HANDLER_COUNT (sizeof(handlers) / sizeof(handlers[0]))

/* Where requests that nobody handles are counted. */
#define UNKNOWN HANDLER_COUNT

_Static_assert(UNKNOWN < 31, "each has a bit of struct service's `begun`");

/*
 * Without random numbers, which is logged, names can be chosen that are slow to
 * count.
 */
static struct destinations *
make_destinations(void)
{
	unsigned char key[SIPHASH_KEY_LEN];

	(void)prng_generate(key, sizeof(key));
	return destinations_new(key);
}

void
service_init(struct service *service, struct cache *caches,
    struct ticket_keys *ticket_keys)
{
	*service = (struct service){
		.caches = caches,
		.ticket_keys = ticket_keys,
		.session = secret_alloc(ATTR_SESSION_MAX),
		.request_counts = xcalloc(HANDLER_COUNT + 1, sizeof(uint64_t)),
		.latencies = service_latencies_new(HANDLER_COUNT + 1),
		.tracers = tracers_new(),
	};
	service->destinations[CACHE_SMTP] = make_destinations();
	service->destinations[CACHE_LMTP] = make_destinations();
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
	free(service->latencies);
	service->latencies = NULL;
	free(service->tracers);
	service->tracers = NULL;
	for (int i = 0; i < CACHE_TYPES; i++)
		destinations_free(service->destinations[i]);
}

void
service_end_period(struct service *service)
{
	for (int i = 0; i < CACHE_TYPES; i++)
		if (service->destinations[i] != NULL)
			destinations_end_period(service->destinations[i]);
}

/* NULL: there is none of that name. */
static const struct service_handler *
handler_find(const struct service *service, const char *request)
{
	for (size_t i = 0; i < HANDLER_COUNT; i++)
		if (strcmp(handlers[i].request, request) == 0 &&
		    (service->admin != NULL || handlers[i].audience == CLIENTS))
			return &handlers[i];
	return NULL;
}

bool
service_begin(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const char *name = "";
	const struct service_handler *handler = NULL;

	if (attr_get_string(request, "request", &name, NULL) == ERROR_NONE)
		handler = handler_find(service, name);
	call->service = service;
	call->handler = handler;
	call->request = handler != NULL ? handler->request : name;
	return handler != NULL && handler->audience != CLIENTS;
}

static void
refuse_others_than_root(struct service_call *call)
{
	char reason[64];

	service_call_complain(call, "it is root's alone");
	snprintf(reason, sizeof(reason), "%s is root's alone", call->request);
	service_call_reply_why(call, STATUS_FAIL, reason);
}

void
service_run(struct attr_list *request, struct service_call *call)
{
	const struct service_handler *handler = call->handler;
	struct service *service = call->service;
	size_t kind = handler != NULL ? (size_t)(handler - handlers) : UNKNOWN;

	service->requests++;
	prng_gather_time();
	service->request_counts[kind]++;
	service_latency_begin(&service->latencies[kind]);
	service->begun |= UINT32_C(1) << kind;
	if (handler == NULL) {
		service_call_complain(call, "unknown request");
		service_call_reply(call, STATUS_FAIL);
	} else if (handler->audience == ROOT && call->peer.uid != 0) {
		refuse_others_than_root(call);
	} else {
		handler->run(service, request, call);
	}
}

void
service_taken(struct service_call *call)
{
	trace_report_dropped(call);
}

void
service_stop(struct service_call *call)
{
	trace_remove(call);
}

static void
each_request(
    const struct service *service, service_figure_fn *figure, void *arg)
{
	char name[64];

	for (size_t i = 0; i <= HANDLER_COUNT; i++) {
		snprintf(name, sizeof(name), "request.%s",
		    i == UNKNOWN ? "unknown" : handlers[i].request);
		figure(arg, name, service->request_counts[i]);
	}
}

void
service_each_figure(
    const struct service *service, service_figure_fn *figure, void *arg)
{
	struct service_latency sum = { .count = 0 };

	each_request(service, figure, arg);
	for (size_t i = 0; i <= HANDLER_COUNT; i++)
		if (i == UNKNOWN || handlers[i].audience == CLIENTS)
			service_latency_add(&sum, &service->latencies[i]);
	service_latency_each(&sum, figure, arg);
}

static void
put_number(void *arg, const char *name, uint64_t value)
{
	attr_put_number(arg, name, value);
}

void
service_put_request_counts(const struct service *service, struct buffer *reply)
{
	each_request(service, put_number, reply);
}

void
service_note_latency(struct service *service, uint64_t latency_us)
{
	for (; service->begun != 0; service->begun &= service->begun - 1)
		service_latency_end(
		    &service->latencies[ffs((int)service->begun) - 1],
		    latency_us);
}

void
service_put_latencies(const struct service *service, struct buffer *reply)
{
	for (size_t i = 0; i <= HANDLER_COUNT; i++)
		service_latency_put(&service->latencies[i],
		    i == UNKNOWN ? "unknown" : handlers[i].request, reply);
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

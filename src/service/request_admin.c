/*
 * requests flush, rotate, flush_tickets and save: what an administrator may
 * want done now. What takes something away from clients is logged, with who
 * asked for it.
 */
#include "clock.h"
#include "service.h"

static void
log_act(const struct service_call *call, const char *what)
{
	log_info("%s on request of process %ld, uid %ld", what,
	    (long)call->peer.pid, (long)call->peer.uid);
}

static void
log_failure(const struct service_call *call, const char *what, enum error error)
{
	log_warning("%s on request of process %ld, uid %ld: %s", what,
	    (long)call->peer.pid, (long)call->peer.uid, error_text(error));
}

static void
flush_done(void *arg, enum error error, const void *session, size_t len)
{
	struct service_call *call = arg;
	const struct cache *cache = call->cache_request.cache;

	(void)session;
	(void)len;
	if (error == ERROR_NONE)
		log_info("%s TLS cache %s: emptied on request of process %ld, "
			 "uid %ld",
		    cache->name, cache->database, (long)call->peer.pid,
		    (long)call->peer.uid);
	else if (error != ERROR_DISABLED)
		log_warning("%s TLS cache %s: not emptied on request of "
			    "process %ld, uid %ld: %s",
		    cache->name, cache->database, (long)call->peer.pid,
		    (long)call->peer.uid, error_text(error));
	service_call_reply(call, service_status_of(error));
}

void
request_flush(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct cache *cache;

	if (service_get_cache(service, request, call, &cache) != ERROR_NONE) {
		service_call_reply(call, STATUS_FAIL);
	} else {
		service_pass_over_rest(request, call);
		call->is_long = true;
		cache_clear(cache, &call->cache_request, flush_done, call);
	}
}

void
request_rotate(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	enum error error;

	service_pass_over_rest(request, call);
	error = ticket_keys_rotate(service->ticket_keys, clock_wall_s());
	if (error == ERROR_NONE)
		log_act(call, "session ticket key made");
	else if (error != ERROR_DISABLED)
		log_failure(call, "session ticket key not made", error);
	service_call_reply(call, service_status_of(error));
}

void
request_flush_tickets(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const struct service_admin *admin = service->admin;
	enum error error;

	service_pass_over_rest(request, call);
	error = admin->wipe_ticket_keys(admin->arg);
	if (error == ERROR_NONE)
		log_act(call, "session ticket keys wiped");
	else if (error != ERROR_DISABLED)
		log_failure(call, "session ticket keys not wiped", error);
	service_call_reply(call, service_status_of(error));
}

void
request_save(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const struct service_admin *admin = service->admin;
	enum error error;

	service_pass_over_rest(request, call);
	call->is_long = true;
	error = admin->save(admin->arg);
	if (error != ERROR_NONE)
		log_failure(call, "not all saved", error);
	service_call_reply(call, error == ERROR_NONE ? STATUS_OK : STATUS_ERR);
}

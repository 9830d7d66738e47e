/*
 * requests flush, rotate, flush_tickets and save: what an administrator may
 * want done now. What takes something away from clients is logged, with who
 * asked for it.
 */
#include "clock.h"
#include "request.h"

/* Of each kind of act, one line in so many seconds. */
#define LINE_PERIOD_S 1

/* A client that asks in a loop does not fill the log. */
static bool
may_log(struct log_limit *limit)
{
	if (!log_limit_allows(limit, LINE_PERIOD_S))
		return false;
	if (limit->suppressed > 0)
		log_info("%u requests like the next one were not logged",
		    limit->suppressed);
	return true;
}

/* What was done, or `not_done`, and who asked for it. */
static void
log_outcome(const struct service_call *call, struct log_limit *limit,
    const char *done, const char *not_done, enum error error)
{
	long pid = (long)call->peer.pid, uid = (long)call->peer.uid;

	if (error == ERROR_DISABLED || !may_log(limit))
		return;
	if (error == ERROR_NONE)
		log_info(
		    "%s on request of process %ld, uid %ld", done, pid, uid);
	else
		log_warning("%s on request of process %ld, uid %ld: %s",
		    not_done, pid, uid, error_text(error));
}

static void
log_clear_outcome(const struct service_call *call, enum error error)
{
	const struct cache *cache = call->cache_request.cache;
	long pid = (long)call->peer.pid, uid = (long)call->peer.uid;

	if (error == ERROR_DISABLED ||
	    !may_log(&call->service->clears[cache->type]))
		return;
	if (error == ERROR_NONE)
		log_info("%s TLS cache %s: emptied on request of process %ld, "
			 "uid %ld",
		    cache->name, cache->database, pid, uid);
	else
		log_warning("%s TLS cache %s: not emptied on request of "
			    "process %ld, uid %ld: %s",
		    cache->name, cache->database, pid, uid, error_text(error));
}

static void
clear_done(void *arg, enum error error, const void *session, size_t len)
{
	struct service_call *call = arg;

	(void)session;
	(void)len;
	log_clear_outcome(call, error);
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
		cache_clear(cache, &call->cache_request, clear_done, call);
	}
}

void
request_rotate(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	enum error error;

	service_pass_over_rest(request, call);
	error = ticket_keys_rotate(service->ticket_keys, clock_wall_s());
	if (error == ERROR_EXISTS)
		error = ERROR_NONE; /* made in this very second */
	log_outcome(call, &service->rotations, "session ticket key made",
	    "session ticket key not made", error);
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
	log_outcome(call, &service->wipes, "session ticket keys wiped",
	    "session ticket keys not wiped", error);
	service_call_reply(call, service_status_of(error));
}

void
request_save(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const struct service_admin *admin = service->admin;
	enum error error;

	service_pass_over_rest(request, call);
	error = admin->save(admin->arg);
	if (error != ERROR_NONE && may_log(&service->saves))
		log_warning("not all saved on request of process %ld, uid "
			    "%ld: %s",
		    (long)call->peer.pid, (long)call->peer.uid,
		    error_text(error));
	service_call_reply(call, error == ERROR_NONE ? STATUS_OK : STATUS_ERR);
}

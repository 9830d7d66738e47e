/*
 * requests stats and config: what there is to know of this process. The daemon
 * knows it; both are answered at once.
 */
#include "request.h"

void
request_stats(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	service_pass_over_rest(request, call);
	attr_put_int(call->reply, "status", STATUS_OK);
	service->admin->put_statistics(service->admin->arg, call->reply);
	service_call_done(call);
}

void
request_config(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	service_pass_over_rest(request, call);
	attr_put_int(call->reply, "status", STATUS_OK);
	service->admin->put_parameters(service->admin->arg, call->reply);
	service_call_done(call);
}

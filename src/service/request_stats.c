/*
 * requests stats and config: what there is to know of this process. Both are
 * answered from what is at hand.
 */
#include "service.h"

#include "settings.h"
#include "xalloc.h"

#include <stdlib.h>

void
request_stats(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	service_pass_over_rest(request, call);
	attr_put_int(call->reply, "status", STATUS_OK);
	service->admin->put_statistics(service->admin->arg, call->reply);
	service_call_done(call);
}

/* A value may be longer than a string on the wire: then it is cut. */
static void
put_string(struct buffer *reply, const char *name, const char *text)
{
	char *cut = xstrndup(text, ATTR_STRING_MAX);

	attr_put_string(reply, name, cut);
	free(cut);
}

/* Where a value was set; the caller frees it. */
static char *
describe_origin(const struct config_entry *entry)
{
	switch (entry->origin) {
	case CONFIG_FILE:
		return xasprintf("%s, line %u", entry->file, entry->line);
	case CONFIG_OVERRIDE:
		return xstrdup("-o");
	case CONFIG_FIXED:
		return xstrdup("fixed");
	case CONFIG_DEFAULT:
		break;
	}
	return xstrdup("default");
}

static void
put_parameter(void *arg, const struct config_entry *entry, const char *value)
{
	struct service_call *call = arg;
	char *origin = describe_origin(entry);

	attr_put_string(call->reply, "parameter", entry->name);
	put_string(call->reply, "value", value);
	put_string(call->reply, "origin", origin);
	free(origin);
}

void
request_config(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	service_pass_over_rest(request, call);
	attr_put_int(call->reply, "status", STATUS_OK);
	settings_each(service->admin->config, put_parameter, call);
	service_call_done(call);
}

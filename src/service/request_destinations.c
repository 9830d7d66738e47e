/*
 * request destinations: where the sessions of the client side go most often.
 */
#include "minmax.h"
#include "request.h"
#include "xalloc.h"

#include <stdlib.h>

/* So many are less than 64 kB. */
#define COUNT_MAX 256

static void
put_row(struct buffer *reply, const struct destinations_row *row)
{
	char *text = destinations_text(row);

	attr_put_string(reply, "destination", text);
	attr_put_number(reply, "count", row->count);
	attr_put_number(reply, "error", row->error);
	attr_put_number(reply, "lookups", row->lookups);
	attr_put_number(reply, "hits", row->hits);
	attr_put_number(reply, "stores", row->stores);
	free(text);
}

static void
put_rows(
    struct buffer *reply, const struct destinations *destinations, size_t max)
{
	/* Too much for a stack that may be small. */
	struct destinations_row *rows =
	    xcalloc(DESTINATIONS_MAX, sizeof(*rows));
	size_t count = min_size(max, destinations_list(destinations, rows));

	for (size_t i = 0; i < count; i++)
		put_row(reply, &rows[i]);
	free(rows);
}

static void
destinations_reply(
    struct service_call *call, const struct destinations *destinations, int max)
{
	if (destinations == NULL) {
		attr_put_int(call->reply, "status", STATUS_FAIL);
		attr_put_number(call->reply, "age", 0);
	} else {
		attr_put_int(call->reply, "status", STATUS_OK);
		attr_put_number(
		    call->reply, "age", destinations_age_s(destinations));
		put_rows(
		    call->reply, destinations, (size_t)min_i64(max, COUNT_MAX));
	}
	service_call_done(call);
}

void
request_destinations(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	struct destinations *destinations = NULL;
	struct cache *cache;
	int max = 0;

	if (service_get_cache(service, request, call, &cache) != ERROR_NONE) {
		destinations_reply(call, NULL, 0);
		return;
	}
	if (attr_get_int(request, "count", &max) != ERROR_NONE || max < 0) {
		service_call_complain(call, "no proper count");
	} else {
		service_pass_over_rest(request, call);
		if (cache_is_enabled(cache))
			destinations = service->destinations[cache->type];
	}
	destinations_reply(call, destinations, max);
}

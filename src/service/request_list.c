/*
 * request list: the entries of a session cache, a slice at a time, so that a
 * listing of millions holds up nobody. Identifiers, sizes and times; never
 * what is in a session.
 */
#include "request.h"

#include <string.h>

_Static_assert(ATTR_STRING_MAX == STORE_KEY_MAX,
    "an identifier fits in an attribute, and the other way round");

/* What one slice may take, of time and of the client's memory. */
#define SLICE_US      500
#define SLICE_LEN_MAX (59 * 1024) /* one more entry keeps it below 64 kB */

struct list {
	struct buffer entries; /* they come last in the reply */
	const char *filter;
	char id[STORE_KEY_MAX + 1];
};

static bool
list_entry(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	struct list *list = arg;

	memcpy(list->id, key, key_len);
	list->id[key_len] = '\0';
	if (strstr(list->id, list->filter) == NULL)
		return true;
	attr_put_string(&list->entries, "cache_id", list->id);
	attr_put_int(&list->entries, "size", (int)value_len);
	attr_put_number(&list->entries, "time", (uint64_t)put_at);
	return list->entries.len < SLICE_LEN_MAX;
}

static void
list_reply(struct service_call *call, enum service_status status,
    uint64_t cursor, bool is_complete, const struct buffer *entries)
{
	attr_put_int(call->reply, "status", status);
	attr_put_number(call->reply, "cursor", cursor);
	if (!is_complete)
		attr_put_int(call->reply, "incomplete", 1);
	if (entries != NULL)
		buffer_append(call->reply, buffer_head(entries), entries->len);
	service_call_done(call);
}

static void
list_slice(struct service_call *call, struct cache *cache, uint64_t cursor,
    const char *filter)
{
	struct list list = { .filter = filter };
	bool is_complete;
	enum error error;

	buffer_init(&list.entries);
	error = cache_list(
	    cache, &cursor, SLICE_US, &is_complete, list_entry, &list);
	if (error == ERROR_NONE)
		list_reply(call, STATUS_OK, cursor, is_complete, &list.entries);
	else
		list_reply(call, service_status_of(error), 0, true, NULL);
	buffer_fini(&list.entries);
}

void
request_list(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const char *filter, *problem = NULL;
	struct cache *cache;
	uint64_t cursor = 0;

	if (service_get_cache(service, request, call, &cache) != ERROR_NONE) {
		list_reply(call, STATUS_FAIL, 0, true, NULL);
		return;
	}
	if (service_get_number(request, "cursor", &cursor) != ERROR_NONE)
		problem = "no proper cursor";
	else if (attr_get_string(request, "filter", &filter, NULL) !=
		 ERROR_NONE)
		problem = "no filter where it belongs";
	if (problem != NULL) {
		service_call_complain(call, problem);
		list_reply(call, STATUS_FAIL, 0, true, NULL);
		return;
	}
	service_pass_over_rest(request, call);
	list_slice(call, cache, cursor, filter);
}

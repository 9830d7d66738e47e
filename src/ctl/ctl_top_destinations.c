/*
 * ctl_top_destinations: an array. Owns the names.
 */
#include "ctl_top_destinations.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *const ctl_top_destination_caches[] = { "smtp", "lmtp" };

const char *const ctl_top_order_names[CTL_TOP_ORDERS] = { "lookups", "hits",
	"stores", "name" };

bool
ctl_top_order_find(const char *name, enum ctl_top_order *order)
{
	for (int i = 0; i < CTL_TOP_ORDERS; i++) {
		if (strcmp(ctl_top_order_names[i], name) == 0) {
			*order = (enum ctl_top_order)i;
			return true;
		}
	}
	return false;
}

/* The name is borrowed from the reply until it is added. */
static bool
take_destination(struct ctl_reply *reply, const char **name,
    struct ctl_top_destination *destination)
{
	int64_t count;

	*name = ctl_reply_take(reply, "destination");
	return *name != NULL && ctl_reply_take_count(reply, "count", &count) &&
	       ctl_reply_take_count(reply, "error", &destination->error) &&
	       ctl_reply_take_count(reply, "lookups", &destination->lookups) &&
	       ctl_reply_take_count(reply, "hits", &destination->hits) &&
	       ctl_reply_take_count(reply, "stores", &destination->stores);
}

static void
add(struct ctl_top_destinations *destinations,
    const struct ctl_top_destination *destination, const char *name)
{
	if (destinations->count == destinations->room) {
		destinations->room =
		    destinations->room > 0 ? 2 * destinations->room : 64;
		destinations->list = xrealloc(destinations->list,
		    destinations->room * sizeof(*destinations->list));
	}
	destinations->list[destinations->count] = *destination;
	destinations->list[destinations->count].name = xstrdup(name);
	destinations->count++;
}

enum error
ctl_top_destinations_add(struct ctl_top_destinations *destinations,
    struct ctl_reply *reply, const char *cache)
{
	struct ctl_top_destination destination = { .cache = cache };
	const char *name;

	if (!ctl_reply_take_count(reply, "age", &destinations->age_s))
		return ERROR_PROTOCOL;
	while (!ctl_reply_is_at_end(reply)) {
		if (!take_destination(reply, &name, &destination))
			return ERROR_PROTOCOL;
		add(destinations, &destination, name);
	}
	return ERROR_NONE;
}

static int
compare_names(const void *left, const void *right)
{
	const struct ctl_top_destination *a = left, *b = right;

	return strcmp(a->name, b->name);
}

#define COMPARE_NUMBERS(field)                                          \
	static int compare_##field(const void *left, const void *right) \
	{                                                               \
		const struct ctl_top_destination *a = left, *b = right; \
                                                                        \
		if (a->field != b->field)                               \
			return a->field < b->field ? 1 : -1;            \
		return compare_names(left, right);                      \
	}

COMPARE_NUMBERS(lookups)
COMPARE_NUMBERS(hits)
COMPARE_NUMBERS(stores)

void
ctl_top_destinations_sort(
    struct ctl_top_destinations *destinations, enum ctl_top_order order)
{
	static int (*const compare[CTL_TOP_ORDERS])(
	    const void *, const void *) = { compare_lookups, compare_hits,
		compare_stores, compare_names };

	if (destinations->count > 0)
		qsort(destinations->list, destinations->count,
		    sizeof(*destinations->list), compare[order]);
}

void
ctl_top_destinations_fini(struct ctl_top_destinations *destinations)
{
	for (size_t i = 0; i < destinations->count; i++)
		free(destinations->list[i].name);
	free(destinations->list);
	*destinations = (struct ctl_top_destinations){ 0 };
}

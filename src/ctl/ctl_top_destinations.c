/*
 * ctl_top_destinations: an array. Owns the names.
 */
#include "ctl_top_destinations.h"

#include "xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const ctl_top_order_names[CTL_TOP_ORDERS] = { "lookups", "hits",
	"stores", "name" };

/* False: there is no such number. */
static bool
take_number(struct ctl_reply *reply, const char *name, int64_t *number)
{
	const char *text = ctl_reply_take(reply, name);

	return text != NULL && ctl_reply_number(text, number) == ERROR_NONE;
}

/* The name is borrowed from the reply until it is added. */
static bool
take_destination(struct ctl_reply *reply, const char **name,
    struct ctl_top_destination *destination)
{
	int64_t count;

	*name = ctl_reply_take(reply, "destination");
	return *name != NULL && take_number(reply, "count", &count) &&
	       take_number(reply, "error", &destination->error) &&
	       take_number(reply, "lookups", &destination->lookups) &&
	       take_number(reply, "hits", &destination->hits) &&
	       take_number(reply, "stores", &destination->stores);
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

	if (!take_number(reply, "age", &destinations->age_s))
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

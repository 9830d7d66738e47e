/*
 * ctl_top_destinations: the busiest destinations, from answers to
 * `destinations`, and their orders.
 */
#ifndef CTL_TOP_DESTINATIONS_H
#define CTL_TOP_DESTINATIONS_H

#include "ctl_reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caches of clients: those of servers have no destinations. */
#define CTL_TOP_DESTINATION_CACHES 2
extern const char *const ctl_top_destination_caches[CTL_TOP_DESTINATION_CACHES];

/* So many are asked for, of each. */
#define CTL_TOP_DESTINATIONS_COUNT "256"

struct ctl_top_destination {
	char *name;        /* owned; any bytes but NUL */
	const char *cache; /* "smtp" or "lmtp"; borrowed */
	int64_t lookups, hits, stores;
	int64_t error; /* how many more requests there may have been */
};

enum ctl_top_order {
	CTL_TOP_BY_LOOKUPS,
	CTL_TOP_BY_HITS,
	CTL_TOP_BY_STORES,
	CTL_TOP_BY_NAME,
	CTL_TOP_ORDERS,
};

/* "lookups" and the like. */
extern const char *const ctl_top_order_names[CTL_TOP_ORDERS];
/* The one of that name. False: there is none. */
bool ctl_top_order_find(const char *name, enum ctl_top_order *);

/* All zero is an empty one. */
struct ctl_top_destinations {
	struct ctl_top_destination *list; /* owned */
	size_t count, room;
	int64_t age_s; /* for how long they have been counted */
};

/*
 * Add what an answer has, behind its status. ERROR_PROTOCOL: it makes no sense,
 * from where on nothing was added.
 */
enum error ctl_top_destinations_add(
    struct ctl_top_destinations *, struct ctl_reply *, const char *cache);
/* The largest number first, or by name; by name where all else is equal. */
void ctl_top_destinations_sort(
    struct ctl_top_destinations *, enum ctl_top_order);
void ctl_top_destinations_fini(struct ctl_top_destinations *);

#endif

/*
 * store_unit: a store on files of the test's own. Included after unit.h, by
 * the test's only file.
 */
#ifndef STORE_UNIT_H
#define STORE_UNIT_H

#include "clock.h"
#include "store.h"

#define STORE_UNIT_BUDGET_US 1000000

/* Open what `config` says, in the test's directory; to be started. */
static inline struct store *
store_unit_open(struct store_config *config)
{
	struct store *store = NULL;
	char *cause = NULL;

	config->path = unit_path("cache");
	assert_int_equal(
	    store_find(config->type)->open(config, &store, &cause), ERROR_NONE);
	return store;
}

/* Let it do all that is due now. */
static inline void
store_unit_maintain(struct store *store)
{
	for (int i = 0; i < 1000; i++)
		if (store->ops->maintain(
			store, clock_wall_s(), STORE_UNIT_BUDGET_US) != 0)
			return;
	fail_msg("there is no end to it");
}

#endif

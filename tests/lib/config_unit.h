/*
 * config_unit: a config of the test's own. Included after cmocka.h, by the
 * test's only file.
 */
#ifndef CONFIG_UNIT_H
#define CONFIG_UNIT_H

#include "config.h"
#include "unit.h"

static struct config *config;

static inline int
setup(void **state)
{
	config = config_new();
	return unit_setup(state);
}

static inline int
teardown(void **state)
{
	config_free(config);
	return unit_teardown(state);
}

/* As if a line of a file had set it. */
static inline void
set(const char *name, const char *text)
{
	config_set_from(config, name, text, CONFIG_FILE, "/x/main.cf", 12);
}

#endif

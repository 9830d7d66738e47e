/*
 * settings_unit: settings from a config of the test's own, which begins with
 * the defaults. Included after cmocka.h, by the test's only file.
 */
#ifndef SETTINGS_UNIT_H
#define SETTINGS_UNIT_H

#include "config_unit.h"
#include "settings.h"

static struct settings settings;

static inline int
settings_setup(void **state)
{
	int result = setup(state);

	settings_set_defaults(config);
	return result;
}

static inline void
read_settings(void)
{
	char *cause = NULL;

	if (settings_read(&settings, config, &cause) != ERROR_NONE)
		fail_msg("%s", cause);
}

#endif

/*
 * ctl_settings: main.cf and tlsmgr.cf, read as the daemon reads them.
 */
#include "ctl.h"
#include "xalloc.h"

#include <stdlib.h>

const char ctl_program[] = PROGRAM_NAME;

enum error
ctl_config_read(struct ctl *ctl, char **cause)
{
	const struct settings_source source = {
		.config_directory = ctl->config_directory,
	};

	config_free(ctl->config);
	ctl->config = config_new();
	return settings_load_files(ctl->config, &source, cause);
}

char *
ctl_config_value(struct ctl *ctl, const char *name)
{
	char *value = NULL, *cause = NULL;

	if (ctl->config == NULL && ctl_config_read(ctl, &cause) != ERROR_NONE) {
		ctl_error("%s", cause);
		free(cause);
		cause = NULL;
	}
	if (config_value(ctl->config, name, &value, &cause) != ERROR_NONE) {
		ctl_error("%s", cause);
		free(cause);
	}
	return value;
}

char *
ctl_config_service(struct ctl *ctl)
{
	char *service = ctl_config_value(ctl, "tlsmgr_service_name");

	if (service != NULL && *service == '\0') {
		free(service);
		service = xstrdup("tlsmgr");
	}
	return service;
}

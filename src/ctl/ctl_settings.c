/*
 * ctl_settings: main.cf and tlsmgr.cf, read as the daemon reads them.
 */
#include "ctl.h"
#include "ctl_command.h"
#include "ctl_service.h"
#include "master.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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

enum error
ctl_settings_load(struct ctl *ctl, const struct ctl_service *service,
    struct settings *settings, char **cause)
{
	struct settings_source source = {
		.config_directory = ctl->config_directory,
		.find_version = master_postfix_version,
	};
	char **overrides = NULL;
	enum error error;

	if (service != NULL)
		overrides = ctl_command_overrides(
		    service->fields[CTL_FIELD_COMMAND], &source.override_count);
	source.overrides = (const char *const *)overrides;
	config_free(ctl->config);
	ctl->config = config_new();
	error = settings_load(settings, ctl->config, &source, cause);
	ctl_command_overrides_free(overrides);
	return error;
}

bool
ctl_config_is_missing(const struct ctl *ctl)
{
	char *path = xasprintf("%s/main.cf", ctl->config_directory);
	bool is_missing = access(path, F_OK) != 0 && errno == ENOENT;

	free(path);
	return is_missing;
}

char *
ctl_config_value(struct ctl *ctl, const char *name)
{
	char *value = NULL, *cause = NULL;

	if (ctl->config == NULL && ctl_config_read(ctl, &cause) != ERROR_NONE) {
		ctl_error("%s%s", cause,
		    ctl_config_is_missing(ctl) ? "; " CTL_CONFIGURE_POSTFIX
					       : "");
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

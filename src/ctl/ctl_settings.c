/*
 * ctl_settings: main.cf and tlsmgr.cf, read as the daemon reads them.
 */
#include "ctl.h"
#include "log.h"
#include "master.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

const char ctl_program[] = PROGRAM_NAME;

/* What the daemon itself would put there. */
static void
set_fixed_values(struct ctl *ctl)
{
	settings_set_defaults(ctl->config);
	config_set(ctl->config, "config_directory", ctl->config_directory,
	    CONFIG_DEFAULT);
	config_set(ctl->config, "process_id", "0", CONFIG_FIXED);
	config_set(ctl->config, "process_name", "tlsmgr", CONFIG_FIXED);
	config_set(ctl->config, "service_name", "tlsmgr", CONFIG_FIXED);
}

bool
ctl_config_read(struct ctl *ctl, char **cause)
{
	char *main_cf = xasprintf("%s/main.cf", ctl->config_directory);
	char *tlsmgr_cf = xasprintf("%s/tlsmgr.cf", ctl->config_directory);
	bool is_good = false;

	config_free(ctl->config);
	ctl->config = config_new();
	set_fixed_values(ctl);
	if (config_read_file(ctl->config, main_cf, false, cause) !=
	    ERROR_NONE) {
		config_free(ctl->config);
		ctl->config = NULL;
	} else {
		is_good = config_read_file(ctl->config, tlsmgr_cf, true,
			      cause) == ERROR_NONE &&
		          settings_check_names(ctl->config, tlsmgr_cf, cause) ==
		              ERROR_NONE;
	}
	free(main_cf);
	free(tlsmgr_cf);
	return is_good;
}

char *
ctl_config_value(struct ctl *ctl, const char *name)
{
	char *value = NULL, *cause = NULL;

	if (ctl->config == NULL && !ctl_config_read(ctl, &cause)) {
		ctl_error("%s", cause);
		free(cause);
		cause = NULL;
	}
	if (ctl->config != NULL &&
	    config_value(ctl->config, name, &value, &cause) != ERROR_NONE) {
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

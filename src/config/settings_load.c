/*
 * settings_load: main.cf, tlsmgr.cf and overrides, in the order in which the
 * daemon takes them at its start; used by all who want to know what it would
 * make of them.
 */
#include "settings.h"

#include "settings_param.h"
#include "xalloc.h"

#include <stdlib.h>
#include <unistd.h>

#define PROCESS_NAME "tlsmgr"

/* What no file can set. */
static void
set_fixed_values(struct config *config, const char *service_name)
{
	char *pid = xasprintf("%ld", (long)getpid());

	config_set(config, "process_id", pid, CONFIG_FIXED);
	config_set(config, "process_name", PROCESS_NAME, CONFIG_FIXED);
	config_set(config, "service_name",
	    service_name != NULL ? service_name : PROCESS_NAME, CONFIG_FIXED);
	free(pid);
}

static bool
is_unknown(const char *name)
{
	return settings_name_is_own(name) && settings_param_find(name) == NULL;
}

/* May that name stand in tlsmgr.cf? */
static char *
check_own_name(const char *name)
{
	if (is_unknown(name))
		return xasprintf("unknown parameter: %s", name);
	if (!settings_name_is_own(name))
		return xasprintf("parameter %s is not one of tlsmgr.cf(5): it "
				 "belongs in main.cf",
		    name);
	return NULL;
}

enum error
settings_load_files(
    struct config *config, const struct settings_source *source, char **cause)
{
	char *directory, *main_cf, *tlsmgr_cf;
	enum error error;

	settings_set_defaults(config);
	if (source->config_directory != NULL)
		config_set(config, "config_directory", source->config_directory,
		    CONFIG_DEFAULT);
	set_fixed_values(config, source->service_name);
	/* A copy: the files may set it, and lose it then. */
	directory = xstrdup(config_get(config, "config_directory")->text);
	main_cf = xasprintf("%s/main.cf", directory);
	tlsmgr_cf = xasprintf("%s/tlsmgr.cf", directory);
	error = config_read_file(config, main_cf, cause);
	config_read_own_file(config, tlsmgr_cf, check_own_name);
	free(tlsmgr_cf);
	free(main_cf);
	free(directory);
	return error;
}

static enum error
override(
    struct config *config, const struct settings_source *source, char **cause)
{
	enum error error = ERROR_NONE;

	for (int i = 0; i < source->override_count && error == ERROR_NONE; i++)
		error = config_override(config, source->overrides[i], cause);
	return error;
}

/* A misspelt name, where config_read_own_file() has not refused it. */
static void
warn_of_unknown_name(void *arg, const struct config_entry *entry)
{
	char *problem;

	if (!is_unknown(entry->name))
		return;
	if (entry->file != NULL)
		problem = xasprintf("%s, line %u: unknown parameter: %s",
		    entry->file, entry->line, entry->name);
	else
		problem =
		    xasprintf("option -o: unknown parameter: %s", entry->name);
	config_add_problem(arg, CONFIG_WARNING, problem);
}

static enum error
find_version(struct config *config, const struct settings_source *source,
    char **version, char **cause)
{
	char *directory;

	*version = NULL;
	if (source->find_version == NULL)
		return ERROR_NONE;
	if (config_value(config, "daemon_directory", &directory, cause) !=
	    ERROR_NONE)
		return ERROR_INVALID;
	*version = source->find_version(directory);
	free(directory);
	if (*version != NULL)
		config_set(config, "mail_version", *version, CONFIG_DEFAULT);
	return ERROR_NONE;
}

enum error
settings_load(struct settings *settings, struct config *config,
    const struct settings_source *source, char **cause)
{
	enum error error = settings_load_files(config, source, cause);
	char *version = NULL;

	if (error == ERROR_NONE)
		error = override(config, source, cause);
	if (error == ERROR_NONE) {
		config_each(config, warn_of_unknown_name, config);
		error = find_version(config, source, &version, cause);
	}
	if (error == ERROR_NONE)
		error = settings_read(settings, config, cause);
	if (error == ERROR_NONE)
		settings->postfix_version = version;
	else
		free(version);
	return error;
}

/*
 * settings: from the dictionary to values that the daemon works with. What is
 * wrong with a parameter of our own is replaced by a default; what is wrong
 * with one of Postfix's is an error.
 */
#include "settings.h"

#include "log.h"
#include "settings_param.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/*
 * What stands in for a bad value, where the default keeps secrets for longer
 * than may have been meant.
 */
static const struct {
	const char *name;
	const char *text;
} safe_values[] = {
	{ "tlsmgr_cache_persist", "no" },
	{ "tlsmgr_ticket_key_file", "" },
	{ "tlsmgr_shared_ticket_keys", "no" },
};

/* A bad value about sharing, whichever, and nothing is shared. */
#define SHARED_PREFIX "tlsmgr_shared_"
#define SHARED_SWITCH "tlsmgr_shared_secret_file"

static const char *
substitute(const struct settings_param *param)
{
	for (size_t i = 0; i < sizeof(safe_values) / sizeof(safe_values[0]);
	     i++)
		if (strcmp(safe_values[i].name, param->name) == 0)
			return safe_values[i].text;
	return param->text;
}

void
settings_fatal(
    const struct config *config, const char *name, const char *problem)
{
	char *value = NULL, *cause = NULL;

	if (config_value(config, name, &value, &cause) != ERROR_NONE)
		log_fatal("%s", cause);
	log_fatal("%s", config_describe_problem(config, name, value, problem));
}

/* *value is to be freed, and has *rest in it, where there is no error. */
static enum error
parse_param(struct settings *settings, const struct config *config,
    const struct settings_param *param, char **value, const char **rest,
    char **cause)
{
	enum error error = config_value(config, param->name, value, cause);
	char *requirement;

	if (error != ERROR_NONE)
		return error;
	error = settings_param_parse(param, settings, *value, rest);
	if (error != ERROR_NONE) {
		requirement = settings_param_requirement(param);
		*cause = config_describe_problem(
		    config, param->name, *value, requirement);
		free(requirement);
		free(*value);
	}
	return error;
}

/* Only the first reason is of interest, and only where anything is shared. */
static void
stop_sharing(
    struct settings *settings, struct config *config, const char *cause)
{
	if (*config_get(config, SHARED_SWITCH)->text == '\0')
		return;
	settings->shared_problem = xstrdup(cause);
	config_set(config, SHARED_SWITCH, "", CONFIG_FIXED);
}

/* A bad value of ours, wherever it is set, is not worth the mail of a site. */
static void
replace_bad_value(struct settings *settings, struct config *config,
    const struct settings_param *param, char *cause)
{
	const char *text = substitute(param);
	bool is_shared =
	    strncmp(param->name, SHARED_PREFIX, strlen(SHARED_PREFIX)) == 0;

	config_add_problem(config, CONFIG_IGNORED,
	    xasprintf("%s (ignored: it is \"%s\" now%s)", cause, text,
		is_shared ? ", and nothing is shared" : ""));
	if (is_shared)
		stop_sharing(settings, config, cause);
	config_reset(config, param->name, text);
	free(cause);
}

/*
 * Our own first: values of Postfix may refer to them. What is read is not kept:
 * a bad one may change those before it.
 */
static void
check_own_params(struct settings *settings, struct config *config)
{
	struct settings read = { .postfix_version = NULL };
	char *value, *cause = NULL;
	const char *rest;

	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++) {
		if (!settings_name_is_own(param->name) ||
		    config_get(config, param->name)->origin == CONFIG_DEFAULT)
			continue;
		if (parse_param(&read, config, param, &value, &rest, &cause) ==
		    ERROR_NONE)
			free(value);
		else
			replace_bad_value(settings, config, param, cause);
	}
	settings_fini(&read);
}

static enum error
read_params(struct settings *settings, struct config *config, char **cause)
{
	const char *rest;
	enum error error;
	char *value;

	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++) {
		error =
		    parse_param(settings, config, param, &value, &rest, cause);
		if (error != ERROR_NONE)
			return error;
		if (*rest != '\0')
			config_add_problem(config, CONFIG_WARNING,
			    config_describe_rest(
				config, param->name, value, rest));
		free(value);
	}
	return ERROR_NONE;
}

enum error
settings_read(struct settings *settings, struct config *config, char **cause)
{
	enum error error;

	memset(settings, 0, sizeof(*settings));
	error = settings_complete_defaults(config, cause);
	if (error == ERROR_NONE) {
		check_own_params(settings, config);
		error = read_params(settings, config, cause);
	}
	if (error != ERROR_NONE)
		settings_fini(settings);
	return error;
}

void
settings_each(const struct config *config, settings_each_fn *each, void *arg)
{
	char *value, *cause;

	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++) {
		if (config_value(config, param->name, &value, &cause) !=
		    ERROR_NONE)
			value = cause; /* settings_read() would have said so */
		each(arg, config_get(config, param->name), value);
		free(value);
	}
}

void
settings_fini(struct settings *settings)
{
	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++)
		settings_param_fini(param, settings);
	free(settings->postfix_version);
	settings->postfix_version = NULL;
	free(settings->shared_problem);
	settings->shared_problem = NULL;
}

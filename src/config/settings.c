/*
 * settings: from the dictionary to values that the daemon works with, as the
 * rows of params.def say. The only place that knows a parameter's default,
 * type and range.
 */
#include "settings.h"

#include "log.h"
#include "xalloc.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum param_type {
	TYPE_STRING,
	TYPE_ENUM,
	TYPE_TIME,
	TYPE_INT,
	TYPE_SIZE,
	TYPE_BOOL,
};

static const struct param {
	const char *name;
	const char *text; /* the default */
	enum param_type type;
	const char *words;  /* of an enum */
	long long min, max; /* of a string: the least length */
	size_t offset;      /* in struct settings */
} params[] = {
#define PARAM(name, text, type, words, min, max) \
	{ #name, text, type, words, min, max, offsetof(struct settings, name) },
#define PLAIN(name, text, type, min, max) \
	PARAM(name, text, type, NULL, min, max)
#define PARAM_STRING(name, text)         PLAIN(name, text, TYPE_STRING, 0, 0)
#define PARAM_NONEMPTY(name, text)       PLAIN(name, text, TYPE_STRING, 1, 0)
#define PARAM_ENUM(name, text, words)    PARAM(name, text, TYPE_ENUM, words, 0, 0)
#define PARAM_TIME(name, text, min, max) PLAIN(name, text, TYPE_TIME, min, max)
#define PARAM_INT(name, text, min, max)  PLAIN(name, text, TYPE_INT, min, max)
#define PARAM_SIZE(name, text, min, max) PLAIN(name, text, TYPE_SIZE, min, max)
#define PARAM_BOOL(name, text)           PLAIN(name, text, TYPE_BOOL, 0, 0)
#include "params.def"
#undef PARAM_STRING
#undef PARAM_NONEMPTY
#undef PARAM_ENUM
#undef PARAM_TIME
#undef PARAM_INT
#undef PARAM_SIZE
#undef PARAM_BOOL
#undef PLAIN
#undef PARAM
};

#define PARAM_COUNT (sizeof(params) / sizeof(params[0]))

/* Our own parameters have this prefix; so has one of Postfix's. */
#define OWN_PREFIX    "tlsmgr_"
#define POSTFIX_PARAM "tlsmgr_service_name"

static bool
is_own(const char *name)
{
	return strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0 &&
	       strcmp(name, POSTFIX_PARAM) != 0;
}

static bool
is_param(const char *name)
{
	for (size_t i = 0; i < PARAM_COUNT; i++)
		if (strcmp(params[i].name, name) == 0)
			return true;
	return false;
}

/* The domain is what stands behind the first dot of the host's name. */
static void
set_mydomain(struct config *config, const char *hostname)
{
	const char *dot = strchr(hostname, '.');

	config_set(config, "mydomain",
	    dot != NULL && dot[1] != '\0' ? dot + 1 : "localdomain",
	    CONFIG_DEFAULT);
}

static void
set_myhostname(struct config *config)
{
	char hostname[256] = "localhost";
	char *name;

	(void)gethostname(hostname, sizeof(hostname) - 1);
	set_mydomain(config, hostname);
	name = xasprintf("%s%s", hostname,
	    strchr(hostname, '.') == NULL ? ".$mydomain" : "");
	config_set(config, "myhostname", name, CONFIG_DEFAULT);
	free(name);
}

void
settings_set_defaults(struct config *config)
{
	for (size_t i = 0; i < PARAM_COUNT; i++)
		config_set(
		    config, params[i].name, params[i].text, CONFIG_DEFAULT);
	set_myhostname(config);
}

/* The domain of the name that main.cf gives the host, if it does. */
static enum error
complete_defaults(struct config *config, char **cause)
{
	char *hostname;

	if (config_get(config, "myhostname")->origin == CONFIG_DEFAULT)
		return ERROR_NONE;
	if (config_value(config, "myhostname", &hostname, cause) != ERROR_NONE)
		return ERROR_INVALID;
	set_mydomain(config, hostname);
	free(hostname);
	return ERROR_NONE;
}

/* What a value of this parameter must be; for messages. */
static char *
describe(const struct param *param)
{
	switch (param->type) {
	case TYPE_TIME:
		return xasprintf("a time from %llds to %llds, in units of s, "
				 "m, h, d or w",
		    param->min, param->max);
	case TYPE_INT:
		return xasprintf(
		    "a number from %lld to %lld", param->min, param->max);
	case TYPE_SIZE:
		return xasprintf("a size from %lld to %lld bytes, or with k, "
				 "m or g",
		    param->min, param->max);
	case TYPE_BOOL:
		return xstrdup("yes or no");
	case TYPE_ENUM:
		return xasprintf("one of %s", param->words);
	case TYPE_STRING:
		break;
	}
	return xstrdup("a text that is not empty");
}

static enum error
parse_number(const struct param *param, const char *value, int64_t *number)
{
	long long parsed = 0;
	enum error error;

	if (param->type == TYPE_TIME)
		error = config_parse_time(value, 's', &parsed);
	else if (param->type == TYPE_SIZE)
		error = config_parse_size(value, &parsed);
	else
		error = config_parse_int(value, &parsed);
	if (error != ERROR_NONE || parsed < param->min || parsed > param->max)
		return ERROR_INVALID;
	*number = parsed;
	return ERROR_NONE;
}

static enum error
reject(const struct config *config, const struct param *param,
    const char *value, char **cause)
{
	char *wanted = describe(param);
	char *problem = xasprintf("must be %s", wanted);

	*cause = config_describe_problem(config, param->name, value, problem);
	free(problem);
	free(wanted);
	return ERROR_INVALID;
}

/* One of the words, in any case; a copy of it as it is listed. */
static enum error
parse_word(const struct param *param, const char *value, char **word)
{
	size_t len, value_len = strlen(value);

	for (const char *p = param->words; *p != '\0'; p += len) {
		p += strspn(p, ", ");
		len = strcspn(p, ", ");
		if (len == value_len && strncasecmp(p, value, len) == 0) {
			*word = xstrndup(p, len);
			return ERROR_NONE;
		}
	}
	return ERROR_INVALID;
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

/* Parse an expanded value, which is taken, into its place in the settings. */
static enum error
read_param(struct settings *settings, const struct config *config,
    const struct param *param, char *value, char **cause)
{
	void *place = (char *)settings + param->offset;
	enum error error;

	if (param->type == TYPE_STRING && (param->min == 0 || *value != '\0')) {
		*(char **)place = value;
		return ERROR_NONE;
	}
	if (param->type == TYPE_STRING)
		error = ERROR_INVALID;
	else if (param->type == TYPE_ENUM)
		error = parse_word(param, value, place);
	else if (param->type == TYPE_BOOL)
		error = config_parse_bool(value, place);
	else
		error = parse_number(param, value, place);
	if (error != ERROR_NONE)
		error = reject(config, param, value, cause);
	free(value);
	return error;
}

enum error
settings_read(struct settings *settings, struct config *config, char **cause)
{
	enum error error;
	char *value;

	memset(settings, 0, sizeof(*settings));
	error = complete_defaults(config, cause);
	for (size_t i = 0; i < PARAM_COUNT && error == ERROR_NONE; i++) {
		error = config_value(config, params[i].name, &value, cause);
		if (error == ERROR_NONE)
			error = read_param(
			    settings, config, &params[i], value, cause);
	}
	if (error != ERROR_NONE)
		settings_fini(settings);
	return error;
}

void
settings_each(const struct config *config, settings_each_fn *each, void *arg)
{
	char *value, *cause;

	for (size_t i = 0; i < PARAM_COUNT; i++) {
		const char *name = params[i].name;

		if (config_value(config, name, &value, &cause) != ERROR_NONE)
			value = cause; /* settings_read() would have said so */
		each(arg, config_get(config, name), value);
		free(value);
	}
}

void
settings_fini(struct settings *settings)
{
	for (size_t i = 0; i < PARAM_COUNT; i++) {
		void *place = (char *)settings + params[i].offset;

		if (params[i].type != TYPE_STRING &&
		    params[i].type != TYPE_ENUM)
			continue;
		free(*(char **)place);
		*(char **)place = NULL;
	}
}

static bool
is_unknown(const char *name)
{
	return is_own(name) && !is_param(name);
}

/* A walk over the names in files, for settings_check_names(). */
struct name_check {
	const char *own_file;
	enum error error;
	char **cause;
};

static void
check_name(void *arg, const struct config_entry *entry)
{
	struct name_check *check = arg;

	if (entry->origin != CONFIG_FILE || check->error != ERROR_NONE)
		return;
	if (!is_own(entry->name) && strcmp(entry->file, check->own_file) == 0) {
		*check->cause = xasprintf("%s, line %u: parameter %s is not "
					  "one of tlsmgr.cf(5): it belongs in "
					  "main.cf",
		    entry->file, entry->line, entry->name);
		check->error = ERROR_INVALID;
	} else if (is_unknown(entry->name)) {
		log_warning("%s, line %u: unknown parameter: %s", entry->file,
		    entry->line, entry->name);
	}
}

enum error
settings_check_names(
    const struct config *config, const char *own_file, char **cause)
{
	struct name_check check = { own_file, ERROR_NONE, cause };

	config_each(config, check_name, &check);
	return check.error;
}

static void
check_override_name(void *arg, const struct config_entry *entry)
{
	(void)arg;
	if (entry->origin == CONFIG_OVERRIDE && is_unknown(entry->name))
		log_warning("option -o: unknown parameter: %s", entry->name);
}

void
settings_check_override_names(const struct config *config)
{
	config_each(config, check_override_name, NULL);
}

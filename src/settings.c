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
	TYPE_TIME,
	TYPE_INT,
	TYPE_SIZE,
	TYPE_BOOL,
};

static const struct param {
	const char *name;
	const char *text; /* the default */
	enum param_type type;
	long long min, max;
	size_t offset; /* in struct settings */
} params[] = {
#define PARAM(name, text, type, min, max) \
	{ #name, text, type, min, max, offsetof(struct settings, name) },
#define PARAM_STRING(name, text)         PARAM(name, text, TYPE_STRING, 0, 0)
#define PARAM_TIME(name, text, min, max) PARAM(name, text, TYPE_TIME, min, max)
#define PARAM_INT(name, text, min, max)  PARAM(name, text, TYPE_INT, min, max)
#define PARAM_SIZE(name, text, min, max) PARAM(name, text, TYPE_SIZE, min, max)
#define PARAM_BOOL(name, text)           PARAM(name, text, TYPE_BOOL, 0, 0)
#include "params.def"
#undef PARAM_STRING
#undef PARAM_TIME
#undef PARAM_INT
#undef PARAM_SIZE
#undef PARAM_BOOL
#undef PARAM
};

#define PARAM_COUNT (sizeof(params) / sizeof(params[0]))

/* Our own parameters have this prefix. */
#define OWN_PREFIX "tlsmgr_"

static bool
is_param(const char *name)
{
	for (size_t i = 0; i < PARAM_COUNT; i++)
		if (strcmp(params[i].name, name) == 0)
			return true;
	return false;
}

/* The host's name, and the domain in it, as Postfix makes them up. */
static void
set_host_defaults(struct config *config)
{
	char hostname[256] = "localhost";
	const char *dot;
	char *name;

	(void)gethostname(hostname, sizeof(hostname) - 1);
	dot = strchr(hostname, '.');
	config_set(config, "mydomain",
	    dot != NULL && dot[1] != '\0' ? dot + 1 : "localdomain",
	    CONFIG_DEFAULT);
	name = xasprintf("%s%s", hostname, dot == NULL ? ".$mydomain" : "");
	config_set(config, "myhostname", name, CONFIG_DEFAULT);
	free(name);
}

void
settings_set_defaults(struct config *config)
{
	for (size_t i = 0; i < PARAM_COUNT; i++)
		config_set(
		    config, params[i].name, params[i].text, CONFIG_DEFAULT);
	set_host_defaults(config);
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
	case TYPE_STRING:
		break;
	}
	return xstrdup("a text");
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

/* Where a value came from, for messages. */
static char *
describe_origin(const struct config *config, const char *name)
{
	const struct config_entry *entry = config_get(config, name);

	if (entry->origin == CONFIG_FILE)
		return xasprintf("%s, line %u: ", entry->file, entry->line);
	if (entry->origin == CONFIG_OVERRIDE)
		return xstrdup("option -o: ");
	return xstrdup("");
}

static enum error
reject(const struct config *config, const struct param *param,
    const char *value, char **cause)
{
	char *origin = describe_origin(config, param->name);
	char *wanted = describe(param);

	*cause = xasprintf("%sparameter %s: bad value \"%s\": must be %s",
	    origin, param->name, value, wanted);
	free(wanted);
	free(origin);
	return ERROR_INVALID;
}

void
settings_fatal(
    const struct config *config, const char *name, const char *problem)
{
	char *value = NULL, *cause = NULL;

	if (config_value(config, name, &value, &cause) != ERROR_NONE)
		log_fatal("%s", cause);
	log_fatal("%sparameter %s: %s: %s", describe_origin(config, name), name,
	    problem, value);
}

/* Parse an expanded value, which is taken, into its place in the settings. */
static enum error
read_param(struct settings *settings, const struct config *config,
    const struct param *param, char *value, char **cause)
{
	void *place = (char *)settings + param->offset;
	enum error error;

	if (param->type == TYPE_STRING) {
		*(char **)place = value;
		return ERROR_NONE;
	}
	if (param->type == TYPE_BOOL)
		error = config_parse_bool(value, place);
	else
		error = parse_number(param, value, place);
	if (error != ERROR_NONE)
		error = reject(config, param, value, cause);
	free(value);
	return error;
}

enum error
settings_read(
    struct settings *settings, const struct config *config, char **cause)
{
	enum error error = ERROR_NONE;
	char *value;

	memset(settings, 0, sizeof(*settings));
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
settings_fini(struct settings *settings)
{
	for (size_t i = 0; i < PARAM_COUNT; i++) {
		char **place = (char **)((char *)settings + params[i].offset);

		if (params[i].type != TYPE_STRING)
			continue;
		free(*place);
		*place = NULL;
	}
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
	bool is_own = strncmp(entry->name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0;

	if (entry->origin != CONFIG_FILE || check->error != ERROR_NONE)
		return;
	if (!is_own && strcmp(entry->file, check->own_file) == 0) {
		*check->cause = xasprintf("%s, line %u: parameter %s does not "
					  "begin with " OWN_PREFIX
					  ": it belongs in main.cf",
		    entry->file, entry->line, entry->name);
		check->error = ERROR_INVALID;
	} else if (is_own && !is_param(entry->name)) {
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

/* Words of smtpd_tls_loglevel and its like, and whether they log the cache. */
static bool
parse_loglevel_word(const char *word, bool *log_cache)
{
	static const char *const with_cache[] = {
		"debug",
		"cache",
		"ssl-expert",
		"ssl-developer",
	};
	static const char *const without[] = {
		"none",
		"routine",
		"summary",
		"untrusted",
		"peercert",
		"certmatch",
		"verbose",
		"dane",
		"ssl-debug",
		"ssl-handshake-packet-dump",
		"ssl-session-packet-dump",
		"trace",
	};

	if (word[strspn(word, "0123456789")] == '\0') {
		if (strtoul(word, NULL, 10) >= 2)
			*log_cache = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(with_cache) / sizeof(*with_cache); i++) {
		if (strcasecmp(word, with_cache[i]) == 0) {
			*log_cache = true;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++)
		if (strcasecmp(word, without[i]) == 0)
			return true;
	return false;
}

enum error
settings_log_cache_activity(const char *loglevel, bool *log_cache, char **cause)
{
	char *copy = xstrdup(loglevel), *rest = copy, *word;
	enum error error = ERROR_NONE;

	*log_cache = false;
	while ((word = strsep(&rest, ", \t\r\n")) != NULL) {
		if (*word == '\0' || parse_loglevel_word(word, log_cache))
			continue;
		if (error == ERROR_NONE)
			*cause = xasprintf(
			    "unknown value \"%s\" in \"%s\"", word, loglevel);
		error = ERROR_INVALID;
	}
	free(copy);
	return error;
}

/*
 * settings_param: the only place that knows a parameter's default, type and
 * range. Pure.
 */
#include "settings_param.h"

#include "words.h"
#include "xalloc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct settings_param settings_params[] = {
#define PARAM(name, type, text, words, min, max)         \
	{ #name, text, SETTINGS_##type, words, min, max, \
		offsetof(struct settings, name) },
#include "params.def"
	{ .name = NULL },
};

#define OWN_PREFIX   "tlsmgr_"
#define POSTFIX_NAME "tlsmgr_service_name"

const struct settings_param *
settings_param_find(const char *name)
{
	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++)
		if (strcmp(param->name, name) == 0)
			return param;
	return NULL;
}

bool
settings_name_is_own(const char *name)
{
	return strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0 &&
	       strcmp(name, POSTFIX_NAME) != 0;
}

static enum error
parse_text(const struct settings_param *param, const char *value, char **text)
{
	if (param->min > 0 && *value == '\0')
		return ERROR_INVALID;
	*text = xstrdup(value);
	return ERROR_NONE;
}

/* One of the words, in any case; a copy of it as it is listed. */
static enum error
parse_word(const struct settings_param *param, const char *value, char **word)
{
	const char *list = param->words, *each;
	size_t len;

	while ((each = words_next(&list, &len)) != NULL) {
		if (len != strlen(value) || strncasecmp(each, value, len) != 0)
			continue;
		*word = xstrndup(each, len);
		return ERROR_NONE;
	}
	return ERROR_INVALID;
}

static enum error
parse_number(const struct settings_param *param, const char *value,
    int64_t *number, const char **rest)
{
	long long parsed = 0;
	enum error error;

	if (param->type == SETTINGS_TIME)
		error = config_parse_time(value, 's', &parsed, rest);
	else if (param->type == SETTINGS_SIZE)
		error = config_parse_size(value, &parsed);
	else
		error = config_parse_int(value, &parsed);
	if (error != ERROR_NONE || parsed < param->min || parsed > param->max)
		return ERROR_INVALID;
	*number = parsed;
	return ERROR_NONE;
}

enum error
settings_param_parse(const struct settings_param *param,
    struct settings *settings, const char *value, const char **rest)
{
	void *place = (char *)settings + param->offset;

	*rest = "";
	switch (param->type) {
	case SETTINGS_STRING:
		return parse_text(param, value, place);
	case SETTINGS_ENUM:
		return parse_word(param, value, place);
	case SETTINGS_BOOL:
		return config_parse_bool(value, place);
	case SETTINGS_TIME:
	case SETTINGS_INT:
	case SETTINGS_SIZE:
		break;
	}
	return parse_number(param, value, place, rest);
}

char *
settings_param_requirement(const struct settings_param *param)
{
	switch (param->type) {
	case SETTINGS_TIME:
		return xasprintf("must be a time from %llds to %llds, in units "
				 "of s, m, h, d or w",
		    param->min, param->max);
	case SETTINGS_INT:
		return xasprintf("must be a number from %lld to %lld",
		    param->min, param->max);
	case SETTINGS_SIZE:
		return xasprintf("must be a size from %lld to %lld bytes, or "
				 "with k, m or g",
		    param->min, param->max);
	case SETTINGS_BOOL:
		return xstrdup("must be yes or no");
	case SETTINGS_ENUM:
		return xasprintf("must be one of %s", param->words);
	case SETTINGS_STRING:
		break;
	}
	return xstrdup("must be a text that is not empty");
}

void
settings_param_fini(
    const struct settings_param *param, struct settings *settings)
{
	char **place = (char **)(void *)((char *)settings + param->offset);

	if (param->type != SETTINGS_STRING && param->type != SETTINGS_ENUM)
		return;
	free(*place);
	*place = NULL;
}

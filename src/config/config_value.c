/*
 * config_value: the types of values. Pure.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A number at the front; the rest of the text is left in *rest. */
static enum error
parse_number(const char *text, long long *value, const char **rest)
{
	bool is_signed = *text == '+' || *text == '-';
	char *end;

	if (!isdigit((unsigned char)text[is_signed]))
		return ERROR_INVALID;
	errno = 0;
	*value = strtoll(text, &end, 10);
	if (errno != 0)
		return ERROR_INVALID;
	*rest = end;
	return ERROR_NONE;
}

static enum error
multiply(long long *value, long long factor)
{
	if (*value > LLONG_MAX / factor)
		return ERROR_INVALID;
	*value *= factor;
	return ERROR_NONE;
}

enum error
config_parse_time(
    const char *text, char default_unit, long long *seconds, const char **rest)
{
	if (parse_number(text, seconds, rest) != ERROR_NONE || *seconds < 0)
		return ERROR_INVALID;
	switch (**rest != '\0' ? *(*rest)++ : default_unit) {
	case 's':
		return ERROR_NONE;
	case 'm':
		return multiply(seconds, 60);
	case 'h':
		return multiply(seconds, 3600);
	case 'd':
		return multiply(seconds, 86400);
	case 'w':
		return multiply(seconds, 604800);
	default:
		return ERROR_INVALID;
	}
}

enum error
config_parse_int(const char *text, long long *value)
{
	const char *rest;

	if (parse_number(text, value, &rest) != ERROR_NONE || *rest != '\0')
		return ERROR_INVALID;
	return ERROR_NONE;
}

enum error
config_parse_size(const char *text, long long *bytes)
{
	const char *rest;

	if (parse_number(text, bytes, &rest) != ERROR_NONE || *bytes < 0)
		return ERROR_INVALID;
	if (*rest == '\0')
		return ERROR_NONE;
	if (rest[1] != '\0')
		return ERROR_INVALID;
	switch (tolower((unsigned char)*rest)) {
	case 'k':
		return multiply(bytes, 1024);
	case 'm':
		return multiply(bytes, 1024LL * 1024);
	case 'g':
		return multiply(bytes, 1024LL * 1024 * 1024);
	default:
		return ERROR_INVALID;
	}
}

enum error
config_parse_bool(const char *text, bool *value)
{
	if (strcasecmp(text, "yes") != 0 && strcasecmp(text, "no") != 0)
		return ERROR_INVALID;
	*value = strcasecmp(text, "yes") == 0;
	return ERROR_NONE;
}

/*
 * settings_param: the rows of params.def as a table, and how a value is parsed
 * as its row says. Private to settings*.c.
 */
#ifndef SETTINGS_PARAM_H
#define SETTINGS_PARAM_H

#include "error.h"
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>

enum settings_type {
	SETTINGS_STRING,
	SETTINGS_ENUM,
	SETTINGS_TIME,
	SETTINGS_INT,
	SETTINGS_SIZE,
	SETTINGS_BOOL,
};

struct settings_param {
	const char *name;
	const char *text; /* the default */
	enum settings_type type;
	const char *words;  /* of an enum */
	long long min, max; /* of a string: the least length */
	size_t offset;      /* in struct settings */
};

/* The table, ended by a row without a name. */
extern const struct settings_param settings_params[];

/* By that name, or NULL. */
const struct settings_param *settings_param_find(const char *name);

/* Is it one of ours: tlsmgr_*, but for the one of Postfix with that prefix? */
bool settings_name_is_own(const char *name);

/*
 * Parse an expanded value into its place in the settings. *rest is the part of
 * it that was not looked at, empty as a rule. ERROR_INVALID: nothing was
 * changed.
 */
enum error settings_param_parse(const struct settings_param *,
    struct settings *, const char *value, const char **rest);

/* "must be ...": what a value has to be, for messages; to be freed. */
char *settings_param_requirement(const struct settings_param *);

/*
 * The domain follows from the host's name where that was set. ERROR_INVALID:
 * that cannot be expanded, with a cause.
 */
enum error settings_complete_defaults(struct config *, char **cause);

/* Free the text in its place, if it has one. */
void settings_param_fini(const struct settings_param *, struct settings *);

#endif

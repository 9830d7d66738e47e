/*
 * parameters: what each parameter is, expanded, and where it was set, as
 * attributes. Owns nothing.
 */
#include "parameters.h"

#include "attr.h"
#include "settings.h"
#include "xalloc.h"

#include <stdlib.h>

/* A value may be longer than a string on the wire: then it is cut. */
static void
put_string(struct buffer *reply, const char *name, const char *text)
{
	char *cut = xstrndup(text, ATTR_STRING_MAX);

	attr_put_string(reply, name, cut);
	free(cut);
}

/* Where a value was set; the caller frees it. */
static char *
describe_origin(const struct config_entry *entry)
{
	switch (entry->origin) {
	case CONFIG_FILE:
	case CONFIG_OWN_FILE:
		return xasprintf("%s, line %u", entry->file, entry->line);
	case CONFIG_OVERRIDE:
		return xstrdup("-o");
	case CONFIG_FIXED:
		return xstrdup("fixed");
	case CONFIG_DEFAULT:
		break;
	}
	return xstrdup("default");
}

static void
put_parameter(void *arg, const struct config_entry *entry, const char *value)
{
	struct buffer *reply = arg;
	char *origin = describe_origin(entry);

	attr_put_string(reply, "parameter", entry->name);
	put_string(reply, "value", value);
	put_string(reply, "origin", origin);
	free(origin);
}

void
parameters_put(const struct config *config, struct buffer *reply)
{
	settings_each(config, put_parameter, reply);
}

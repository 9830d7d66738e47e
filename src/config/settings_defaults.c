/*
 * settings_defaults: what parameters are when nobody sets them: those of
 * params.def; the host's name; and every other one of Postfix, as a value may
 * refer to it.
 */
#include "settings_param.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What `postconf -d` said when this was built: see the Makefile. */
static const char *const postfix_defaults[][2] = {
#define POSTFIX_DEFAULT(name, text) { name, text },
#include "postfix_defaults.def"
#undef POSTFIX_DEFAULT
	{ NULL, NULL },
};

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
	for (size_t i = 0; postfix_defaults[i][0] != NULL; i++)
		config_set(config, postfix_defaults[i][0],
		    postfix_defaults[i][1], CONFIG_DEFAULT);
	/* An empty one may be what only some versions of Postfix have. */
	for (const struct settings_param *param = settings_params;
	     param->name != NULL; param++)
		if (*param->text != '\0' ||
		    config_get(config, param->name) == NULL)
			config_set(
			    config, param->name, param->text, CONFIG_DEFAULT);
	set_myhostname(config);
}

enum error
settings_complete_defaults(struct config *config, char **cause)
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

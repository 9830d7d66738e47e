/*
 * settings_dump: prints every parameter of params.def as the daemon would see
 * it, one "name = value" each with the value expanded, for comparison with
 * postconf(1). Exits 1, with the cause, where the daemon would not start. What
 * it would warn of goes to standard error.
 *
 *	settings_dump directory [-o name=value]...
 */
#include "config.h"
#include "master.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERRIDES_MAX 64

static const char *const names[] = {
#define PARAM(name, type, text, words, min, max) #name,
#include "params.def"
};

static char *cause; /* of the error that check() sees */

static void
check(enum error error)
{
	if (error == ERROR_NONE)
		return;
	fprintf(stderr, "%s\n", cause);
	exit(EXIT_FAILURE);
}

static void
print_problem(void *arg, enum config_severity severity, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s: %s\n",
	    severity == CONFIG_IGNORED ? "ignored" : "warning", text);
}

static void
print_values(const struct config *config)
{
	char *value = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check(config_value(config, names[i], &value, &cause));
		printf("%s = %s\n", names[i], value);
		free(value);
	}
}

_Noreturn static void
usage(void)
{
	fprintf(stderr, "usage: settings_dump directory [-o name=value]...\n");
	exit(2);
}

int
main(int argc, char *argv[])
{
	struct config *config = config_new();
	struct settings settings;
	const char *overrides[OVERRIDES_MAX];
	struct settings_source source = {
		.overrides = overrides,
		.find_version = master_postfix_version,
	};
	enum error error;

	if (argc < 2 || argc % 2 != 0 || argc > OVERRIDES_MAX)
		usage();
	source.config_directory = argv[1];
	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "-o") != 0)
			usage();
		overrides[source.override_count++] = argv[i + 1];
	}
	error = settings_load(&settings, config, &source, &cause);
	config_each_problem(config, print_problem, NULL);
	check(error);
	print_values(config);
	settings_fini(&settings);
	config_free(config);
	return EXIT_SUCCESS;
}

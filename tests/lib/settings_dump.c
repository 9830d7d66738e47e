/*
 * settings_dump: prints every parameter of params.def as the daemon would see
 * it, one "name = value" each with the value expanded, for comparison with
 * postconf(1). Exits 1, with the cause, where the daemon would not start.
 *
 *	settings_dump directory [-o name=value]...
 */
#include "config.h"
#include "log.h"
#include "master.h"
#include "settings.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
#define PARAM_STRING(name, text)         #name,
#define PARAM_NONEMPTY(name, text)       #name,
#define PARAM_ENUM(name, text, values)   #name,
#define PARAM_TIME(name, text, min, max) #name,
#define PARAM_INT(name, text, min, max)  #name,
#define PARAM_SIZE(name, text, min, max) #name,
#define PARAM_BOOL(name, text)           #name,
#include "params.def"
#undef PARAM_STRING
#undef PARAM_NONEMPTY
#undef PARAM_ENUM
#undef PARAM_TIME
#undef PARAM_INT
#undef PARAM_SIZE
#undef PARAM_BOOL
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

/* The same names that the daemon's own start makes known. */
static struct config *
prepare_config(const char *directory)
{
	struct config *config = config_new();
	char *pid = xasprintf("%ld", (long)getpid());

	settings_set_defaults(config);
	config_set(config, "process_id", pid, CONFIG_FIXED);
	config_set(config, "process_name", "tlsmgr", CONFIG_FIXED);
	config_set(config, "service_name", "tlsmgr", CONFIG_FIXED);
	config_set(config, "config_directory", directory, CONFIG_DEFAULT);
	free(pid);
	return config;
}

static void
read_files(struct config *config, const char *directory)
{
	char *main_cf = xasprintf("%s/main.cf", directory);
	char *tlsmgr_cf = xasprintf("%s/tlsmgr.cf", directory);

	check(config_read_file(config, main_cf, false, &cause));
	check(config_read_file(config, tlsmgr_cf, true, &cause));
	check(settings_check_names(config, tlsmgr_cf, &cause));
	free(main_cf);
	free(tlsmgr_cf);
}

static void
set_version(struct config *config)
{
	char *directory = NULL, *version;

	check(config_value(config, "daemon_directory", &directory, &cause));
	version = master_postfix_version(directory);
	if (version != NULL)
		config_set(config, "mail_version", version, CONFIG_DEFAULT);
	free(version);
	free(directory);
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
	struct config *config;
	struct settings settings;

	if (argc < 2 || argc % 2 != 0)
		usage();
	log_set_tag("settings_dump");
	config = prepare_config(argv[1]);
	read_files(config, argv[1]);
	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "-o") != 0)
			usage();
		check(config_override(config, argv[i + 1], &cause));
	}
	set_version(config);
	check(settings_read(&settings, config, &cause));
	print_values(config);
	settings_fini(&settings);
	config_free(config);
	return EXIT_SUCCESS;
}

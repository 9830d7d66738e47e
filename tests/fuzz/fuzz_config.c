/*
 * fuzz_config: any bytes as main.cf, read, expanded, parsed and checked as at
 * a start.
 */
#include "fuzz.h"

#include "config.h"
#include "settings.h"
#include "settings_digest.h"

struct failure {
	const struct config *config;
	unsigned left; /* values to look at */
};

static void
expand(void *arg, const struct config_entry *entry)
{
	struct failure *failure = arg;
	char *value = NULL, *cause = NULL;

	if (entry->origin != CONFIG_FILE || failure->left == 0)
		return;
	failure->left--;
	if (config_value(failure->config, entry->name, &value, &cause) ==
	    ERROR_NONE)
		fuzz_expect(value != NULL && cause == NULL);
	else
		fuzz_expect(value == NULL && cause != NULL);
	free(value);
	free(cause);
}

static void
use(struct config *config, const char *path)
{
	struct failure failure = { .config = config, .left = 4 };
	unsigned char digest[SETTINGS_DIGEST_LEN];
	struct settings settings;
	char *cause = NULL;

	config_each(config, expand, &failure);
	settings_set_defaults(config);
	if (settings_read(&settings, config, &cause) == ERROR_NONE)
		settings_fini(&settings);
	else
		fuzz_expect(cause != NULL);
	free(cause);
	cause = NULL;
	fuzz_expect((settings_check_names(config, path, &cause) ==
			ERROR_NONE) == (cause == NULL));
	free(cause);
	settings_digest(config, "smtp", digest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *config = config_new();
	char path[64], *cause = NULL;
	int fd;

	fuzz_begin(data, len);
	fd = fuzz_file(data, len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_read_file(config, path, false, &cause) == ERROR_NONE)
		use(config, path);
	else
		fuzz_expect(cause != NULL);
	free(cause);
	close(fd);
	config_free(config);
	return 0;
}

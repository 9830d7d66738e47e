/*
 * fuzz_config: any bytes as main.cf and as tlsmgr.cf, read, expanded, parsed
 * and checked as at a start.
 */
#include "fuzz.h"

#include "config.h"
#include "settings.h"
#include "settings_digest.h"
#include "xalloc.h"

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
use(struct config *config)
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
	settings_digest(config, "smtp", digest);
}

static char *
check_name(const char *name)
{
	return strncmp(name, "tlsmgr_", 7) == 0 ? NULL : xstrdup("bad name");
}

/* Nothing in it is an error, as long as main.cf is empty. */
static void
use_as_own_file(const char *path)
{
	struct config *config = config_new();
	struct settings settings;
	char *cause = NULL;

	settings_set_defaults(config);
	config_read_own_file(config, path, check_name);
	fuzz_expect(settings_read(&settings, config, &cause) == ERROR_NONE);
	settings_fini(&settings);
	config_free(config);
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
	if (config_read_file(config, path, &cause) == ERROR_NONE)
		use(config);
	else
		fuzz_expect(cause != NULL);
	free(cause);
	use_as_own_file(path);
	close(fd);
	config_free(config);
	return 0;
}

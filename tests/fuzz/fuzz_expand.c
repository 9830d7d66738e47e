/*
 * fuzz_expand: each line is the argument of a -o option, and the last one is
 * expanded. However names double and double, the result is bounded, and so is
 * the time that it takes (the fuzzer's own limit).
 */
#include "fuzz.h"

#include "config.h"

#define VALUE_MAX (8 * 1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	char *text = fuzz_take_string(&input), *rest = text, *line;
	char *value = NULL, *cause = NULL;
	struct config *config = config_new();

	config_set(config, "process_id", "1", CONFIG_FIXED);
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		fuzz_expect((config_override(config, line, &cause) ==
				ERROR_NONE) == (cause == NULL));
		free(cause);
		cause = NULL;
	}
	if (config_expand(config, line, &value, &cause) == ERROR_NONE)
		fuzz_expect(strlen(value) <= VALUE_MAX && cause == NULL);
	else
		fuzz_expect(value == NULL && cause != NULL);
	free(value);
	free(cause);
	config_free(config);
	free(text);
	return 0;
}

/*
 * fuzz_value: the types that values have. What is taken for a number is as
 * large as it says, and never negative where that makes no sense.
 */
#include "fuzz.h"

#include "config.h"
#include "settings.h"

/* Has room for what would overflow. */
__extension__ typedef __int128 wide;

/* The number in front, counted again, with what follows it in *rest. */
static wide
number_of(const char *text, const char **rest)
{
	bool is_negative = *text == '-';
	wide number = 0;

	text += *text == '+' || is_negative;
	for (*rest = text; **rest >= '0' && **rest <= '9'; (*rest)++)
		if (number < (wide)1 << 64)
			number = number * 10 + (**rest - '0');
	return is_negative ? -number : number;
}

/* `taken` is where the parser ended, or NULL: at the end of the text. */
static void
check_scaled(const char *text, enum error error, long long value,
    const char *units, const long long *factors, const char *taken)
{
	const char *rest, *unit;
	wide number = number_of(text, &rest);

	if (error != ERROR_NONE)
		return;
	unit = *rest != '\0' ? strchr(units, *rest) : units;
	fuzz_expect(rest > text && unit != NULL);
	fuzz_expect(taken == NULL ? *rest == '\0' || rest[1] == '\0'
				  : taken == rest + (*rest != '\0'));
	fuzz_expect(value >= 0 && value == number * factors[unit - units]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const long long times[] = { 1, 60, 3600, 86400, 604800 };
	static const long long sizes[] = { 1, 1 << 10, 1 << 10, 1 << 20,
		1 << 20, 1 << 30, 1 << 30 };
	struct fuzz_input input = fuzz_begin(data, len);
	char *text = fuzz_take_string(&input), *cause = NULL;
	const char *rest;
	long long value = 0;
	enum error error;
	bool flag;

	error = config_parse_time(text, 's', &value, &rest);
	check_scaled(text, error, value, "smhdw", times, rest);
	error = config_parse_size(text, &value);
	check_scaled(text, error, value, "\nkKmMgG", sizes, NULL);
	if (config_parse_int(text, &value) == ERROR_NONE)
		fuzz_expect(value == number_of(text, &rest) && *rest == '\0');
	(void)config_parse_bool(text, &flag);
	error = settings_log_cache_activity(text, &flag, &cause);
	fuzz_expect((error == ERROR_NONE) == (cause == NULL));
	free(cause);
	free(text);
	return 0;
}

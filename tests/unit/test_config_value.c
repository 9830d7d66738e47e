/*
 * Unit tests of config_value.c: the types of values.
 */
#include "config.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	const char *text;
	enum error error;
	long long value;
};

#define BAD(text)                      \
	{                              \
		text, ERROR_INVALID, 0 \
	}

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static void
check_rows(enum error (*parse)(const char *, long long *),
    const struct row *rows, size_t count)
{
	long long value;
	enum error error;

	for (size_t i = 0; i < count; i++) {
		value = 0;
		error = parse(rows[i].text, &value);
		if (error != rows[i].error ||
		    (error == ERROR_NONE && value != rows[i].value))
			fail_msg("\"%s\": error %d, value %lld", rows[i].text,
			    (int)error, value);
	}
}

static enum error
parse_seconds(const char *text, long long *value)
{
	const char *rest;

	return config_parse_time(text, 's', value, &rest);
}

static enum error
parse_hours(const char *text, long long *value)
{
	const char *rest;

	return config_parse_time(text, 'h', value, &rest);
}

static void
a_time_is_a_number_and_a_unit(void **state)
{
	static const struct row rows[] = {
		{ "0", ERROR_NONE, 0 },
		{ "1", ERROR_NONE, 1 },
		{ "007s", ERROR_NONE, 7 },
		{ "3600s", ERROR_NONE, 3600 },
		{ "2m", ERROR_NONE, 120 },
		{ "3h", ERROR_NONE, 10800 },
		{ "4d", ERROR_NONE, 345600 },
		{ "5w", ERROR_NONE, 3024000 },
		{ "+8m", ERROR_NONE, 480 },
		{ "+9", ERROR_NONE, 9 },
		{ "-0", ERROR_NONE, 0 },
		{ "9223372036854775807", ERROR_NONE, LLONG_MAX },
		{ "15250284452471w", ERROR_NONE, 15250284452471 * 604800 },
		BAD("15250284452472w"),
		BAD("9223372036854775808"),
		BAD("99999999999999999999s"),
		BAD("9223372036854775807m"),
		BAD(""),
		BAD("s"),
		BAD("1 s"),
		BAD(" 1"),
		BAD("1 "),
		BAD("1S"),
		BAD("1H"),
		BAD("1y"),
		BAD("-1"),
		BAD("-1s"),
		BAD("+"),
		BAD("+ 1"),
		BAD("+-1"),
		BAD("++1"),
		BAD("3600 # x"),
		BAD("1.5h"),
		BAD("0x10"),
		BAD("one"),
	};
	static const struct row hours[] = {
		{ "2", ERROR_NONE, 7200 },
		{ "2s", ERROR_NONE, 2 },
		BAD("9223372036854775807"),
	};

	check_rows(parse_seconds, ROWS(rows));
	check_rows(parse_hours, ROWS(hours));
}

/* As Postfix takes it, and as people write it. */
static void
what_follows_the_unit_of_a_time_is_left_over(void **state)
{
	static const struct {
		const char *text;
		long long seconds;
		const char *rest;
	} rows[] = {
		{ "3600s # one hour", 3600, " # one hour" },
		{ "1hour", 3600, "our" },
		{ "60min", 3600, "in" },
		{ "1day", 86400, "ay" },
		{ "3600s,", 3600, "," },
		{ "1h30m", 3600, "30m" },
		{ "1h 30m", 3600, " 30m" },
		{ "1ss", 1, "s" },
		{ "5s", 5, "" },
		{ "5", 5, "" },
	};
	long long seconds;
	const char *rest;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    config_parse_time(rows[i].text, 's', &seconds, &rest),
		    ERROR_NONE);
		assert_int_equal(seconds, rows[i].seconds);
		assert_string_equal(rest, rows[i].rest);
	}
}

static void
an_int_may_have_a_sign(void **state)
{
	static const struct row rows[] = {
		{ "0", ERROR_NONE, 0 },
		{ "-0", ERROR_NONE, 0 },
		{ "0012", ERROR_NONE, 12 },
		{ "+12", ERROR_NONE, 12 },
		{ "-12", ERROR_NONE, -12 },
		{ "9223372036854775807", ERROR_NONE, LLONG_MAX },
		{ "-9223372036854775807", ERROR_NONE, -LLONG_MAX },
		BAD("9223372036854775808"),
		BAD("-99999999999999999999"),
		BAD(""),
		BAD("-"),
		BAD("--1"),
		BAD("+"),
		BAD("+-1"),
		BAD("++1"),
		BAD("+ 1"),
		BAD(" 1"),
		BAD("1 "),
		BAD("1s"),
		BAD("1k"),
		BAD("1.0"),
		BAD("0x1"),
		BAD("one"),
	};

	check_rows(config_parse_int, ROWS(rows));
}

static void
a_size_may_have_a_suffix(void **state)
{
	static const struct row rows[] = {
		{ "0", ERROR_NONE, 0 },
		{ "1000", ERROR_NONE, 1000 },
		{ "1k", ERROR_NONE, 1024 },
		{ "1K", ERROR_NONE, 1024 },
		{ "+3m", ERROR_NONE, 3145728 },
		{ "3m", ERROR_NONE, 3145728 },
		{ "3M", ERROR_NONE, 3145728 },
		{ "2g", ERROR_NONE, 2147483648 },
		{ "2G", ERROR_NONE, 2147483648 },
		{ "8589934591g", ERROR_NONE, 8589934591 << 30 },
		BAD("8589934592g"),
		BAD("9223372036854775808"),
		BAD(""),
		BAD("k"),
		BAD("1kb"),
		BAD("1kk"),
		BAD("1 k"),
		BAD("1t"),
		BAD("-1"),
		BAD("1.5g"),
	};

	check_rows(config_parse_size, ROWS(rows));
}

static void
a_bool_is_yes_or_no(void **state)
{
	static const char *const bad[] = { "", "y", "n", "yes ", " no", "true",
		"0", "1", "on", "yesno" };
	bool value = false;

	assert_int_equal(config_parse_bool("yes", &value), ERROR_NONE);
	assert_true(value);
	assert_int_equal(config_parse_bool("no", &value), ERROR_NONE);
	assert_false(value);
	assert_int_equal(config_parse_bool("YES", &value), ERROR_NONE);
	assert_true(value);
	assert_int_equal(config_parse_bool("No", &value), ERROR_NONE);
	assert_false(value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    config_parse_bool(bad[i], &value), ERROR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_a_number_and_a_unit),
		cmocka_unit_test(what_follows_the_unit_of_a_time_is_left_over),
		cmocka_unit_test(an_int_may_have_a_sign),
		cmocka_unit_test(a_size_may_have_a_suffix),
		cmocka_unit_test(a_bool_is_yes_or_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

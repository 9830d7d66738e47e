/*
 * Unit tests of ctl_text: numbers for people, and strings that are harmless.
 */
#include "ctl_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define REPLACED "\xef\xbf\xbd"

static void
test_duration(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ -1, "-" },
		{ 0, "0 s" },
		{ 119, "119 s" },
		{ 120, "2 min" },
		{ 3600, "60 min" },
		{ 7199, "119 min" },
		{ 7200, "2 h" },
		{ 7260, "2 h 1 min" },
		{ 172799, "47 h 59 min" },
		{ 172800, "2 d" },
		{ 180000, "2 d 2 h" },
		{ INT64_MAX, "106751991167300 d 15 h" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    ctl_text_duration(cases[i].seconds).text, cases[i].text);
}

static void
test_bytes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 kB" },
		{ 10188, "9.9 kB" },
		{ 10189, "10 kB" },
		{ 1048063, "1023 kB" },
		{ 1048064, "1.0 MB" },
		{ INT64_C(5) << 30, "5.0 GB" },
		{ INT64_MAX, "8.0 EB" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    ctl_text_bytes(cases[i].bytes).text, cases[i].text);
}

static void
test_latency(void **state)
{
	static const struct {
		int64_t microseconds;
		const char *text;
	} cases[] = {
		{ 0, "0.00 ms" },
		{ 31, "0.03 ms" },
		{ 999, "1.00 ms" },
		{ 1000, "1.0 ms" },
		{ 9949, "9.9 ms" },
		{ 9950, "10 ms" },
		{ 999499, "999 ms" },
		{ 999500, "1.0 s" },
		{ 61000000, "61.0 s" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    ctl_text_latency(cases[i].microseconds).text,
		    cases[i].text);
}

static void
test_percent(void **state)
{
	assert_string_equal(ctl_text_percent(0, 0).text, "-");
	assert_string_equal(ctl_text_percent(1, 0).text, "-");
	assert_string_equal(ctl_text_percent(0, 7).text, "0.0%");
	assert_string_equal(ctl_text_percent(2, 3).text, "66.7%");
	assert_string_equal(
	    ctl_text_percent(INT64_MAX, INT64_MAX).text, "100.0%");
}

static void
test_time(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(
	    ctl_text_time(1700000000).text, "2023-11-14 22:13:20");
	/* A year that no calendar has. */
	assert_string_equal(ctl_text_time((time_t)INT64_MAX).text, "-");
}

typedef void put_fn(FILE *, const char *);

static void
assert_put(put_fn *put, const char *text, const char *expected)
{
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	put(out, text);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(printed), len);
	assert_string_equal(printed, expected);
	free(printed);
}

/* Every byte but NUL. */
static void
make_all_bytes(char all[256])
{
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
}

static void
test_put_text(void **state)
{
	char all[256], *printed = NULL;
	size_t len;
	FILE *out;

	assert_put(ctl_put_text, "", "");
	assert_put(ctl_put_text, "id&s=smtp ~", "id&s=smtp ~");
	assert_put(ctl_put_text, "\x1b[31m\n\x7f\x80\xff",
	    "\\x1b[31m\\x0a"
	    "\\x7f\\x80\\xff");
	/* So that what stands there for a byte cannot be made of others. */
	assert_put(ctl_put_text, "\\x1b", "\\\\x1b");
	make_all_bytes(all);
	out = open_memstream(&printed, &len);
	ctl_put_text(out, all);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		assert_in_range((unsigned char)printed[i], ' ', '~');
	free(printed);
}

static void
test_put_json(void **state)
{
	assert_put(ctl_put_json, "", "\"\"");
	assert_put(ctl_put_json, "a\"\\/b", "\"a\\\"\\\\/b\"");
	assert_put(
	    ctl_put_json, "\x01\x1b\n\x7f", "\"\\u0001\\u001b\\u000a\\u007f\"");
}

/* RFC 3629: what is a character, and what only looks like one. */
static const struct {
	const char *text, *cleaned;
} utf8_cases[] = {
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\x80", REPLACED },
	{ "\xff", REPLACED },
	{ "\xc3", REPLACED },      /* cut off */
	{ "\xc3(", REPLACED "(" }, /* and the rest is kept */
	{ "\xe2\x82", REPLACED REPLACED },
	{ "\xc0\x80", REPLACED REPLACED }, /* overlong */
	{ "\xe0\x9f\xbf", REPLACED REPLACED REPLACED },
	{ "\xed\xa0\x80", REPLACED REPLACED REPLACED }, /* a surrogate */
	{ "\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED },
	{ "\xf0\x8f\xbf\xbf", REPLACED REPLACED REPLACED REPLACED },
};

static void
test_utf8(void **state)
{
	char expected[64];

	for (size_t i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]);
	     i++) {
		snprintf(expected, sizeof(expected), "\"%s\"",
		    utf8_cases[i].cleaned);
		assert_put(ctl_put_json, utf8_cases[i].text, expected);
		assert_put(ctl_put_label, utf8_cases[i].text, expected);
	}
}

static void
test_put_label(void **state)
{
	assert_put(ctl_put_label, "", "\"\"");
	assert_put(ctl_put_label, "btree:/var/x", "\"btree:/var/x\"");
	assert_put(ctl_put_label, "a\"b\\c\nd\te", "\"a\\\"b\\\\c\\nd\te\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_put_text),
		cmocka_unit_test(test_put_json),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_put_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

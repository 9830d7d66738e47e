/*
 * Unit tests of ctl_text: numbers for people, and strings that are harmless.
 */
#include "ctl_text.h"

#include <math.h>
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
a_duration_has_two_units_at_most(void **state)
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
bytes_are_in_powers_of_1024(void **state)
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
a_latency_has_two_digits_or_three(void **state)
{
	static const struct {
		int64_t microseconds;
		const char *text;
	} cases[] = {
		{ 0, "0 us" },
		{ 31, "31 us" },
		{ 999, "999 us" },
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
a_part_of_nothing_is_no_percentage(void **state)
{
	assert_string_equal(ctl_text_percent(0, 0).text, "-");
	assert_string_equal(ctl_text_percent(1, 0).text, "-");
	assert_string_equal(ctl_text_percent(0, 7).text, "0.0%");
	assert_string_equal(ctl_text_percent(2, 3).text, "66.7%");
	assert_string_equal(
	    ctl_text_percent(INT64_MAX, INT64_MAX).text, "100.0%");
}

static void
a_time_is_a_local_date(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(
	    ctl_text_time(1700000000).text, "2023-11-14 22:13:20");
	/* A year that no calendar has. */
	assert_string_equal(ctl_text_time((time_t)INT64_MAX).text, "-");
}

static void
rates_and_shares_have_the_digits_that_count(void **state)
{
	assert_string_equal(ctl_text_rate(0).text, "0.00");
	assert_string_equal(ctl_text_rate(9.99).text, "9.99");
	assert_string_equal(ctl_text_rate(9.999).text, "10.0");
	assert_string_equal(ctl_text_rate(999.9).text, "999.9");
	assert_string_equal(ctl_text_rate(999.99).text, "1000");
	assert_string_equal(ctl_text_rate(NAN).text, "-");
	assert_string_equal(ctl_text_share(0).text, "0.0%");
	assert_string_equal(ctl_text_share(0.9994).text, "99.9%");
	assert_string_equal(ctl_text_share(0.9996).text, "100%");
	assert_string_equal(ctl_text_share(NAN).text, "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_has_two_units_at_most),
		cmocka_unit_test(bytes_are_in_powers_of_1024),
		cmocka_unit_test(a_latency_has_two_digits_or_three),
		cmocka_unit_test(a_part_of_nothing_is_no_percentage),
		cmocka_unit_test(rates_and_shares_have_the_digits_that_count),
		cmocka_unit_test(a_time_is_a_local_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the small bars of `tlsmgrctl history` and `top`.
 */
#include "ctl_sparkline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char text[64];

#define COUNT(values) (sizeof(values) / sizeof((values)[0]))

static void
the_largest_value_is_the_highest_bar(void **state)
{
	static const double values[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const double large[] = { 7e15, 0, 3.5e15 };

	assert_int_equal(
	    ctl_sparkline(text, sizeof(text), values, COUNT(values), true), 24);
	assert_string_equal(text, "▁▂▃▄▅▆▇█");
	ctl_sparkline(text, sizeof(text), values, COUNT(values), false);
	assert_string_equal(text, "_.:-=+*#");
	ctl_sparkline(text, sizeof(text), large, COUNT(large), false);
	assert_string_equal(text, "#_=");
}

static void
the_least_that_is_not_0_is_told_from_0(void **state)
{
	static const double values[] = { 1000000, 1, 0 };

	ctl_sparkline(text, sizeof(text), values, COUNT(values), false);
	assert_string_equal(text, "#._");
}

static void
what_is_not_there_is_a_gap(void **state)
{
	static const double values[] = { 2, -1, NAN, 0, INFINITY, 2 };

	ctl_sparkline(text, sizeof(text), values, COUNT(values), true);
	assert_string_equal(text, "█  ▁ █");
	ctl_sparkline(text, sizeof(text), values + 1, 2, false);
	assert_string_equal(text, "  ");
}

static void
nothing_but_0_is_low_and_nothing_is_empty(void **state)
{
	static const double values[] = { 0, 0, 0 };

	ctl_sparkline(text, sizeof(text), values, COUNT(values), false);
	assert_string_equal(text, "___");
	assert_int_equal(
	    ctl_sparkline(text, sizeof(text), values, 0, false), 0);
	assert_string_equal(text, "");
}

/* Never half of a character. */
static void
what_has_no_room_is_left_out(void **state)
{
	static const double values[] = { 1, 1, 1 };

	for (size_t size = 1; size < 12; size++) {
		size_t expected = (size - 1) / 3 * 3;

		memset(text, 'x', sizeof(text));
		assert_int_equal(
		    ctl_sparkline(text, size, values, COUNT(values), true),
		    expected < 9 ? expected : 9);
		assert_int_equal(text[size], 'x');
	}
}

static void
the_locale_says_whether_bars_can_be_shown(void **state)
{
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	assert_false(ctl_sparkline_is_utf8());
	setenv("LANG", "de_AT.UTF-8", 1);
	assert_true(ctl_sparkline_is_utf8());
	setenv("LC_CTYPE", "C", 1);
	assert_false(ctl_sparkline_is_utf8());
	setenv("LC_ALL", "C.utf8", 1);
	assert_true(ctl_sparkline_is_utf8());
	setenv("LC_ALL", "", 1);
	assert_false(ctl_sparkline_is_utf8());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_value_is_the_highest_bar),
		cmocka_unit_test(the_least_that_is_not_0_is_told_from_0),
		cmocka_unit_test(what_is_not_there_is_a_gap),
		cmocka_unit_test(nothing_but_0_is_low_and_nothing_is_empty),
		cmocka_unit_test(what_has_no_room_is_left_out),
		cmocka_unit_test(the_locale_says_whether_bars_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

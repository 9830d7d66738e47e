/*
 * Unit tests of ctl_in_place.c: what of a text fits where.
 */
#include "ctl_in_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
expect(const char *text, int rows, int columns, const char *wanted)
{
	char *fitted;
	size_t len;
	FILE *from = fmemopen((void *)text, strlen(text), "r");
	FILE *to = open_memstream(&fitted, &len);

	assert_non_null(from);
	assert_non_null(to);
	ctl_in_place_fit(from, to, rows, columns);
	fclose(from);
	fclose(to);
	assert_string_equal(fitted, wanted);
	free(fitted);
}

static void
of_too_many_lines_empty_ones_go_first_and_then_the_last(void **state)
{
	static const char text[] = "a\n\nb\n\nc\nd\n";

	expect(text, 6, 80, "a\n\nb\n\nc\nd");
	expect(text, 5, 80, "a\nb\n\nc\nd");
	expect(text, 4, 80, "a\nb\nc\nd");
	expect(text, 2, 80, "a\nb");
}

static void
lines_are_cut_and_what_takes_no_column_is_not_counted(void **state)
{
	expect("abcdef\nab\n", 9, 4, "abcd\nab");
	expect("a\033[1;31mbcdef\033[0m\n", 9, 4, "a\033[1;31mbcd\033[0m");
	expect("\u2581\u2582\u2583\n", 9, 2, "\u2581\u2582");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    of_too_many_lines_empty_ones_go_first_and_then_the_last),
		cmocka_unit_test(
		    lines_are_cut_and_what_takes_no_column_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

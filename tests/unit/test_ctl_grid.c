/*
 * Unit tests of ctl_grid.c: what stands where on a screen, whatever was put
 * there.
 */
#include "ctl_grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINE 1

static struct ctl_grid grid;

static int
setup(void **state)
{
	ctl_grid_init(&grid, 3, 10);
	return 0;
}

static int
teardown(void **state)
{
	ctl_grid_fini(&grid);
	return 0;
}

static void
expect_printed(bool is_coloured, const char *wanted)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	ctl_grid_print(&grid, out, is_coloured);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void
text_stands_where_it_was_put_and_ends_of_lines_are_bare(void **state)
{
	assert_int_equal(
	    ctl_grid_put(&grid, LINE, 2, 8, CTL_STYLE_NORMAL, "abc"), 5);
	ctl_grid_put_right(&grid, LINE, 6, 4, CTL_STYLE_NORMAL, "d");
	expect_printed(false, "\n  abc    d\n");
	ctl_grid_put(&grid, LINE, 9, 1, CTL_STYLE_NORMAL, " ");
	expect_printed(false, "\n  abc\n");
}

static void
what_is_too_long_ends_in_dots_or_has_them_in_its_middle(void **state)
{
	static const struct {
		int width;
		const char *end, *middle;
	} cases[] = {
		{ 10, "abcdefghij", "abcdefghij" },
		{ 9, "abcdef...", "abc...hij" },
		{ 8, "abcde...", "abc...ij" },
		{ 4, "a...", "a..." },
		{ 3, "abc", "abc" },
		{ 1, "a", "a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[32];

		ctl_grid_fini(&grid);
		setup(state);
		ctl_grid_put(&grid, 0, 0, cases[i].width, CTL_STYLE_NORMAL,
		    "abcdefghij");
		ctl_grid_put_ends(&grid, 1, 0, cases[i].width, CTL_STYLE_NORMAL,
		    "abcdefghij");
		snprintf(wanted, sizeof(wanted), "%s\n%s\n", cases[i].end,
		    cases[i].middle);
		expect_printed(false, wanted);
	}
}

static void
nothing_is_put_outside(void **state)
{
	for (int row = -2; row < 5; row++)
		for (int column = -12; column < 14; column++) {
			ctl_grid_put(&grid, row, column, 20, CTL_STYLE_NORMAL,
			    "0123456789");
			ctl_grid_put_ends(&grid, row, column, -3,
			    CTL_STYLE_NORMAL, "0123456789");
			ctl_grid_put_right(&grid, row, column, 5,
			    CTL_STYLE_NORMAL, "0123456789");
			ctl_grid_put_utf8(&grid, row, column, 20, CTL_STYLE_BAR,
			    "\u2581\u2582");
			ctl_grid_put_share(&grid, row, column, 20, 0.9, true);
		}
	ctl_grid_fill(&grid, -1, CTL_STYLE_BAD);
	ctl_grid_fill(&grid, 3, CTL_STYLE_BAD);
}

static void
no_byte_of_a_text_reaches_the_terminal_but_printable_ones(void **state)
{
	char text[256], *printed;
	size_t len;
	FILE *out;

	ctl_grid_fini(&grid);
	ctl_grid_init(&grid, 1, 2000);
	for (int byte = 1; byte < 256; byte++)
		text[byte - 1] = (char)byte;
	text[255] = '\0';
	ctl_grid_put(&grid, 0, 0, 2000, CTL_STYLE_NORMAL, text);
	out = open_memstream(&printed, &len);
	ctl_grid_print(&grid, out, true);
	fclose(out);
	for (size_t i = 0; i < len - 1; i++)
		assert_true(printed[i] >= ' ' && printed[i] <= '~');
	assert_non_null(strstr(printed, "\\x1b\\x1c"));
	assert_non_null(strstr(printed, "[\\\\]"));
	assert_non_null(strstr(printed, "\\x7f\\x80"));
	free(printed);
}

static void
styles_are_sequences_where_that_is_wanted(void **state)
{
	ctl_grid_put(&grid, 0, 0, 9, CTL_STYLE_BAD, "bad");
	ctl_grid_put(&grid, 0, 4, 9, CTL_STYLE_NORMAL, "ok");
	ctl_grid_fill(&grid, 1, CTL_STYLE_TITLE);
	expect_printed(false, "bad ok\n");
	expect_printed(true, "\033[0m\033[1;31mbad\033[0m ok\n"
			     "\033[0m\033[7m          \033[0m\n");
}

static void
a_share_is_a_bar_in_eighths_and_what_there_is_is_seen(void **state)
{
	static const struct {
		double share;
		const char *utf8, *ascii;
	} cases[] = {
		{ 0, "", "" },
		{ 0.0001, "\u258f", "#" },
		{ 0.5, "\u2588\u2588", "##" },
		{ 0.53125, "\u2588\u2588\u258f", "##" },
		{ 1, "\u2588\u2588\u2588\u2588", "####" },
		{ 7, "\u2588\u2588\u2588\u2588", "####" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[64];

		ctl_grid_fini(&grid);
		setup(state);
		ctl_grid_put_share(&grid, 0, 0, 4, cases[i].share, true);
		ctl_grid_put_share(&grid, 1, 0, 4, cases[i].share, false);
		if (cases[i].share == 0)
			strcpy(wanted, "");
		else
			snprintf(wanted, sizeof(wanted), "%s\n%s\n",
			    cases[i].utf8, cases[i].ascii);
		expect_printed(false, wanted);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_stands_where_it_was_put_and_ends_of_lines_are_bare),
		TEST(what_is_too_long_ends_in_dots_or_has_them_in_its_middle),
		TEST(nothing_is_put_outside),
		TEST(no_byte_of_a_text_reaches_the_terminal_but_printable_ones),
		TEST(styles_are_sequences_where_that_is_wanted),
		TEST(a_share_is_a_bar_in_eighths_and_what_there_is_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

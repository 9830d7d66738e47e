/*
 * Unit tests of ctl_terminal.c as it is built where there is no ncurses.
 */
#undef HAVE_NCURSES
#include "ctl_terminal.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
without_ncurses_there_is_no_screen_and_it_is_said_what_to_do(void **state)
{
	struct ctl_grid grid;
	char *cause = NULL;

	assert_int_equal(ctl_terminal_open(true, &cause), ERROR_NOT_FOUND);
	assert_string_equal(cause,
	    "this program was built without ncurses, which the screen needs; "
	    "--once prints one");
	free(cause);
	ctl_grid_init(&grid, 2, 2);
	ctl_terminal_show(&grid);
	ctl_grid_fini(&grid);
	assert_false(ctl_terminal_is_utf8());
	assert_int_equal(ctl_terminal_key(), 0);
	ctl_terminal_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    without_ncurses_there_is_no_screen_and_it_is_said_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

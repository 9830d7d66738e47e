/*
 * Unit tests of ctl_command.c: programs and options in a line of master.cf.
 */
#include "ctl_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
the_program_of_a_command_can_be_replaced(void **state)
{
	char *command;

	assert_true(ctl_command_runs("tlsmgr2", "tlsmgr2"));
	assert_true(ctl_command_runs("tlsmgr2 -v", "tlsmgr2"));
	assert_false(ctl_command_runs("tlsmgr2", "tlsmgr"));
	assert_false(ctl_command_runs("tlsmgr -v", "tlsmgr2"));
	assert_false(ctl_command_runs("", "tlsmgr2"));
	command = ctl_command_with("tlsmgr -v -o a=b", "tlsmgr2");
	assert_string_equal(command, "tlsmgr2 -v -o a=b");
	free(command);
	command = ctl_command_with("tlsmgr", "tlsmgr2");
	assert_string_equal(command, "tlsmgr2");
	free(command);
}

/* All overrides of a command, each with a bar behind it. */
static void
assert_overrides(const char *command, const char *expected)
{
	int count, seen = 0;
	char found[256] = "", **overrides;

	overrides = ctl_command_overrides(command, &count);
	for (char **each = overrides; *each != NULL; each++, seen++)
		strcat(strcat(found, *each), "|");
	assert_int_equal(seen, count);
	assert_string_equal(found, expected);
	ctl_command_overrides_free(overrides);
}

static void
overrides_are_found_in_all_forms(void **state)
{
	assert_overrides("", "");
	assert_overrides("tlsmgr", "");
	assert_overrides("tlsmgr -v -d", "");
	assert_overrides("tlsmgr -o a=b", "a=b|");
	assert_overrides("tlsmgr -oa=b -v -o c=d", "a=b|c=d|");
	assert_overrides(
	    "tlsmgr -o {a=b c} -o {d={e f} g}", "a=b c|d={e f} g|");
	assert_overrides("tlsmgr -o", "");
	assert_overrides("tlsmgr -o {", "{|");
	assert_overrides("tlsmgr -o {a=b", "{a=b|");
	assert_overrides("tlsmgr -o }", "}|");
	assert_overrides("tlsmgr -vo a=b -vDoc=d", "a=b|c=d|");
	assert_overrides("tlsmgr -n -oa=b -i 5 -o c=d", "c=d|");
	assert_overrides("tlsmgr { -o } a=b -o {}", "a=b||");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_of_a_command_can_be_replaced),
		cmocka_unit_test(overrides_are_found_in_all_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the pure part of ctl_master_cf: lines and commands.
 */
#include "ctl_master_cf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
parse(struct ctl_service *service, const char *line)
{
	assert_int_equal(ctl_service_parse(service, line), ERROR_NONE);
}

static void
test_parse_and_format(void **state)
{
	static const char line[] =
	    "tlsmgr unix - - y 1000? 1 tlsmgr -v -o {a=b c}";
	struct ctl_service service;
	char *text;

	parse(&service, "tlsmgr \tunix  -       -       y       1000?   1"
			"       tlsmgr -v -o {a=b c}");
	assert_string_equal(service.fields[CTL_FIELD_SERVICE], "tlsmgr");
	assert_string_equal(service.fields[CTL_FIELD_CHROOT], "y");
	assert_string_equal(service.fields[CTL_FIELD_PROCESS_LIMIT], "1");
	assert_string_equal(
	    service.fields[CTL_FIELD_COMMAND], "tlsmgr -v -o {a=b c}");
	text = ctl_service_format(&service);
	assert_string_equal(text, line);
	free(text);
	ctl_service_fini(&service);
}

static void
test_parse_rejects(void **state)
{
	static const char *const wrong[] = { "", " ", "tlsmgr",
		"tlsmgr unix - - y 1000? 1", "tlsmgr unix - - y 1000? 1 \t" };
	struct ctl_service service;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
		    ctl_service_parse(&service, wrong[i]), ERROR_INVALID);
}

static bool
is_same(const char *left, const char *right)
{
	struct ctl_service a, b;
	bool same;

	parse(&a, left);
	parse(&b, right);
	same = ctl_service_is_same(&a, &b);
	ctl_service_fini(&a);
	ctl_service_fini(&b);
	return same;
}

static void
test_is_same(void **state)
{
	static const char line[] = "tlsmgr unix - - y 1000? 1 tlsmgr -v";

	assert_true(is_same(line, line));
	assert_true(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -v"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -d"));
	assert_false(is_same(line, "tlsmgr unix - - n 1000? 1 tlsmgr2 -v"));
}

static void
test_programs(void **state)
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
	char found[256] = "", *override;

	while ((override = ctl_command_next_override(&command)) != NULL) {
		strcat(strcat(found, override), "|");
		free(override);
	}
	assert_string_equal(found, expected);
}

static void
test_overrides(void **state)
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
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_format),
		cmocka_unit_test(test_parse_rejects),
		cmocka_unit_test(test_is_same),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

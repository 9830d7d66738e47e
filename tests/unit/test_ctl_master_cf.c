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
test_a_line_is_parsed_and_formatted(void **state)
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
test_what_is_no_line_is_refused(void **state)
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
test_lines_are_the_same_but_for_the_program(void **state)
{
	static const char line[] = "tlsmgr unix - - y 1000? 1 tlsmgr -v";

	assert_true(is_same(line, line));
	assert_true(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -v"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -d"));
	assert_false(is_same(line, "tlsmgr unix - - n 1000? 1 tlsmgr2 -v"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_parsed_and_formatted),
		cmocka_unit_test(test_what_is_no_line_is_refused),
		cmocka_unit_test(test_lines_are_the_same_but_for_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the pure part of ctl_master_cf: lines and commands.
 */
#include "ctl_service.h"

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
a_line_is_parsed_and_formatted(void **state)
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
what_is_no_line_is_refused(void **state)
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
lines_are_the_same_but_for_the_program(void **state)
{
	static const char line[] = "tlsmgr unix - - y 1000? 1 tlsmgr -v";

	assert_true(is_same(line, line));
	assert_true(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -v"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2"));
	assert_false(is_same(line, "tlsmgr unix - - y 1000? 1 tlsmgr2 -d"));
	assert_false(is_same(line, "tlsmgr unix - - n 1000? 1 tlsmgr2 -v"));
}

/* Find it, and compare its line and its command. */
static void
assert_found(
    const char *text, unsigned line, unsigned line_before, const char *command)
{
	struct ctl_service service;

	assert_int_equal(
	    ctl_service_find(&service, text, strlen(text), "tlsmgr"),
	    ERROR_NONE);
	assert_int_equal(service.line, line);
	assert_int_equal(service.line_before, line_before);
	assert_string_equal(service.fields[CTL_FIELD_COMMAND], command);
	ctl_service_fini(&service);
}

static void
a_service_is_found_among_others(void **state)
{
	assert_found("tlsmgr unix - - y 1000? 1 tlsmgr", 1, 0, "tlsmgr");
	assert_found("# tlsmgr unix - - y 1000? 1 none\n"
		     "smtp inet n - y - - smtpd\n\n"
		     "tlsmgr inet n - y - - none\n"
		     "\ttlsmgr unix - - y - - none\n"
		     "tlsmgr2 unix - - y - - none\n"
		     "tlsmgr\tunix\t-\t-\tn\t1000?\t1\ttlsmgr -v \n"
		     "x unix - - y - - y\n",
	    7, 0, "tlsmgr -v");
}

/* As master(8) reads them. */
static void
a_service_may_take_several_lines(void **state)
{
	/* Where the line ends were there are blanks. */
	assert_found("x unix - - y - - y\n  -o a=b\n"
		     "tlsmgr unix - - n 1000? 1\n# comment\n\n"
		     "  # another\n  tlsmgr\n#\n  -o a=b\n# end\n"
		     "y unix - - y - - y\n",
	    3, 0, "tlsmgr     -o a=b");
}

static void
the_last_of_several_counts(void **state)
{
	assert_found("tlsmgr unix - - n 1000? 1 tlsmgr\n# x\n"
		     "tlsmgr unix - - y 1000? 1 tlsmgr -v\n",
	    3, 1, "tlsmgr -v");
}

static void
a_service_that_is_not_there_or_not_whole_is_named(void **state)
{
	static const char few[] = "x unix - - y - - y\ntlsmgr unix - - y\n";
	struct ctl_service service;

	assert_int_equal(
	    ctl_service_find(&service, "", 0, "tlsmgr"), ERROR_NOT_FOUND);
	assert_int_equal(
	    ctl_service_find(&service, "#tlsmgr unix\n", 13, "tlsmgr"),
	    ERROR_NOT_FOUND);
	assert_int_equal(
	    ctl_service_find(&service, few, sizeof(few) - 1, "tlsmgr"),
	    ERROR_INVALID);
	assert_int_equal(service.line, 2);
}

static void
only_the_program_is_replaced(void **state)
{
	static const char before[] = "# c\r\ntlsmgr unix - - n 1000? 1 old\n"
				     "tlsmgr  unix  -  -  n  1000? 1\n# d\n"
				     "\ttlsmgr\t-otls_random_bytes=16\n"
				     "  -o { a = b }";
	static const char after[] = "# c\r\ntlsmgr unix - - n 1000? 1 old\n"
				    "tlsmgr  unix  -  -  n  1000? 1\n# d\n"
				    "\ttlsmgr2\t-otls_random_bytes=16\n"
				    "  -o { a = b }";
	struct ctl_service service;
	size_t len = sizeof(before) - 1;
	char *text;

	assert_int_equal(
	    ctl_service_find(&service, before, len, "tlsmgr"), ERROR_NONE);
	text = ctl_service_replace_program(&service, before, &len, "tlsmgr2");
	assert_int_equal(len, sizeof(after) - 1);
	assert_string_equal(text, after);
	free(text);
	ctl_service_fini(&service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_parsed_and_formatted),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(lines_are_the_same_but_for_the_program),
		cmocka_unit_test(a_service_is_found_among_others),
		cmocka_unit_test(a_service_may_take_several_lines),
		cmocka_unit_test(the_last_of_several_counts),
		cmocka_unit_test(
		    a_service_that_is_not_there_or_not_whole_is_named),
		cmocka_unit_test(only_the_program_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of ctl_accept: which of two formats a header Accept asks for.
 */
#include "ctl_accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_what_prometheus_sends_asks_for_openmetrics(void **state)
{
	static const char *const accepts[] = {
		/* 2.5, 2.42 and 3.0. */
		"application/openmetrics-text; version=0.0.1,"
		"text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		"application/openmetrics-text;version=1.0.0;q=0.5,"
		"application/openmetrics-text;version=0.0.1;q=0.4,"
		"text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		"application/openmetrics-text;version=1.0.0;"
		"escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
		"version=0.0.1;q=0.5,text/plain;version=1.0.0;"
		"escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
		"*/*;q=0.2",
		"application/openmetrics-text",
		"Application/OpenMetrics-Text ; Q=0.1",
		" \ttext/plain;q=0.2 ,\tapplication/openmetrics-text ; q=0.2",
	};

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++)
		assert_true(ctl_accept_openmetrics(accepts[i]));
}

static void
test_all_else_asks_for_text(void **state)
{
	static const char *const accepts[] = {
		NULL,
		"",
		",",
		",,;,q=",
		"*/*",
		"text/html,application/xhtml+xml,*/*;q=0.8",
		"text/plain",
		"text/plain,application/openmetrics-text;q=0.9",
		"application/openmetrics-text;q=0",
		"application/openmetrics-text;version=1.0.0;q=0.000",
		"application/openmetrics-text;q=",
		"application/openmetrics-text;q=x",
		"application/openmetrics-text;q=-1",
		"application/openmetrics-text;q=nan",
		"application/openmetrics-textual",
		"xapplication/openmetrics-text",
		"application/openmetrics-tex",
		"application/json;x=application/openmetrics-text",
	};

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++)
		assert_false(ctl_accept_openmetrics(accepts[i]));
}

static void
test_a_weight_is_that_of_its_own_type(void **state)
{
	assert_true(ctl_accept_openmetrics(
	    "application/openmetrics-text,text/html;q=0"));
	assert_true(ctl_accept_openmetrics(
	    "text/plain;q=0,application/openmetrics-text;q=0.001"));
	assert_true(ctl_accept_openmetrics("application/openmetrics-text;q=0,"
					   "application/openmetrics-text"));
	assert_false(ctl_accept_openmetrics(
	    "application/openmetrics-text;q=0,text/html;q=1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_prometheus_sends_asks_for_openmetrics),
		cmocka_unit_test(test_all_else_asks_for_text),
		cmocka_unit_test(test_a_weight_is_that_of_its_own_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of ctl_sessions.c: in which order sessions are.
 */
#include "ctl_sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The first letters of all ids, in that order. */
static void
expect_order(const char *order, const char *letters)
{
	static const struct ctl_session sessions[] = {
		{ "c", 10, 1 },
		{ "a", 30, 2 },
		{ "b", 10, 3 },
		{ "d", 20, 4 },
	};
	struct ctl_sessions all = { 0 };
	char found[5] = "";

	for (size_t i = 0; i < 4; i++)
		ctl_sessions_add(&all, &sessions[(i + 2) % 4]);
	assert_true(ctl_sessions_is_order(order));
	ctl_sessions_sort(&all, order);
	assert_int_equal(all.count, 4);
	for (size_t i = 0; i < 4; i++)
		found[i] = all.list[i].id[0];
	assert_string_equal(found, letters);
	ctl_sessions_fini(&all);
	assert_int_equal(all.count, 0);
}

static void
sessions_are_put_in_the_order_that_was_asked_for(void **state)
{
	expect_order("age", "cabd");
	expect_order("left", "cabd");
	expect_order("size", "adcb");
	expect_order("destination", "abcd");
	assert_false(ctl_sessions_is_order("colour"));
}

static void
no_sessions_are_in_order(void **state)
{
	struct ctl_sessions none = { 0 };

	ctl_sessions_sort(&none, "size");
	ctl_sessions_fini(&none);
	assert_int_equal(none.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sessions_are_put_in_the_order_that_was_asked_for),
		cmocka_unit_test(no_sessions_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

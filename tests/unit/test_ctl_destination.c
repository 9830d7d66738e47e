/*
 * Unit tests of ctl_destination.c: whose session an id stands for; and of
 * ctl_sessions.c: in which order they are.
 */
#include "ctl_destination.h"
#include "ctl_sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEX "291ED68369DC3C4ECB8069C49870AF4B84B3415D2A94E0FB4ECA27438404FEA3"

static void
an_id_of_a_known_form_is_shown_as_its_destination(void **state)
{
	static const struct {
		const char *id;
		const char *text; /* NULL: not known */
	} cases[] = {
		{ "smtp&[127.0.0.1]:33947&127.0.0.1&127.0.0.1&&" HEX,
		    "127.0.0.1[127.0.0.1] for [127.0.0.1]:33947" },
		{ "smtp&example.com&mx.example.com&2001:db8::1&&" HEX,
		    "mx.example.com[2001:db8::1] for example.com" },
		{ "relay&a.example&a.example&192.0.2.1&&" HEX,
		    "a.example[192.0.2.1]" },
		{ "smtp&&a.example&192.0.2.1&x&" HEX, "a.example[192.0.2.1]" },
		{ HEX "&s=127.0.0.1:33947&l=805306672",
		    "127.0.0.1:33947, 291ED68369DC" },
		{ "smtp&a&b&c&d&not hexadecimal", NULL },
		{ "smtp&a&b&c&d&0A", NULL },
		{ "smtp&a&&c&d&" HEX, NULL },
		{ "smtp&a&b&c&" HEX, NULL },
		{ "smtp&a&b&c&d&e&" HEX, NULL },
		{ HEX "&l=1&s=smtpd", NULL },
		{ "&&", NULL },
		{ "&&&&&", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = ctl_destination(cases[i].id);

		if (cases[i].text == NULL)
			assert_null(text);
		else
			assert_string_equal(text, cases[i].text);
		free(text);
	}
}

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
	assert_non_null(ctl_sessions_order(order));
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
	assert_null(ctl_sessions_order("colour"));
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
		    an_id_of_a_known_form_is_shown_as_its_destination),
		cmocka_unit_test(
		    sessions_are_put_in_the_order_that_was_asked_for),
		cmocka_unit_test(no_sessions_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

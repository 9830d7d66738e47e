/*
 * Unit tests of destination.c: whose session an id stands for.
 */
#include "destination.h"

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
		char *text = destination_text(cases[i].id);

		if (cases[i].text == NULL)
			assert_null(text);
		else
			assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* A part alone, which may have been cut. */
static void
a_part_of_an_id_is_described_whatever_it_holds(void **state)
{
	static const char *const cases[][2] = {
		{ "example.com&mx.example.com&192.0.2.1",
		    "mx.example.com[192.0.2.1] for example.com" },
		{ "example.com&mx.exam", "mx.exam[] for example.com" },
		{ "example.com", "[] for example.com" },
		{ "&", "[]" },
		{ "", "[]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    destination_describe(cases[i][0], strlen(cases[i][0]));

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void
the_part_that_names_the_destination_is_found_without_service_and_digest(
    void **state)
{
	static const char id[] =
	    "smtp&example.com&mx.example.com&192.0.2.1&&" HEX;
	static const char wanted[] = "example.com&mx.example.com&192.0.2.1";
	struct destination_part part;

	assert_true(destination_find(id, strlen(id), &part));
	assert_int_equal(part.len, strlen(wanted));
	assert_memory_equal(id + part.offset, wanted, part.len);
	/* It is not looked at beyond its length. */
	assert_false(destination_find(id, strlen(id) - 33, &part));
	assert_false(destination_find(id, 0, &part));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_id_of_a_known_form_is_shown_as_its_destination),
		cmocka_unit_test(
		    a_part_of_an_id_is_described_whatever_it_holds),
		cmocka_unit_test(
		    the_part_that_names_the_destination_is_found_without_service_and_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

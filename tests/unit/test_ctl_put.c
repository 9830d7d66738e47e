/*
 * Unit tests of ctl_put.c: strings of any bytes, for terminals and programs.
 */
#include "ctl_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define REPLACED "\xef\xbf\xbd"

typedef void put_fn(FILE *, const char *);

static void
assert_put(put_fn *put, const char *text, const char *expected)
{
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	put(out, text);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(printed), len);
	assert_string_equal(printed, expected);
	free(printed);
}

/* Every byte but NUL. */
static void
make_all_bytes(char all[256])
{
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
}

static void
text_is_printable_ascii(void **state)
{
	char all[256], *printed = NULL;
	size_t len;
	FILE *out;

	assert_put(ctl_put_text, "", "");
	assert_put(ctl_put_text, "id&s=smtp ~", "id&s=smtp ~");
	assert_put(ctl_put_text, "\x1b[31m\n\x7f\x80\xff",
	    "\\x1b[31m\\x0a"
	    "\\x7f\\x80\\xff");
	/* So that what stands there for a byte cannot be made of others. */
	assert_put(ctl_put_text, "\\x1b", "\\\\x1b");
	make_all_bytes(all);
	out = open_memstream(&printed, &len);
	ctl_put_text(out, all);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		assert_in_range((unsigned char)printed[i], ' ', '~');
	free(printed);
}

static void
a_word_is_one_word_for_a_shell(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "/var/lib/postfix/smtp_scache.journal",
		    "/var/lib/postfix/smtp_scache.journal" },
		{ "/a b", "'/a b'" },
		{ "", "''" },
		{ "it's", "'it'\"'\"'s'" },
		{ "$(x)`y`\\\"*;~", "'$(x)`y`\\\"*;~'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *word = ctl_text_word(cases[i].text);

		assert_string_equal(word, cases[i].word);
		free(word);
	}
}

static void
json_escapes_what_is_not_printable(void **state)
{
	assert_put(ctl_put_json, "", "\"\"");
	assert_put(ctl_put_json, "a\"\\/b", "\"a\\\"\\\\/b\"");
	assert_put(
	    ctl_put_json, "\x01\x1b\n\x7f", "\"\\u0001\\u001b\\u000a\\u007f\"");
	/* C1: CSI and the like; an override; a tag. */
	assert_put(ctl_put_json, "a\xc2\x80\xc2\x9b\xc2\x9f",
	    "\"a\\u0080\\u009b\\u009f\"");
	assert_put(ctl_put_json, "\xe2\x80\xae", "\"\\u202e\"");
	assert_put(ctl_put_json, "\xf3\xa0\x80\x81", "\"\\udb40\\udc01\"");
}

/* RFC 3629: what is a character, and what only looks like one. */
static const struct {
	const char *text, *cleaned;
} utf8_cases[] = {
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\x80", REPLACED },
	{ "\xff", REPLACED },
	{ "\xc3", REPLACED },      /* cut off */
	{ "\xc3(", REPLACED "(" }, /* and the rest is kept */
	{ "\xe2\x82", REPLACED REPLACED },
	{ "\xc0\x80", REPLACED REPLACED }, /* overlong */
	{ "\xe0\x9f\xbf", REPLACED REPLACED REPLACED },
	{ "\xed\xa0\x80", REPLACED REPLACED REPLACED }, /* a surrogate */
	{ "\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED },
	{ "\xf0\x8f\xbf\xbf", REPLACED REPLACED REPLACED REPLACED },
};

static void
what_is_no_utf8_is_replaced(void **state)
{
	char expected[64];

	for (size_t i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]);
	     i++) {
		snprintf(expected, sizeof(expected), "\"%s\"",
		    utf8_cases[i].cleaned);
		assert_put(ctl_put_json, utf8_cases[i].text, expected);
		assert_put(ctl_put_label, utf8_cases[i].text, expected);
	}
}

static void
labels_spell_out_what_is_not_printable(void **state)
{
	assert_put(ctl_put_label, "", "\"\"");
	assert_put(ctl_put_label, "btree:/var/x", "\"btree:/var/x\"");
	assert_put(
	    ctl_put_label, "a\"b\\c\nd\te", "\"a\\\"b\\\\c\\nd\\\\u{9}e\"");
	assert_put(ctl_put_label, "\x1b[31m\xc2\x9b\xe2\x80\xae",
	    "\"\\\\u{1b}[31m\\\\u{9b}\\\\u{202e}\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_printable_ascii),
		cmocka_unit_test(a_word_is_one_word_for_a_shell),
		cmocka_unit_test(json_escapes_what_is_not_printable),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(labels_spell_out_what_is_not_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

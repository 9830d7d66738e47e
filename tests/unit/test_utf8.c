/*
 * Unit tests of utf8.c: which bytes are a character, and which characters show.
 */
#include "utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* As RFC 3629 encodes it. */
static size_t
encode(uint32_t code, char out[5])
{
	memset(out, 0, 5);
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void
every_character_is_decoded(void **state)
{
	uint32_t code, decoded;
	char text[5];
	size_t len;

	for (code = 1; code <= 0x110000; code++) {
		bool is_character =
		    code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

		len = encode(code, text);
		if (utf8_decode(text, &decoded) != (is_character ? len : 0) ||
		    (is_character && decoded != code))
			fail_msg("U+%04X", (unsigned)code);
	}
}

static void
what_is_cut_off_or_overlong_is_none(void **state)
{
	static const char *const texts[] = { "", "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe2\x82",
		"\xe2\x82(", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf5\x80",
		"\xff" };
	uint32_t code;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (utf8_decode(texts[i], &code) != 0)
			fail_msg("number %zu", i);
}

static void
what_steers_a_terminal_or_a_reader_does_not_print(void **state)
{
	static const uint32_t hidden[] = { 0, 0x1b, 0x1f, 0x7f, 0x80, 0x9b,
		0x9f, 0xad, 0x200e, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069,
		0xfeff };
	static const uint32_t shown[] = { ' ', '~', 0xa0, 0xe9, 0x20ac, 0x4e2d,
		0x1f600 };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_false(utf8_is_printable(hidden[i]));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_true(utf8_is_printable(shown[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_decoded),
		cmocka_unit_test(what_is_cut_off_or_overlong_is_none),
		cmocka_unit_test(
		    what_steers_a_terminal_or_a_reader_does_not_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

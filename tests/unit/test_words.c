/*
 * Unit tests of words: lists as people write them.
 */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* All words of a list, each in brackets. */
static void
assert_words(const char *list, const char *expected)
{
	char text[128] = "";
	const char *word;
	size_t len;

	while ((word = words_next(&list, &len)) != NULL) {
		strcat(text, "[");
		strncat(text, word, len);
		strcat(text, "]");
	}
	assert_string_equal(text, expected);
	assert_int_equal(*list, '\0');
}

static void
words_are_found_in_order(void **state)
{
	assert_words("smtpd", "[smtpd]");
	assert_words("smtpd, smtp", "[smtpd][smtp]");
	assert_words("a b\tc\nd\re,f", "[a][b][c][d][e][f]");
}

static void
separators_may_repeat_and_stand_at_the_ends(void **state)
{
	assert_words(" ,, smtpd ,\r\n smtp\t,", "[smtpd][smtp]");
}

static void
an_empty_list_has_no_words(void **state)
{
	assert_words("", "");
	assert_words(" , \t\n", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_in_order),
		cmocka_unit_test(separators_may_repeat_and_stand_at_the_ends),
		cmocka_unit_test(an_empty_list_has_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

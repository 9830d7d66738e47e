/*
 * Unit tests of shared_password.
 */
#include "shared_password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *user, *password;
} good[] = {
	{ "secret", NULL, "secret" },
	{ "secret\n", NULL, "secret" },
	{ "  secret \r\n", NULL, "secret" },
	{ "\nsecret\n\n \n", NULL, "secret" },
	{ "tlsmgr secret\n", "tlsmgr", "secret" },
	{ "tlsmgr \t p:a#s\\s \n", "tlsmgr", "p:a#s\\s" },
};

static const struct {
	const char *text, *problem;
} bad[] = {
	{ "", "file: there is no password in it" },
	{ " \r\n\n", "file: there is no password in it" },
	{ "one\ntwo\n", "file: more than one line" },
	{ "a b\n c", "file: more than one line" },
	{ "a b c\n", "file: more than a user and a password" },
};

static enum error
parse(const char *text, size_t len, char **user, char **password, char **cause)
{
	/* Of just its size, so that a sanitizer sees what is read behind it. */
	unsigned char *copy = malloc(len > 0 ? len : 1);
	enum error error;

	memcpy(copy, text, len);
	error = shared_password_parse("file", copy, len, user, password, cause);
	free(copy);
	return error;
}

static void
a_line_is_a_password_or_a_user_and_a_password(void **state)
{
	char *user, *password, *cause = NULL;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse(good[i].text, strlen(good[i].text),
				     &user, &password, &cause),
		    ERROR_NONE);
		if (good[i].user != NULL)
			assert_string_equal(user, good[i].user);
		else
			assert_null(user);
		assert_string_equal(password, good[i].password);
		shared_password_free(user);
		shared_password_free(password);
	}
}

static void
anything_else_is_named_and_not_shown(void **state)
{
	char *user, *password, *cause;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text, strlen(bad[i].text), &user,
				     &password, &cause),
		    ERROR_INVALID);
		assert_string_equal(cause, bad[i].problem);
		assert_null(password);
		free(cause);
	}
	assert_int_equal(
	    parse("a\0b", 3, &user, &password, &cause), ERROR_INVALID);
	assert_string_equal(cause, "file: not a text");
	free(cause);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_password_or_a_user_and_a_password),
		cmocka_unit_test(anything_else_is_named_and_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

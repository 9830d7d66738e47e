/*
 * Unit tests of the text of a file of secrets: what is one, what is not, and
 * what is said of that.
 */
#include "shared_secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 32 bytes 0 to 31; 33 bytes; 34; 64 bytes 0 to 63 and 63 to 0. */
#define ONE   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TWO   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define THREE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="
#define LONGEST                                        \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g" \
	"ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
/* 31, 65 and 66 bytes. */
#define SHORT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=="
#define LONG65                                         \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g" \
	"ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
/* 32 bytes of 0xaa. */
#define SAME "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="

/* From tests/lib/shared_group.py, the second implementation. */
static const unsigned char key_of_one[SHARED_KEY_LEN] = { 0x62, 0xb2, 0x6f,
	0x35, 0xc9, 0x0d, 0x93, 0xaa, 0xfb, 0xaa, 0x59, 0xfb, 0x64, 0xa5, 0x73,
	0x1e, 0x88, 0x7e, 0x47, 0x84, 0x4c, 0x39, 0xd0, 0x83, 0xcb, 0x83, 0xd0,
	0xea, 0x49, 0x25, 0x83, 0x8b };

static struct shared_secrets secrets;

/* How many secrets there are in a text. */
static unsigned
count(const char *text, size_t len)
{
	char *cause = NULL;

	assert_int_equal(shared_secrets_parse(&secrets, "file",
			     (const unsigned char *)text, len, &cause),
	    ERROR_NONE);
	assert_null(cause);
	return secrets.count;
}

#define assert_secrets(text, wanted) \
	assert_int_equal(count(text, sizeof(text) - 1), wanted)

static void
assert_refused_bytes(const char *text, size_t len, const char *wanted)
{
	static const struct shared_secrets none;
	char *cause = NULL;

	memset(&secrets, 0xff, sizeof(secrets));
	assert_int_equal(shared_secrets_parse(&secrets, "file",
			     (const unsigned char *)text, len, &cause),
	    ERROR_INVALID);
	assert_string_equal(cause, wanted);
	free(cause);
	assert_memory_equal(&secrets, &none, sizeof(none));
}

#define assert_refused(text, wanted) \
	assert_refused_bytes(text, sizeof(text) - 1, wanted)

static void
a_line_of_base64_is_a_secret(void **state)
{
	assert_secrets(ONE "\n", 1);
	assert_memory_equal(secrets.keys[0], key_of_one, sizeof(key_of_one));
	assert_secrets(ONE, 1);
	assert_memory_equal(secrets.keys[0], key_of_one, sizeof(key_of_one));
	assert_secrets(TWO "\n", 1);
	assert_secrets(THREE "\n", 1);
	assert_secrets(LONGEST "\n", 1);
}

static void
the_order_of_two_is_kept(void **state)
{
	assert_secrets(ONE "\n" TWO "\n", 2);
	assert_memory_equal(secrets.keys[0], key_of_one, sizeof(key_of_one));
	assert_secrets(TWO "\n" ONE, 2);
	assert_memory_equal(secrets.keys[1], key_of_one, sizeof(key_of_one));
}

static void
comments_blanks_and_line_ends_do_not_count(void **state)
{
	assert_secrets(
	    "\n\r\n# of 2026\n \t" ONE " \t\r\n\n  # old\n" TWO "\r\n\n", 2);
	assert_memory_equal(secrets.keys[0], key_of_one, sizeof(key_of_one));
}

static void
a_text_without_a_secret_is_refused(void **state)
{
	assert_refused("", "file: there is no secret in it");
	assert_refused("\n \n#" ONE "\n", "file: there is no secret in it");
}

static void
the_length_has_bounds(void **state)
{
	assert_refused(
	    SHORT "\n", "file, line 1: less than 32 bytes of base64");
	assert_refused(
	    "\n" LONG65 "\n", "file, line 2: more than 64 bytes of base64");
	assert_refused(
	    LONGEST "AAAA\n", "file, line 1: more than 64 bytes of base64");
}

static void
what_is_not_base64_is_refused(void **state)
{
	assert_refused(
	    "password\n" ONE, "file, line 1: less than 32 bytes of base64");
	assert_refused(ONE "=\n", "file, line 1: not base64");
	assert_refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
	    "file, line 1: not base64");
	assert_refused("AAECAwQFBgcICQoLDA0O DxAREhMUFRYXGBkaGxwdHh8=\n",
	    "file, line 1: not base64");
	assert_refused("AAECAwQFBgcICQoLDA0ODxAREhMU_RYXGBkaGxwdHh8=\n",
	    "file, line 1: not base64");
	assert_refused("AAECAwQFBgcICQoLDA0ODxAREhMU\0RYXGBkaGxwdHh8=\n",
	    "file, line 1: not base64");
	assert_refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8===\n",
	    "file, line 1: not base64");
	assert_refused("=AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
	    "file, line 1: not base64");
}

static void
one_byte_over_and_over_is_refused(void **state)
{
	assert_refused(
	    SAME "\n", "file, line 1: one byte over and over is no secret");
}

static void
a_bad_second_line_is_as_bad_as_the_first(void **state)
{
	assert_refused(
	    ONE "\n" SHORT "\n", "file, line 2: less than 32 bytes of base64");
	assert_refused(ONE "\n\n" SAME "\n",
	    "file, line 3: one byte over and over is no secret");
	assert_refused(
	    ONE "\n" ONE "\n", "file, line 2: the same secret again");
}

static void
a_third_secret_is_refused(void **state)
{
	assert_refused(ONE "\n" TWO "\n" THREE "\n",
	    "file, line 3: more than two secrets");
}

/* A message must not give away what the file has. */
static void
no_message_quotes_the_file(void **state)
{
	static const char text[] = "hunter2-hunter2-hunter2-hunter2\n";
	char *cause = NULL;

	shared_secrets_parse(&secrets, "file", (const unsigned char *)text,
	    sizeof(text) - 1, &cause);
	assert_null(strstr(cause, "hunter"));
	free(cause);
}

static void
a_new_secret_is_one_and_no_two_are_equal(void **state)
{
	char text[2 * SHARED_SECRET_TEXT_LEN + 2];

	assert_int_equal(shared_secret_make(text), ERROR_NONE);
	assert_int_equal(strlen(text), SHARED_SECRET_TEXT_LEN);
	text[SHARED_SECRET_TEXT_LEN] = '\n';
	assert_int_equal(
	    shared_secret_make(text + SHARED_SECRET_TEXT_LEN + 1), ERROR_NONE);
	assert_int_equal(count(text, strlen(text)), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_base64_is_a_secret),
		cmocka_unit_test(the_order_of_two_is_kept),
		cmocka_unit_test(comments_blanks_and_line_ends_do_not_count),
		cmocka_unit_test(a_text_without_a_secret_is_refused),
		cmocka_unit_test(the_length_has_bounds),
		cmocka_unit_test(what_is_not_base64_is_refused),
		cmocka_unit_test(one_byte_over_and_over_is_refused),
		cmocka_unit_test(a_bad_second_line_is_as_bad_as_the_first),
		cmocka_unit_test(a_third_secret_is_refused),
		cmocka_unit_test(no_message_quotes_the_file),
		cmocka_unit_test(a_new_secret_is_one_and_no_two_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

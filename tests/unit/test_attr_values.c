/*
 * Unit tests of the values of attributes, read and written: covers
 * attr_writer.c, and the types of attr_reader.c.
 */
#include "attr.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attr_unit.h"

static void
reads_integers_like_scanf(void **state)
{
	static const struct {
		const char *text;
		enum error error;
		int value;
	} cases[] = {
		{ "0", ERROR_NONE, 0 },
		{ "32", ERROR_NONE, 32 },
		{ "007", ERROR_NONE, 7 },
		{ "+5", ERROR_NONE, 5 },
		{ "-1", ERROR_NONE, -1 },
		{ " 12", ERROR_NONE, 12 },
		{ " \t\n\v\f\r+12", ERROR_NONE, 12 },
		{ "2147483647", ERROR_NONE, INT_MAX },
		{ "2147483648", ERROR_NONE, INT_MIN },
		{ "4294967294", ERROR_NONE, -2 },
		{ "4294967295", ERROR_NONE, -1 },
		{ "4294967297", ERROR_NONE, 1 },
		{ "-4294967295", ERROR_NONE, 1 },
		{ "-18446744073709551615", ERROR_NONE, 1 },
		{ "18446744073709551617", ERROR_NONE, -1 },
		{ "99999999999999999999", ERROR_NONE, -1 },
		{ "", ERROR_PROTOCOL, 0 },
		{ " ", ERROR_PROTOCOL, 0 },
		{ "-", ERROR_PROTOCOL, 0 },
		{ "+", ERROR_PROTOCOL, 0 },
		{ "- 5", ERROR_PROTOCOL, 0 },
		{ "+-5", ERROR_PROTOCOL, 0 },
		{ "12 ", ERROR_PROTOCOL, 0 },
		{ "12\n", ERROR_PROTOCOL, 0 },
		{ "12x", ERROR_PROTOCOL, 0 },
		{ "0x10", ERROR_PROTOCOL, 0 },
		{ "1.5", ERROR_PROTOCOL, 0 },
		{ "1e1", ERROR_PROTOCOL, 0 },
		{ "5,0", ERROR_PROTOCOL, 0 },
		{ "x", ERROR_PROTOCOL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char data[64] = "size";
		size_t len = 5 + strlen(cases[i].text) + 2;
		struct attr_reader reader;
		struct attr_list list;
		int value = 77;

		memcpy(data + 5, cases[i].text, strlen(cases[i].text));
		read_list(&reader, &list, data, len);
		assert_int_equal(
		    attr_get_int(&list, "size", &value), cases[i].error);
		assert_int_equal(
		    value, cases[i].error == ERROR_NONE ? cases[i].value : 77);
		assert_int_equal(attr_list_end(&list), cases[i].error);
	}
}

static void
reads_data_as_base64(void **state)
{
	struct attr_reader reader;
	struct attr_list list;
	unsigned char out[5];
	size_t len = 1;

	read_list(&reader, &list, LIST("a\0aGVsbG8=\0b\0\0c\0QQ\0"));
	assert_int_equal(
	    attr_get_data(&list, "a", out, 4, &len), ERROR_TOO_LARGE);
	assert_int_equal(len, 0);
	assert_int_equal(attr_get_data(&list, "a", out, 5, &len), ERROR_NONE);
	assert_int_equal(len, 5);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(attr_get_data(&list, "b", out, 0, &len), ERROR_NONE);
	assert_int_equal(len, 0);
	assert_int_equal(
	    attr_get_data(&list, "c", out, 5, &len), ERROR_PROTOCOL);
	assert_int_equal(attr_list_end(&list), ERROR_PROTOCOL);
}

static void
carries_the_largest_session_and_no_larger(void **state)
{
	unsigned char *session = malloc(ATTR_SESSION_MAX + 1);
	unsigned char *out = malloc(ATTR_SESSION_MAX);

	for (size_t i = 0; i <= ATTR_SESSION_MAX; i++)
		session[i] = (unsigned char)random();
	for (size_t excess = 0; excess < 2; excess++) {
		struct buffer buffer;
		struct attr_reader reader;
		struct attr_list list;
		size_t len;

		buffer_init(&buffer);
		attr_put_data(
		    &buffer, "session", session, ATTR_SESSION_MAX + excess);
		attr_put_end(&buffer);
		read_list(&reader, &list, buffer_head(&buffer), buffer.len);
		assert_int_equal(attr_get_data(&list, "session", out,
				     ATTR_SESSION_MAX, &len),
		    excess == 0 ? ERROR_NONE : ERROR_TOO_LARGE);
		assert_int_equal(len, excess == 0 ? ATTR_SESSION_MAX : 0);
		assert_memory_equal(out, session, len);
		buffer_fini(&buffer);
	}
	free(session);
	free(out);
}

static void
writes_what_the_protocol_says(void **state)
{
	static const char expected[] =
	    "protocol\0tlsmgr_protocol\0status\0000\0status\0"
	    "4294967295\0status\0004294967294\0timeout\0"
	    "3600\0largest\0"
	    "2147483647\0smallest\0"
	    "2147483648\0seed\0aGVsbG8=\0keybuf\0\0empty\0\0";
	struct buffer buffer;

	buffer_init(&buffer);
	buffer_append(&buffer, "before", 6);
	attr_put_string(&buffer, "protocol", "tlsmgr_protocol");
	attr_put_int(&buffer, "status", 0);
	attr_put_int(&buffer, "status", -1);
	attr_put_int(&buffer, "status", -2);
	attr_put_int(&buffer, "timeout", 3600);
	attr_put_int(&buffer, "largest", INT_MAX);
	attr_put_int(&buffer, "smallest", INT_MIN);
	attr_put_data(&buffer, "seed", "hello", 5);
	attr_put_data(&buffer, "keybuf", NULL, 0);
	attr_put_string(&buffer, "empty", "");
	attr_put_end(&buffer);
	assert_int_equal(buffer.len, 6 + sizeof(expected));
	assert_memory_equal(buffer_head(&buffer), "before", 6);
	buffer_consume(&buffer, 6);
	assert_memory_equal(buffer_head(&buffer), expected, sizeof(expected));
	buffer_fini(&buffer);
}

static void
writes_numbers_of_64_bits(void **state)
{
	static const char expected[] = "none\0"
				       "0\0one\0"
				       "1\0int\0"
				       "4294967296\0all\0"
				       "18446744073709551615\0";
	struct buffer buffer;

	buffer_init(&buffer);
	attr_put_number(&buffer, "none", 0);
	attr_put_number(&buffer, "one", 1);
	attr_put_number(&buffer, "int", UINT64_C(1) << 32);
	attr_put_number(&buffer, "all", UINT64_MAX);
	attr_put_end(&buffer);
	assert_int_equal(buffer.len, sizeof(expected));
	assert_memory_equal(buffer_head(&buffer), expected, sizeof(expected));
	buffer_fini(&buffer);
}

/* Lengths at which the buffer grows fall on every part of an attribute. */
static void
writes_data_of_every_length(void **state)
{
	unsigned char data[600], out[600];
	struct buffer buffer;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)random();
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct attr_reader reader;
		struct attr_list list;
		size_t out_len;
		int status;

		buffer_init(&buffer);
		attr_put_int(&buffer, "status", -1);
		attr_put_data(&buffer, "session", data, len);
		attr_put_end(&buffer);
		read_list(&reader, &list, buffer_head(&buffer), buffer.len);
		assert_int_equal(
		    attr_get_int(&list, "status", &status), ERROR_NONE);
		assert_int_equal(status, -1);
		assert_int_equal(
		    attr_get_data(&list, "session", out, sizeof(out), &out_len),
		    ERROR_NONE);
		assert_int_equal(out_len, len);
		assert_memory_equal(out, data, len);
		assert_int_equal(attr_list_end(&list), ERROR_NONE);
		buffer_fini(&buffer);
	}
}

/* With room for it to the byte, too. */
static void
writes_strings_of_every_length(void **state)
{
	char value[1100];

	memset(value, 'v', sizeof(value));
	for (size_t len = sizeof(value); len-- > 0;) {
		struct buffer buffer;

		value[len] = '\0';
		buffer_init(&buffer);
		attr_put_string(&buffer, "a", value);
		assert_int_equal(buffer.len, 2 + len + 1);
		assert_memory_equal(buffer_head(&buffer), "a", 2);
		assert_string_equal(
		    (const char *)buffer_head(&buffer) + 2, value);
		buffer_fini(&buffer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_integers_like_scanf),
		cmocka_unit_test(reads_data_as_base64),
		cmocka_unit_test(carries_the_largest_session_and_no_larger),
		cmocka_unit_test(writes_what_the_protocol_says),
		cmocka_unit_test(writes_numbers_of_64_bits),
		cmocka_unit_test(writes_data_of_every_length),
		cmocka_unit_test(writes_strings_of_every_length),
	};

	return cmocka_run_group_tests_name("attr_values", tests, NULL, NULL);
}

/*
 * Unit tests of base64, against a codec that goes bit by bit. Covers
 * base64_x86.c.
 * Buffers are allocated to the byte, so that a sanitizer sees any excess.
 */
#include "base64.h"
#include "base64_x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN_MAX 300

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Both codecs in turn; where there is only one, that one twice. */
static const bool codecs[] = { true, false };

static void
fill(unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(random() >> 7);
}

static unsigned
bit_at(const unsigned char *data, size_t len, size_t bit)
{
	return bit / 8 < len ? data[bit / 8] >> (7 - bit % 8) & 1 : 0;
}

/* The slow encoder; *text_len characters, for the caller to free. */
static char *
slow_encode(const unsigned char *data, size_t len, size_t *text_len)
{
	size_t digits = (len * 8 + 5) / 6;
	char *text;

	*text_len = (digits + 3) / 4 * 4;
	text = malloc(*text_len + 1);
	memset(text, '=', *text_len);
	for (size_t i = 0; i < digits; i++) {
		unsigned number = 0;

		for (size_t j = 0; j < 6; j++)
			number = number << 1 | bit_at(data, len, i * 6 + j);
		text[i] = alphabet[number];
	}
	return text;
}

static int
slow_value(char c)
{
	const char *found = c != '\0' ? strchr(alphabet, c) : NULL;

	return found != NULL ? (int)(found - alphabet) : -1;
}

/* The slow decoder; the number of bytes, or -1 where it is not base64. */
static int
slow_decode(const char *text, size_t len, unsigned char *out)
{
	size_t digits = len;
	unsigned bits = 0, gathered = 0;
	int count = 0;

	if (len % 4 != 0)
		return -1;
	while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++) {
		int value = slow_value(text[i]);

		if (value < 0)
			return -1;
		gathered = (gathered << 6 | (unsigned)value) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[count++] = (unsigned char)(gathered >> bits);
		}
	}
	return count;
}

static void
assert_encodes(const unsigned char *data, size_t len)
{
	size_t text_len;
	char *expected = slow_encode(data, len, &text_len);
	char *text = malloc(text_len + 1);

	assert_int_equal(BASE64_ENCODED_LEN(len), text_len);
	text[text_len] = '\x55';
	base64_encode(data, len, text);
	assert_memory_equal(text, expected, text_len);
	assert_int_equal(text[text_len], '\x55');
	free(text);
	free(expected);
}

/* The verdict and the bytes are those of the slow decoder. */
static void
assert_decodes_alike(const char *text, size_t len)
{
	unsigned char *expected = malloc(len + 1);
	int expected_len = slow_decode(text, len, expected);
	size_t size = expected_len >= 0 ? (size_t)expected_len : len;
	unsigned char *out = malloc(size + 1);
	size_t out_len = 12345;
	enum error error;

	out[size] = 0x55;
	error = base64_decode(text, len, out, size, &out_len);
	if (expected_len < 0) {
		assert_int_equal(error, ERROR_PROTOCOL);
		assert_int_equal(out_len, 0);
	} else {
		assert_int_equal(error, ERROR_NONE);
		assert_int_equal(out_len, expected_len);
		assert_memory_equal(out, expected, out_len);
	}
	assert_int_equal(out[size], 0x55);
	free(out);
	free(expected);
}

static void
knows_the_vectors_of_the_rfc(void **state)
{
	static const struct {
		const char *data, *text;
	} vectors[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i].data), out_len;
		char text[8];
		unsigned char out[8];

		base64_encode(vectors[i].data, len, text);
		assert_memory_equal(
		    text, vectors[i].text, BASE64_ENCODED_LEN(len));
		assert_int_equal(
		    base64_decode(vectors[i].text, strlen(vectors[i].text), out,
			sizeof(out), &out_len),
		    ERROR_NONE);
		assert_int_equal(out_len, len);
		assert_memory_equal(out, vectors[i].data, len);
	}
}

static void
takes_no_data_for_nothing(void **state)
{
	size_t len = 1;

	base64_encode(NULL, 0, NULL);
	assert_int_equal(base64_decode("", 0, NULL, 0, &len), ERROR_NONE);
	assert_int_equal(len, 0);
}

static void
encodes_every_length(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		base64_x86_enable(codecs[i]);
		for (size_t len = 0; len <= LEN_MAX; len++) {
			unsigned char *data = malloc(len > 0 ? len : 1);

			for (int round = 0; round < 4; round++) {
				fill(data, len);
				assert_encodes(data, len);
			}
			free(data);
		}
	}
	base64_x86_enable(true);
}

/* Every group of 12 bits, at each of the places that it can have. */
static void
encodes_every_pair_of_digits(void **state)
{
	unsigned char data[96];

	for (size_t i = 0; i < 2; i++) {
		base64_x86_enable(codecs[i]);
		for (unsigned pair = 0; pair < 4096; pair++) {
			for (size_t j = 0; j < sizeof(data); j += 3) {
				data[j] = (unsigned char)(pair >> 4);
				data[j + 1] =
				    (unsigned char)(pair << 4 | pair >> 8);
				data[j + 2] = (unsigned char)pair;
			}
			assert_encodes(data, sizeof(data));
		}
	}
	base64_x86_enable(true);
}

static void
decodes_every_length(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		base64_x86_enable(codecs[i]);
		for (size_t len = 0; len <= LEN_MAX; len++) {
			unsigned char *data = malloc(len > 0 ? len : 1);
			size_t text_len;
			char *text;

			fill(data, len);
			text = slow_encode(data, len, &text_len);
			text = realloc(text, text_len > 0 ? text_len : 1);
			assert_decodes_alike(text, text_len);
			free(text);
			free(data);
		}
	}
	base64_x86_enable(true);
}

static void
judge_every_byte_at(char *text, size_t len, size_t place)
{
	char kept = text[place];

	for (int c = 0; c < 256; c++) {
		text[place] = (char)c;
		assert_decodes_alike(text, len);
	}
	text[place] = kept;
}

/* Whatever byte stands at whatever place, in and behind the fast blocks. */
static void
judges_every_byte_at_every_place(void **state)
{
	unsigned char data[72];

	fill(data, sizeof(data));
	for (size_t tail = 0; tail < 3; tail++) {
		size_t len;
		char *text = slow_encode(data, sizeof(data) - tail, &len);

		for (size_t i = 0; i < 2; i++) {
			base64_x86_enable(codecs[i]);
			for (size_t place = 0; place < len; place++)
				judge_every_byte_at(text, len, place);
		}
		free(text);
	}
	base64_x86_enable(true);
}

static void
refuses_what_is_cut(void **state)
{
	unsigned char data[60], out[60];
	size_t len, out_len;
	char *text;

	fill(data, sizeof(data));
	text = slow_encode(data, sizeof(data), &len);
	for (size_t i = 0; i < len; i++)
		if (i % 4 != 0)
			assert_int_equal(
			    base64_decode(text, i, out, sizeof(out), &out_len),
			    ERROR_PROTOCOL);
	free(text);
}

static void
refuses_bad_padding(void **state)
{
	static const char *const bad[] = { "=", "====", "Q===", "QQ=A",
		"Q=Q=", "=QQQ", "==QQ", "QQ==QQ==", "QUI=QUI=", "QQ==QUJD",
		"QUJD====", "QQ", "QUI", "QUJDR", " QUJD", "QUJD\n", "QU JD",
		"_-_-", "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQQ==QUJDQUJD" };
	unsigned char out[64];
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = 1;
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), out,
				     sizeof(out), &len),
		    ERROR_PROTOCOL);
		assert_int_equal(len, 0);
	}
}

static void
ignores_left_over_bits(void **state)
{
	unsigned char out[4];
	size_t len;

	assert_int_equal(
	    base64_decode("QR==", 4, out, sizeof(out), &len), ERROR_NONE);
	assert_int_equal(len, 1);
	assert_int_equal(out[0], 'A');
	assert_int_equal(
	    base64_decode("QUJ=", 4, out, sizeof(out), &len), ERROR_NONE);
	assert_int_equal(len, 2);
	assert_memory_equal(out, "AB", 2);
}

static void
minds_the_size_of_the_result(void **state)
{
	for (size_t len = 1; len <= LEN_MAX; len++) {
		unsigned char *data = calloc(1, len), *out = malloc(len);
		size_t text_len, out_len = 1;
		char *text = slow_encode(data, len, &text_len);

		out[len - 1] = 0x55;
		assert_int_equal(
		    base64_decode(text, text_len, out, len - 1, &out_len),
		    ERROR_TOO_LARGE);
		assert_int_equal(out_len, 0);
		assert_int_equal(out[len - 1], 0x55);
		assert_int_equal(
		    base64_decode(text, text_len, out, len, &out_len),
		    ERROR_NONE);
		assert_int_equal(out_len, len);
		free(text);
		free(out);
		free(data);
	}
}

/* Else all the other tests would test the portable codec twice. */
static void
uses_the_fast_codec_where_it_can(void **state)
{
#ifdef __x86_64__
	unsigned char data[96] = { 0 };
	char text[128];

	if (!__builtin_cpu_supports("avx2"))
		skip();
	assert_int_equal(base64_x86_encode(data, sizeof(data), text), 72);
	base64_encode(data, sizeof(data), text);
	assert_int_equal(base64_x86_decode(text, sizeof(text), data), 128);
	text[100] = '=';
	assert_int_equal(base64_x86_decode(text, sizeof(text), data), 96);
	base64_x86_enable(false);
	assert_int_equal(base64_x86_encode(data, sizeof(data), text), 0);
	assert_int_equal(base64_x86_decode(text, sizeof(text), data), 0);
	base64_x86_enable(true);
#else
	skip();
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_vectors_of_the_rfc),
		cmocka_unit_test(takes_no_data_for_nothing),
		cmocka_unit_test(encodes_every_length),
		cmocka_unit_test(encodes_every_pair_of_digits),
		cmocka_unit_test(decodes_every_length),
		cmocka_unit_test(judges_every_byte_at_every_place),
		cmocka_unit_test(refuses_what_is_cut),
		cmocka_unit_test(refuses_bad_padding),
		cmocka_unit_test(ignores_left_over_bits),
		cmocka_unit_test(minds_the_size_of_the_result),
		cmocka_unit_test(uses_the_fast_codec_where_it_can),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}

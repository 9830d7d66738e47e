/*
 * base64: the portable codec, and the frame round the fast one: whole groups
 * go through base64_x86.c where the processor has what it takes; the rest,
 * the padding and the judgement of bad input are here. Owns nothing; never
 * allocates.
 */
#include "base64.h"

#include "base64_x86.h"

#include <stdbool.h>
#include <stdint.h>

#define XX 0xff /* not in the alphabet */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789+/";

/* The alphabet, inverted. */
/* clang-format off */
static const uint8_t values[256] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX,
	XX,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX,
	XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
};
/* clang-format on */

/* The 1 or 2 bytes behind the last group of 3. */
static void
encode_tail(const unsigned char *in, size_t len, char *out)
{
	uint32_t group = (uint32_t)in[0] << 16;

	if (len == 2)
		group |= (uint32_t)in[1] << 8;
	out[0] = alphabet[group >> 18];
	out[1] = alphabet[group >> 12 & 63];
	out[2] = len == 2 ? alphabet[group >> 6 & 63] : '=';
	out[3] = '=';
}

void
base64_encode(const void *data, size_t len, char *out)
{
	const unsigned char *in = data;
	size_t taken;

	if (len == 0)
		return; /* data may be NULL */
	taken = base64_x86_encode(in, len, out);
	in += taken;
	out += taken / 3 * 4;
	len -= taken;
	for (; len >= 3; len -= 3, in += 3, out += 4) {
		uint32_t group =
		    (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

		out[0] = alphabet[group >> 18];
		out[1] = alphabet[group >> 12 & 63];
		out[2] = alphabet[group >> 6 & 63];
		out[3] = alphabet[group & 63];
	}
	if (len > 0)
		encode_tail(in, len, out);
}

/* 4 characters to 24 bits; UINT32_MAX if one is not in the alphabet. */
static inline uint32_t
decode_group(const unsigned char *in)
{
	uint32_t a = values[in[0]], b = values[in[1]];
	uint32_t c = values[in[2]], d = values[in[3]];

	if ((a | b | c | d) > 63)
		return UINT32_MAX;
	return a << 18 | b << 12 | c << 6 | d;
}

/* Whole groups without padding. False: something is not in the alphabet. */
static bool
decode_groups(const unsigned char *in, size_t len, unsigned char *out)
{
	for (; len > 0; len -= 4, in += 4, out += 3) {
		uint32_t group = decode_group(in);

		if (group == UINT32_MAX)
			return false;
		out[0] = (unsigned char)(group >> 16);
		out[1] = (unsigned char)(group >> 8);
		out[2] = (unsigned char)group;
	}
	return true;
}

/* The last group, of which `padding` characters are padding. */
static bool
decode_padded(const char *text, size_t padding, unsigned char *out)
{
	unsigned char in[4] = { 'A', 'A', 'A', 'A' };
	uint32_t group;

	in[0] = (unsigned char)text[0];
	in[1] = (unsigned char)text[1];
	if (padding == 1)
		in[2] = (unsigned char)text[2];
	group = decode_group(in);
	if (group == UINT32_MAX)
		return false;
	out[0] = (unsigned char)(group >> 16);
	if (padding == 1)
		out[1] = (unsigned char)(group >> 8);
	return true;
}

enum error
base64_decode(const char *text, size_t len, unsigned char *out, size_t size,
    size_t *out_len)
{
	size_t padding = 0, whole, taken;

	*out_len = 0;
	if (len == 0)
		return ERROR_NONE;
	if (len % 4 != 0)
		return ERROR_PROTOCOL;
	if (text[len - 1] == '=')
		padding = text[len - 2] == '=' ? 2 : 1;
	if (BASE64_DECODED_MAX(len) - padding > size)
		return ERROR_TOO_LARGE;

	whole = padding > 0 ? len - 4 : len;
	taken = base64_x86_decode(text, whole, out);
	if (!decode_groups((const unsigned char *)text + taken, whole - taken,
		out + taken / 4 * 3))
		return ERROR_PROTOCOL;
	if (padding > 0 &&
	    !decode_padded(text + whole, padding, out + whole / 4 * 3))
		return ERROR_PROTOCOL;
	*out_len = BASE64_DECODED_MAX(len) - padding;
	return ERROR_NONE;
}

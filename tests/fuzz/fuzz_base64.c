/*
 * fuzz_base64: the portable code, the code for AVX2 and OpenSSL's agree on
 * what is base64 and what it says.
 */
#include "fuzz.h"

#include "base64.h"
#include "base64_x86.h"

#include <openssl/evp.h>

/* Decode into memory of just this size. */
static enum error
decode(const char *text, size_t len, bool is_fast, unsigned char **out,
    size_t size, size_t *out_len)
{
	*out = malloc(size > 0 ? size : 1);
	base64_x86_enable(is_fast);
	return base64_decode(text, len, *out, size, out_len);
}

/* It is stricter about length, and laxer about blanks and line ends. */
static void
check_against_openssl(
    const char *text, size_t len, const unsigned char *out, size_t out_len)
{
	unsigned char *theirs = malloc(len + 1);
	size_t padding = len - out_len / 3 * 4;
	int count =
	    EVP_DecodeBlock(theirs, (const unsigned char *)text, (int)len);

	fuzz_expect(count >= 0 && (size_t)count == len / 4 * 3);
	fuzz_expect(padding <= 4 && memcmp(theirs, out, out_len) == 0);
	free(theirs);
}

static void
check_encoding(const unsigned char *data, size_t len)
{
	size_t text_len = BASE64_ENCODED_LEN(len), out_len;
	char *text = malloc(text_len + 1), *slow = malloc(text_len + 1);
	unsigned char *out;

	base64_x86_enable(true);
	base64_encode(data, len, text);
	base64_x86_enable(false);
	base64_encode(data, len, slow);
	fuzz_expect(memcmp(text, slow, text_len) == 0);
	fuzz_expect(
	    decode(text, text_len, true, &out, len, &out_len) == ERROR_NONE);
	fuzz_expect(out_len == len && memcmp(out, data, len) == 0);
	free(out);
	free(slow);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	size_t size = BASE64_DECODED_MAX(len), fast_len, slow_len;
	char *text = fuzz_take_string(&input);
	unsigned char *fast, *slow;
	enum error error;

	if (len > 0 && data[0] % 16 == 0)
		size /= 2;
	error = decode(text, len, true, &fast, size, &fast_len);
	fuzz_expect(decode(text, len, false, &slow, size, &slow_len) == error);
	fuzz_expect(fast_len == slow_len && fast_len <= size);
	fuzz_expect(memcmp(fast, slow, fast_len) == 0);
	if (error == ERROR_NONE)
		check_against_openssl(text, len, fast, fast_len);
	free(fast);
	free(slow);
	free(text);
	check_encoding(data, len);
	return 0;
}

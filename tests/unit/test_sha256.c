/*
 * Unit tests of sha256: the examples of FIPS 180-4, whole and in pieces.
 */
#include "sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LONG_TEXT "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static void
assert_hash(struct sha256 *hash, const char *expected)
{
	unsigned char out[SHA256_LEN];
	char text[2 * SHA256_LEN + 1];

	sha256_end(hash, out);
	for (size_t i = 0; i < sizeof(out); i++)
		snprintf(text + 2 * i, 3, "%02x", out[i]);
	assert_string_equal(text, expected);
}

static void
it_is_the_function_of_the_standard(void **state)
{
	struct sha256 hash;

	sha256_begin(&hash);
	assert_hash(&hash, "e3b0c44298fc1c149afbf4c8996fb924"
			   "27ae41e4649b934ca495991b7852b855");
	sha256_begin(&hash);
	sha256_add(&hash, "abc", 3);
	assert_hash(&hash, "ba7816bf8f01cfea414140de5dae2223"
			   "b00361a396177a9cb410ff61f20015ad");
}

static void
pieces_give_the_hash_of_the_whole(void **state)
{
	for (size_t cut = 0; cut <= strlen(LONG_TEXT); cut++) {
		struct sha256 hash;

		sha256_begin(&hash);
		sha256_add(&hash, LONG_TEXT, cut);
		sha256_add(&hash, &LONG_TEXT[cut], strlen(LONG_TEXT) - cut);
		assert_hash(&hash, "248d6a61d20638b8e5c026930c3e6039"
				   "a33ce45964ff2167f6ecedd419db06c1");
	}
}

static void
texts_next_to_each_other_do_not_mix(void **state)
{
	unsigned char first[SHA256_LEN], second[SHA256_LEN];
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add_text(&hash, "ab");
	sha256_add_text(&hash, "c");
	sha256_end(&hash, first);
	sha256_begin(&hash);
	sha256_add_text(&hash, "a");
	sha256_add_text(&hash, "bc");
	sha256_end(&hash, second);
	assert_memory_not_equal(first, second, sizeof(first));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_function_of_the_standard),
		cmocka_unit_test(pieces_give_the_hash_of_the_whole),
		cmocka_unit_test(texts_next_to_each_other_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of siphash: the vectors of its paper and of its reference code.
 */
#include "siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of the bytes 0, 1, 2, ..., by number of bytes; the key is 0 to 15. */
static const uint64_t expected[] = {
	UINT64_C(0x726fdb47dd0e0e31),
	UINT64_C(0x74f839c593dc67fd),
	UINT64_C(0x0d6c8009d9a94f5a),
	UINT64_C(0x85676696d7fb7e2d),
	UINT64_C(0xcf2794e0277187b7),
	UINT64_C(0x18765564cd99a68d),
	UINT64_C(0xcbc9466e58fee3ce),
	UINT64_C(0xab0200f58b01d137),
	UINT64_C(0x93f5f5799a932462),
};

static unsigned char key[SIPHASH_KEY_LEN], data[64];

static int
setup(void **state)
{
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	return 0;
}

static void
it_is_the_function_of_the_paper(void **state)
{
	/* Appendix A: 15 bytes. */
	assert_true(siphash(key, data, 15) == UINT64_C(0xa129ca6149be45e5));
	for (size_t len = 0; len < sizeof(expected) / sizeof(expected[0]);
	     len++)
		assert_true(siphash(key, data, len) == expected[len]);
}

static void
every_bit_of_key_and_data_counts(void **state)
{
	uint64_t hash = siphash(key, data, 40);

	for (unsigned bit = 0; bit < sizeof(key) * 8; bit++) {
		key[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_true(siphash(key, data, 40) != hash);
		key[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (unsigned bit = 0; bit < 40 * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_true(siphash(key, data, 40) != hash);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_true(siphash(key, data, 39) != hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_function_of_the_paper),
		cmocka_unit_test(every_bit_of_key_and_data_counts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

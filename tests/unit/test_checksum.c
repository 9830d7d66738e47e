/*
 * Unit tests of checksum.
 */
#include "checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define LEN_MAX 131 /* four stripes and a bit */

static void
fill(unsigned char *bytes, size_t len)
{
	uint32_t state = 12345;
	size_t i;

	for (i = 0; i < len; ++i) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(state >> 24);
	}
}

static void
same_bytes_have_the_same_sum_at_any_address(void **state)
{
	unsigned char bytes[LEN_MAX], moved[LEN_MAX + 16];
	size_t len, shift;

	fill(bytes, sizeof(bytes));
	for (len = 0; len <= LEN_MAX; ++len)
		for (shift = 0; shift < 16; ++shift) {
			memset(moved, 0xff, sizeof(moved));
			memcpy(moved + shift, bytes, len);
			assert_int_equal(checksum64(7, moved + shift, len),
			    checksum64(7, bytes, len));
		}
}

/* Not only does each flipped bit show, it changes about half of the result. */
static void
each_bit_counts(void **state)
{
	unsigned char bytes[LEN_MAX];
	uint64_t sum, changed;
	size_t len, bit;
	int weight;

	fill(bytes, sizeof(bytes));
	for (len = 1; len <= LEN_MAX; len += 13) {
		sum = checksum64(0, bytes, len);
		for (bit = 0; bit < len * 8; ++bit) {
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			changed = sum ^ checksum64(0, bytes, len);
			weight = __builtin_popcountll(changed);
			assert_in_range(weight, 10, 54);
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
	}
}

static void
the_length_counts(void **state)
{
	static const unsigned char zeros[LEN_MAX];
	uint64_t sums[LEN_MAX + 1];
	size_t a, b;

	for (a = 0; a <= LEN_MAX; ++a) {
		sums[a] = checksum64(0, zeros, a);
		for (b = 0; b < a; ++b)
			assert_int_not_equal(sums[a], sums[b]);
	}
	assert_int_equal(checksum64(0, NULL, 0), sums[0]);
}

/* The order of words counts, within a stripe and across stripes. */
static void
the_order_counts(void **state)
{
	unsigned char bytes[64], swapped[64];
	size_t a, b;

	fill(bytes, sizeof(bytes));
	for (a = 0; a < 8; ++a)
		for (b = 0; b < a; ++b) {
			memcpy(swapped, bytes, sizeof(bytes));
			memcpy(swapped + a * 8, bytes + b * 8, 8);
			memcpy(swapped + b * 8, bytes + a * 8, 8);
			assert_int_not_equal(checksum64(0, bytes, 64),
			    checksum64(0, swapped, 64));
		}
}

/*
 * What one of two sums takes for the same, the other does not. Many keys of one
 * form: with 16 bits of each sum, one gives collisions, and the two together
 * give none that are not chance.
 */
static void
check_independence(void (*compute)(uint64_t sums[2], const void *, size_t))
{
	static unsigned char seen[2][1 << 16];
	unsigned collisions[2] = { 0 }, both = 0, i, which;
	unsigned char key[24] = "session 0000 &s=smtp";
	uint64_t sums[2];
	bool is_seen[2];

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 20000; ++i) {
		memcpy(key + 8, &i, sizeof(i));
		compute(sums, key, sizeof(key));
		for (which = 0; which < 2; ++which) {
			unsigned char *bucket =
			    &seen[which][sums[which] & 0xffff];

			is_seen[which] = *bucket != 0;
			collisions[which] += is_seen[which];
			*bucket = 1;
		}
		both += is_seen[0] && is_seen[1];
	}
	/* 20000 balls in 65536 bins: 2763 collisions are to be expected. */
	assert_in_range(collisions[0], 2563, 2963);
	assert_in_range(collisions[1], 2563, 2963);
	/* Keys late in the run collide more: 497 by chance, not 2763. */
	assert_in_range(both, 397, 597);
}

static void
compute_with_two_seeds(uint64_t sums[2], const void *data, size_t len)
{
	sums[0] = checksum64(0, data, len);
	sums[1] = checksum64(1, data, len);
}

static void
seeds_are_independent(void **state)
{
	check_independence(compute_with_two_seeds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_have_the_same_sum_at_any_address),
		cmocka_unit_test(each_bit_counts),
		cmocka_unit_test(the_length_counts),
		cmocka_unit_test(the_order_counts),
		cmocka_unit_test(seeds_are_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of shared_mac, with a vector of RFC 4231.
 */
#include "shared_mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
a_mac_is_that_of_the_pieces_together(void **state)
{
	/* RFC 4231, test case 1, with its key padded as HMAC pads it. */
	static const unsigned char key[SHARED_KEY_LEN] = { 0x0b, 0x0b, 0x0b,
		0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
		0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b };
	static const unsigned char expected[SHARED_KEY_LEN] = { 0xb0, 0x34,
		0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf, 0xce,
		0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
		0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7 };
	struct shared_mac *mac = shared_mac_new(key);
	unsigned char out[SHARED_KEY_LEN];

	for (size_t cut = 0; cut <= 8; cut++) {
		assert_true(shared_mac_compute(
		    mac, "Hi There", cut, &"Hi There"[cut], 8 - cut, out));
		assert_memory_equal(out, expected, sizeof(out));
	}
	shared_mac_free(mac);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mac_is_that_of_the_pieces_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

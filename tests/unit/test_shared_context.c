/*
 * Unit tests of contexts, and of the key derivation below them (covers
 * shared_kdf.c): the values of tests/lib/shared_group.py, and that whatever
 * differs makes other keys.
 */
#include "shared_context.h"
#include "shared_kdf.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_S 3600

#define DIGEST \
	"ef30ed39c2b6709f677a02ad6af9c06dbd66a0620ed272dad7ad26bb199b6a01"

static unsigned char secret[SHARED_KEY_LEN]; /* the key of one */

static void
assert_hex(const void *bytes, size_t len, const char *wanted)
{
	const unsigned char *each = bytes;
	char text[512];

	assert_int_equal(strlen(wanted), 2 * len);
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", each[i]);
	assert_string_equal(text, wanted);
}

static int
set_up(void **state)
{
	unsigned char bytes[32];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	return shared_kdf_extract(
		   "tlsmgr shared 1", bytes, sizeof(bytes), secret)
	           ? 0
	           : -1;
}

static void
make_digest(unsigned char digest[SHARED_DIGEST_LEN])
{
	unsigned char hash[SHARED_DIGEST_LEN];
	struct sha256 begun;

	shared_digest_begin(&begun);
	shared_digest_add_parameter(&begun, "smtpd_tls_security_level", "may");
	shared_digest_add_parameter(
	    &begun, "tls_ssl_options", "no_compression");
	EVP_Digest("a certificate\n", 14, hash, NULL, EVP_sha256(), NULL);
	sha256_add(&begun, hash, sizeof(hash));
	sha256_end(&begun, digest);
}

static void
make_context(struct shared_context *context)
{
	unsigned char digest[SHARED_DIGEST_LEN];

	make_digest(digest);
	shared_context_make(context, "postfix", "smtpd", TIMEOUT_S, digest);
}

static void
digest_is_that_of_the_second_implementation(void **state)
{
	unsigned char digest[SHARED_DIGEST_LEN];

	make_digest(digest);
	assert_hex(digest, sizeof(digest), DIGEST);
}

static void
context_is_that_of_the_second_implementation(void **state)
{
	struct shared_context context;

	make_context(&context);
	assert_hex(context.bytes, context.len,
	    "706f737466697800736d747064000000000000000e10" DIGEST);
}

static void
keys_are_those_of_the_second_implementation(void **state)
{
	char fingerprint[SHARED_FINGERPRINT_LEN + 1];
	unsigned char key[SHARED_KEY_LEN];
	struct shared_context context;

	make_context(&context);
	assert_true(shared_context_derive(&context, secret, "ticket", key));
	assert_hex(key, sizeof(key),
	    "82d1cbc1d88f0a5246be336a40c9d051b32c887aea626b6000ac6dbae9375fec");
	shared_context_fingerprint(&context, secret, fingerprint);
	assert_string_equal(fingerprint, "80067aff083e");
}

/* RFC 5869, test case 3: no salt, no info. */
static void
hkdf_is_that_of_the_rfc(void **state)
{
	unsigned char input[22], key[SHARED_KEY_LEN], out[42];

	memset(input, 0x0b, sizeof(input));
	assert_true(shared_kdf_extract("", input, sizeof(input), key));
	assert_hex(key, sizeof(key),
	    "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
	assert_true(shared_kdf_expand(key, "", 0, out, sizeof(out)));
	assert_hex(out, sizeof(out),
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	    "9d201395faa4b61a96c8");
}

static void
whatever_differs_makes_another_fingerprint(void **state)
{
	unsigned char digest[SHARED_DIGEST_LEN] = { 1 }, other[32] = { 2 };
	char seen[6][SHARED_FINGERPRINT_LEN + 1];
	struct shared_context contexts[5];

	shared_context_make(&contexts[0], "postfix", "smtpd", 3600, digest);
	shared_context_make(&contexts[1], "postfiy", "smtpd", 3600, digest);
	shared_context_make(&contexts[2], "postfix", "smtp", 3600, digest);
	shared_context_make(&contexts[3], "postfix", "smtpd", 3601, digest);
	shared_context_make(&contexts[4], "postfix", "smtpd", 3600, other);
	for (int i = 0; i < 5; i++)
		shared_context_fingerprint(&contexts[i], secret, seen[i]);
	shared_context_fingerprint(&contexts[0], other, seen[5]);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
}

static void
names_of_groups_are_printable_and_bounded(void **state)
{
	char longest[SHARED_GROUP_MAX + 2];
	struct shared_context context;
	unsigned char digest[SHARED_DIGEST_LEN] = { 0 };

	assert_true(shared_context_is_group("postfix"));
	assert_true(shared_context_is_group("mx-in.example_2"));
	assert_false(shared_context_is_group(""));
	assert_false(shared_context_is_group("two words"));
	assert_false(shared_context_is_group("gr\xc3\xbc"
					     "n"));
	assert_false(shared_context_is_group("a\nb"));
	memset(longest, 'x', sizeof(longest));
	longest[SHARED_GROUP_MAX + 1] = '\0';
	assert_false(shared_context_is_group(longest));
	longest[SHARED_GROUP_MAX] = '\0';
	assert_true(shared_context_is_group(longest));
	shared_context_make(&context, longest, "smtpd", INT64_MAX, digest);
	assert_int_equal(context.len, SHARED_GROUP_MAX + 1 + 6 + 8 + 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_is_that_of_the_second_implementation),
		cmocka_unit_test(context_is_that_of_the_second_implementation),
		cmocka_unit_test(keys_are_those_of_the_second_implementation),
		cmocka_unit_test(hkdf_is_that_of_the_rfc),
		cmocka_unit_test(whatever_differs_makes_another_fingerprint),
		cmocka_unit_test(names_of_groups_are_printable_and_bounded),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}

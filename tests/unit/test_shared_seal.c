/*
 * Unit tests of shared_seal: the vectors of a second implementation
 * (tests/lib/shared_format.py), and what must not open.
 */
#include "../lib/fake_rand.h"

#include "shared_seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "unit.h"

#include <openssl/evp.h>

#define PUT_AT     1000000000
#define CACHE_ID   "AB&s=smtp&l=805306608"
#define VALUE_LEN  200
#define RECORD_MAX (300 * 1024)

static const char session_name[] =
    "tlsmgr:80067aff083e:WpSCooS6BPWzOXlfJh39YeL4tvy4xGEHTNygdfPr0cg";
static const char session_record[] =
    "0100043d11000102030405060708090a0b271b2650a9ec8fa79d3eb3c95cdd38"
    "99af5e75664e8b22a8c4aeae3280339d58c3e73af28c7312b9cc135d739ba741"
    "154ace5db3bafde632b9df6ff47d14fcac4d2c29c5f9825706cef61f8a69b6d3"
    "53e777daf71ae6c901cca3ac42689647e5037b9bf8b5ad7384e8bcbd9c700259"
    "b8c66a3286926e07db4237d76a7b061452f66a76dfceb6fcec814a5a133a5eb3"
    "1167607ec5c48058aeb01c27669070720461440e2ac8ae9071c31ae3f710c47f"
    "64e32203c09ab80a733950438da99e39b90a44ecc8eff03f869c1cd9348d7c37"
    "0e488ecce85556454dc9169dce8044de465f2a8959676810ce3df7292a6262bf"
    "bac9a9bd98988364a62ad47da901d595301fa70c3b49b3a364960a9927b46586"
    "6e";
static const char ticket_key_name[] =
    "tlsmgr:80067aff083e:jxcUxxF-nMIyKOjV4ULApNTTU3G-Kq7TTE-Jyc47tX0";
static const char ticket_key_record[] =
    "0100043d11000102030405060708090a0b271b2650a9ec8fa79d3eb3255cdc3a"
    "9dcf3e15062eeb42c8a4cece52e053fd38a3875a92ec1372d9ac733d133b07e1"
    "b56eeb7b9492d4cc1995f241db4d25ce9f79191ff2c1bb6d3df2cb21b529f791"
    "10a3329cb052af834a80eee20d38c715b6572ecdafedf429dfb4e1e3c310633b"
    "dba20f54e1fa076db02e5ab9050b776621821f00a8b6cf8697fd37246cbadf31"
    "92e3e5f8424c09d2253c91a9e900e1e097f5d198bd50370aea5f877d68b065dd"
    "c74787a5673211a0d895fded22192f8b0abef15a7f5749853d20a1678b4dbdf5"
    "cd8c4b0a2f5556454dc9169dce8044de465f2a8959676810ce3df7292a6262bf"
    "bac9a9bd98988364a62ad47da901d595301d79f4293bf95e40ddc38faafcdf00"
    "a9";

/* What a context is made of, one of them changed at will. */
struct ingredients {
	const char *secret_line; /* base64 of a file of secrets */
	const char *group, *side;
	int64_t timeout_s;
	const char *level;
};

static const struct ingredients ours = {
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "postfix", "smtpd",
	3600, "may"
};

static unsigned char value[256 * 1024], record[RECORD_MAX];

static void
make_digest(const char *level, unsigned char digest[SHARED_DIGEST_LEN])
{
	unsigned char hash[SHARED_DIGEST_LEN];
	struct sha256 adding;

	shared_digest_begin(&adding);
	shared_digest_add_parameter(&adding, "smtpd_tls_security_level", level);
	shared_digest_add_parameter(
	    &adding, "tls_ssl_options", "no_compression");
	assert_int_equal(
	    EVP_Digest("a certificate\n", 14, hash, NULL, EVP_sha256(), NULL),
	    1);
	sha256_add(&adding, hash, sizeof(hash));
	sha256_end(&adding, digest);
}

static struct shared_seal *
make_seal(const struct ingredients *from)
{
	unsigned char digest[SHARED_DIGEST_LEN];
	struct shared_secrets secrets;
	struct shared_context context;
	struct shared_seal *seal;
	char *cause = NULL;

	assert_int_equal(shared_secrets_parse(&secrets, "test",
			     (const unsigned char *)from->secret_line,
			     strlen(from->secret_line), &cause),
	    ERROR_NONE);
	make_digest(from->level, digest);
	shared_context_make(
	    &context, from->group, from->side, from->timeout_s, digest);
	seal = shared_seal_new(&context, secrets.keys[0]);
	assert_non_null(seal);
	return seal;
}

static struct shared_name
name_of(struct shared_seal *seal, enum shared_kind kind, const char *id)
{
	struct shared_name name;

	assert_int_equal(
	    shared_seal_name(seal, kind, id, strlen(id), &name), ERROR_NONE);
	return name;
}

static size_t
seal_value(struct shared_seal *seal, const struct shared_name *name, size_t len)
{
	assert_int_equal(
	    shared_seal_encrypt(seal, name, PUT_AT, value, len, record),
	    ERROR_NONE);
	return shared_seal_record_len(len);
}

static bool
opens(struct shared_seal *seal, const struct shared_name *name, size_t len)
{
	struct shared_plain plain;
	/* Of just this size, so that a sanitizer sees what is read behind it.
	 */
	unsigned char *copy = malloc(len > 0 ? len : 1);
	enum error error;

	memcpy(copy, record, len);
	error = shared_seal_decrypt(seal, name, copy, len, &plain);
	free(copy);
	assert_true(error == ERROR_NONE || error == ERROR_DAMAGED);
	return error == ERROR_NONE;
}

static size_t
from_hex(const char *text, unsigned char *out)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return len;
}

static void
fill_value(void)
{
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (unsigned char)i;
}

static void
names_are_those_of_the_second_implementation(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);

	assert_string_equal(name.text, session_name);
	name = name_of(seal, SHARED_KIND_TICKET_KEY, "555555");
	assert_string_equal(name.text, ticket_key_name);
	shared_seal_free(seal);
}

/* With the nonce that the vectors have. */
static void
expect_sealed(struct shared_seal *seal, const char *under, const void *bytes,
    size_t len, const char *expected_hex)
{
	unsigned char expected[RECORD_MAX];
	struct shared_name name;

	snprintf(name.text, sizeof(name.text), "%s", under);
	prng_fini();
	fake_rand_reset();
	assert_int_equal(
	    shared_seal_encrypt(seal, &name, PUT_AT, bytes, len, record),
	    ERROR_NONE);
	assert_int_equal(
	    from_hex(expected_hex, expected), shared_seal_record_len(len));
	assert_memory_equal(record, expected, shared_seal_record_len(len));
	assert_true(opens(seal, &name, shared_seal_record_len(len)));
}

static void
records_are_those_of_the_second_implementation(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	unsigned char key[36] = { 0, 0, 0, 7 };

	for (size_t i = 4; i < sizeof(key); i++)
		key[i] = (unsigned char)(96 + i);
	expect_sealed(seal, session_name, value, VALUE_LEN, session_record);
	expect_sealed(
	    seal, ticket_key_name, key, sizeof(key), ticket_key_record);
	shared_seal_free(seal);
}

static void
a_record_with_any_bit_flipped_does_not_open(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	size_t len = seal_value(seal, &name, VALUE_LEN);

	assert_true(opens(seal, &name, len));
	for (size_t bit = 0; bit < 8 * len; bit++) {
		record[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(opens(seal, &name, len));
		record[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_true(opens(seal, &name, len));
	shared_seal_free(seal);
}

static void
a_record_that_is_shorter_or_longer_does_not_open(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	size_t len = seal_value(seal, &name, VALUE_LEN);

	for (size_t cut = 0; cut < len; cut++)
		assert_false(opens(seal, &name, cut));
	record[len] = 0;
	assert_false(opens(seal, &name, len + 1));
	shared_seal_free(seal);
}

static void
a_record_opens_under_its_own_name_only(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, "one");
	struct shared_name others[] = {
		name_of(seal, SHARED_KIND_SESSION, "two"),
		name_of(seal, SHARED_KIND_SESSION, ""),
		name_of(seal, SHARED_KIND_TICKET_KEY, "one"),
	};
	size_t len = seal_value(seal, &name, VALUE_LEN);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(opens(seal, &others[i], len));
	assert_true(opens(seal, &name, len));
	shared_seal_free(seal);
}

static void
whoever_differs_in_anything_has_other_names_and_cannot_open(void **state)
{
	static const struct ingredients others[] = {
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHiA=", "postfix",
		    "smtpd", 3600, "may" },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "other",
		    "smtpd", 3600, "may" },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "postfix",
		    "smtp", 3600, "may" },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "postfix",
		    "smtpd", 3601, "may" },
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "postfix",
		    "smtpd", 3600, "encrypt" },
	};
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	size_t len = seal_value(seal, &name, VALUE_LEN);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct shared_seal *other = make_seal(&others[i]);
		struct shared_name theirs =
		    name_of(other, SHARED_KIND_SESSION, CACHE_ID);

		assert_string_not_equal(theirs.text, name.text);
		assert_false(opens(other, &name, len));
		assert_false(opens(other, &theirs, len));
		shared_seal_free(other);
	}
	shared_seal_free(seal);
}

static void
values_of_all_sizes_come_back(void **state)
{
	static const size_t lens[] = { 0, 1, 243, 244, 245, 500, 501, 1012,
		2036, 2037, 8180, 8181, 12276, 12277, 65536, sizeof(value) };
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	struct shared_plain plain;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = seal_value(seal, &name, lens[i]);

		assert_int_equal(
		    shared_seal_decrypt(seal, &name, record, len, &plain),
		    ERROR_NONE);
		assert_int_equal(plain.put_at, PUT_AT);
		assert_int_equal(plain.len, lens[i]);
		if (plain.len > 0)
			assert_memory_equal(plain.value, value, plain.len);
	}
	shared_seal_free(seal);
}

static void
a_record_tells_the_size_class_alone(void **state)
{
	static const size_t classes[][2] = { { 0, 256 }, { 244, 256 },
		{ 245, 512 }, { 500, 512 }, { 501, 768 }, { 757, 1024 },
		{ 1013, 1536 }, { 1525, 2048 }, { 2037, 3072 }, { 3061, 4096 },
		{ 4085, 6144 }, { 6133, 8192 }, { 8180, 8192 }, { 8181, 12288 },
		{ 12276, 12288 }, { 12277, 16384 } };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		assert_int_equal(
		    shared_seal_record_len(classes[i][0]), classes[i][1] + 33);
}

static void
the_same_value_is_never_sealed_to_the_same_bytes(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	size_t len = seal_value(seal, &name, VALUE_LEN);
	unsigned char *first = malloc(len);

	memcpy(first, record, len);
	seal_value(seal, &name, VALUE_LEN);
	assert_memory_equal(record, first, SHARED_HEADER_LEN);
	assert_memory_not_equal(record + SHARED_HEADER_LEN,
	    first + SHARED_HEADER_LEN, SHARED_NONCE_LEN);
	assert_memory_not_equal(record + 17, first + 17, len - 17);
	free(first);
	shared_seal_free(seal);
}

static void
nothing_is_sealed_without_a_nonce_or_with_an_impossible_time(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);

	assert_int_equal(shared_seal_encrypt(seal, &name, -1, value, 9, record),
	    ERROR_INVALID);
	assert_int_equal(shared_seal_encrypt(seal, &name,
			     (INT64_C(1) << 32) * 3600, value, 9, record),
	    ERROR_INVALID);
	prng_fini();
	fake_rand.result = 0;
	assert_int_equal(
	    shared_seal_encrypt(seal, &name, PUT_AT, value, 9, record),
	    ERROR_RANDOM);
	assert_true(unit_log_has("random number generator failed"));
	shared_seal_free(seal);
}

static void
records_of_many_hours_open_in_any_order(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	size_t len = shared_seal_record_len(9);
	unsigned char records[12][300];
	struct shared_plain plain;

	for (int i = 0; i < 12; i++)
		assert_int_equal(shared_seal_encrypt(seal, &name,
				     PUT_AT + 3600 * i, value, 9, records[i]),
		    ERROR_NONE);
	for (int i = 0; i < 36; i++) {
		int j = i * 7 % 12;

		assert_int_equal(
		    shared_seal_decrypt(seal, &name, records[j], len, &plain),
		    ERROR_NONE);
		assert_int_equal(plain.put_at, PUT_AT + 3600 * j);
	}
	shared_seal_free(seal);
}

/* A record as somebody with the keys could make it. */
static void
forge(unsigned char *plain, uint32_t hour)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	unsigned char digest[SHARED_DIGEST_LEN], key[SHARED_KEY_LEN];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	struct shared_secrets secrets;
	struct shared_context context;
	char *cause = NULL;
	int len;

	shared_secrets_parse(&secrets, "test",
	    (const unsigned char *)ours.secret_line, strlen(ours.secret_line),
	    &cause);
	make_digest(ours.level, digest);
	shared_context_make(&context, ours.group, ours.side, 3600, digest);
	record[0] = 1;
	for (int i = 0; i < 4; i++) {
		record[1 + i] = (unsigned char)(hour >> (24 - 8 * i));
		context.bytes[context.len++] = record[1 + i];
	}
	assert_true(
	    shared_context_derive(&context, secrets.keys[0], "seal", key));
	EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, record + 5);
	EVP_EncryptUpdate(cipher, NULL, &len, (const unsigned char *)name.text,
	    SHARED_NAME_LEN);
	EVP_EncryptUpdate(cipher, NULL, &len, record, 5);
	EVP_EncryptUpdate(cipher, record + 17, &len, plain, 256);
	EVP_EncryptFinal_ex(cipher, record + 17 + 256, &len);
	EVP_CIPHER_CTX_ctrl(
	    cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 17 + 256);
	EVP_CIPHER_CTX_free(cipher);
	shared_seal_free(seal);
}

static void
a_record_that_contradicts_itself_does_not_open(void **state)
{
	struct shared_seal *seal = make_seal(&ours);
	struct shared_name name = name_of(seal, SHARED_KIND_SESSION, CACHE_ID);
	/* PUT_AT, 5 bytes. */
	unsigned char plain[256] = { 0, 0, 0, 0, 0x3b, 0x9a, 0xca, 0x00, 0, 0,
		0, 5, 1, 2, 3, 4, 5 };

	forge(plain, PUT_AT / 3600);
	assert_true(opens(seal, &name, 256 + 33));
	forge(plain, PUT_AT / 3600 + 1); /* another hour outside */
	assert_false(opens(seal, &name, 256 + 33));
	plain[255] = 1; /* not zero behind the value */
	forge(plain, PUT_AT / 3600);
	assert_false(opens(seal, &name, 256 + 33));
	plain[255] = 0;
	plain[11] = 245; /* longer than what is there */
	forge(plain, PUT_AT / 3600);
	assert_false(opens(seal, &name, 256 + 33));
	plain[8] = 0xff;
	forge(plain, PUT_AT / 3600);
	assert_false(opens(seal, &name, 256 + 33));
	shared_seal_free(seal);
}

static int
setup(void **state)
{
	fill_value();
	prng_fini();
	fake_rand_reset();
	return unit_setup(state);
}

static int
teardown(void **state)
{
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_those_of_the_second_implementation),
		TEST(records_are_those_of_the_second_implementation),
		TEST(a_record_with_any_bit_flipped_does_not_open),
		TEST(a_record_that_is_shorter_or_longer_does_not_open),
		TEST(a_record_opens_under_its_own_name_only),
		TEST(
		    whoever_differs_in_anything_has_other_names_and_cannot_open),
		TEST(values_of_all_sizes_come_back),
		TEST(a_record_tells_the_size_class_alone),
		TEST(the_same_value_is_never_sealed_to_the_same_bytes),
		TEST(
		    nothing_is_sealed_without_a_nonce_or_with_an_impossible_time),
		TEST(records_of_many_hours_open_in_any_order),
		TEST(a_record_that_contradicts_itself_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

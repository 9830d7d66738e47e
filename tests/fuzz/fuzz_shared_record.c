/*
 * fuzz_shared_record: any bytes as a record that an engine gives: as they are,
 * in the place of some bytes of a sound one, and as what a sound one holds.
 * Only what was sealed, and does not contradict itself, opens; what comes out
 * lies within it.
 */
#include "fuzz.h"

#include "minmax.h"
#include "shared_seal.h"
#include "xalloc.h"

#include <openssl/evp.h>

#define HOUR      277777
#define PLAIN_MAX 8192

static const unsigned char secret[SHARED_KEY_LEN] = { 1, 2, 3 };
static const unsigned char digest[SHARED_DIGEST_LEN] = { 4, 5, 6 };

static struct shared_seal *seal;
static struct shared_context context;
static struct shared_name name;

static void
begin(void)
{
	if (seal != NULL)
		return;
	shared_context_make(&context, "postfix", "smtpd", 3600, digest);
	seal = shared_seal_new(&context, secret);
	fuzz_expect(shared_seal_name(seal, SHARED_KIND_SESSION, "id", 2,
			&name) == ERROR_NONE);
}

/* In memory of just its size. */
static bool
opens(const unsigned char *record, size_t len, struct shared_plain *plain)
{
	unsigned char *copy = xmalloc(len > 0 ? len : 1);
	enum error error;

	if (len > 0)
		memcpy(copy, record, len);
	error = shared_seal_decrypt(seal, &name, copy, len, plain);
	free(copy);
	fuzz_expect(error == ERROR_NONE || error == ERROR_DAMAGED);
	return error == ERROR_NONE;
}

static void
check_bytes(const struct fuzz_input *input)
{
	struct shared_plain plain;

	fuzz_expect(!opens(input->data, input->len, &plain));
}

/* The value of a record is the input, and so is what is written into it. */
static void
check_changed(struct fuzz_input *input)
{
	size_t len = min_size(fuzz_take_u16(input) % 5000, input->len);
	size_t record_len = shared_seal_record_len(len), place;
	unsigned char *record = xmalloc(record_len);
	struct shared_plain plain;
	bool is_changed = false;

	fuzz_expect(shared_seal_encrypt(seal, &name, INT64_C(3600) * HOUR,
			input->data, len, record) == ERROR_NONE);
	fuzz_expect(opens(record, record_len, &plain));
	fuzz_expect(
	    plain.len == len && memcmp(plain.value, input->data, len) == 0);
	place = fuzz_take_u16(input) % record_len;
	for (size_t i = 0; i < input->len && place + i < record_len; i++) {
		is_changed |= record[place + i] != input->data[i];
		record[place + i] = input->data[i];
	}
	fuzz_expect(opens(record, record_len, &plain) == !is_changed);
	free(record);
}

static void
encrypt(const unsigned char *plain, size_t len, unsigned char *record)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	struct shared_context hour = context;
	unsigned char key[SHARED_KEY_LEN];
	int out;

	memset(record, 0, 17);
	record[0] = 1;
	for (int i = 0; i < 4; i++) {
		record[1 + i] = (unsigned char)(HOUR >> (24 - 8 * i));
		hour.bytes[hour.len++] = record[1 + i];
	}
	fuzz_expect(shared_context_derive(&hour, secret, "seal", key));
	EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, record + 5);
	EVP_EncryptUpdate(cipher, NULL, &out, (const unsigned char *)name.text,
	    SHARED_NAME_LEN);
	EVP_EncryptUpdate(cipher, NULL, &out, record, 5);
	EVP_EncryptUpdate(cipher, record + 17, &out, plain, (int)len);
	EVP_EncryptFinal_ex(cipher, record + 17 + len, &out);
	EVP_CIPHER_CTX_ctrl(
	    cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 17 + len);
	EVP_CIPHER_CTX_free(cipher);
}

static uint64_t
get_be(const unsigned char *bytes, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value * 256 + bytes[i];
	return value;
}

/* Does it agree with itself, and with the hour outside? */
static bool
is_consistent(const unsigned char *bytes, size_t len)
{
	if (len < 12 || get_be(bytes, 8) / 3600 != HOUR ||
	    get_be(bytes + 8, 4) > len - 12)
		return false;
	for (size_t i = 12 + (size_t)get_be(bytes + 8, 4); i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* The input is what was sealed, by somebody with the key. */
static void
check_plain(const struct fuzz_input *input)
{
	unsigned char record[PLAIN_MAX + SHARED_RECORD_OVERHEAD];
	size_t len = min_size(input->len, PLAIN_MAX);
	bool is_good = is_consistent(input->data, len);
	struct shared_plain plain;

	encrypt(input->data, len, record);
	fuzz_expect(
	    opens(record, len + SHARED_RECORD_OVERHEAD, &plain) == is_good);
	if (is_good)
		fuzz_expect(
		    plain.len <= len - 12 &&
		    memcmp(plain.value, input->data + 12, plain.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	unsigned how = fuzz_take_byte(&input) % 3;

	begin();
	if (how == 0)
		check_bytes(&input);
	else if (how == 1)
		check_changed(&input);
	else
		check_plain(&input);
	return 0;
}

/*
 * shared_seal: names and records. Owns the contexts of OpenSSL, which are made
 * once for each key: one to seal, for the hour in which sessions are put, and
 * a few to open.
 */
#include "shared_seal.h"

#include "buffer.h"
#include "prng.h"
#include "shared_bytes.h"
#include "shared_kdf.h"
#include "shared_mac.h"
#include "xalloc.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_VERSION 0x01
#define HOUR_S         3600

/* What a record says of it is compared with what is inside. */
#define HOUR_MAX UINT32_MAX

/* Hours whose contexts are kept for opening. */
#define OPENERS 4

/* Memory that is kept for the next one. */
#define PLAIN_KEEP 32768

#define MAC_LEN SHARED_KEY_LEN

/* "tlsmgr:" fingerprint ":" */
#define HEAD_LEN (sizeof(SHARED_NAME_PREFIX) - 1 + SHARED_FINGERPRINT_LEN + 1)

/* A key of one hour, ready for use. */
struct cipher {
	EVP_CIPHER_CTX *context;
	uint32_t hour;
	bool has_key;
};

struct shared_seal {
	struct shared_context context;
	unsigned char secret[SHARED_KEY_LEN];
	char name_head[HEAD_LEN + 1];
	struct shared_mac *names;
	struct cipher sealer;
	struct cipher openers[OPENERS];
	struct buffer plain;
};

_Static_assert(HEAD_LEN + (MAC_LEN * 4 + 2) / 3 == SHARED_NAME_LEN,
    "a name is as long as its parts");

/* Sizes that records come in, up to the first of the multiples of the last. */
static const size_t padded_lens[] = { 256, 512, 768, 1024, 1536, 2048, 3072,
	4096, 6144, 8192 };

#define PADDED_LENS     (sizeof(padded_lens) / sizeof(padded_lens[0]))
#define PADDED_MULTIPLE 4096

static size_t
pad_len(size_t len)
{
	for (size_t i = 0; i < PADDED_LENS; i++)
		if (len <= padded_lens[i])
			return padded_lens[i];
	return (len + PADDED_MULTIPLE - 1) / PADDED_MULTIPLE * PADDED_MULTIPLE;
}

size_t
shared_seal_record_len(size_t len)
{
	return pad_len(SHARED_PLAIN_HEAD + len) + SHARED_RECORD_OVERHEAD;
}

static struct shared_mac *
make_names(const struct shared_context *context, const unsigned char *secret)
{
	unsigned char key[SHARED_KEY_LEN];
	struct shared_mac *names = NULL;

	if (shared_context_derive(context, secret, "name", key))
		names = shared_mac_new(key);
	explicit_bzero(key, sizeof(key));
	return names;
}

static bool
make_ciphers(struct shared_seal *seal)
{
	bool is_good = (seal->sealer.context = EVP_CIPHER_CTX_new()) != NULL;

	for (int i = 0; i < OPENERS; i++) {
		seal->openers[i].context = EVP_CIPHER_CTX_new();
		is_good &= seal->openers[i].context != NULL;
	}
	return is_good;
}

struct shared_seal *
shared_seal_new(const struct shared_context *context,
    const unsigned char secret[SHARED_KEY_LEN])
{
	struct shared_seal *seal = xcalloc(1, sizeof(*seal));
	char fingerprint[SHARED_FINGERPRINT_LEN + 1];

	seal->context = *context;
	memcpy(seal->secret, secret, SHARED_KEY_LEN);
	buffer_init(&seal->plain);
	shared_context_fingerprint(context, secret, fingerprint);
	snprintf(seal->name_head, sizeof(seal->name_head),
	    "%s%s:", SHARED_NAME_PREFIX, fingerprint);
	seal->names = make_names(context, secret);
	if (seal->names != NULL && make_ciphers(seal))
		return seal;
	shared_seal_free(seal);
	return NULL;
}

void
shared_seal_free(struct shared_seal *seal)
{
	if (seal == NULL)
		return;
	shared_mac_free(seal->names);
	EVP_CIPHER_CTX_free(seal->sealer.context);
	for (int i = 0; i < OPENERS; i++)
		EVP_CIPHER_CTX_free(seal->openers[i].context);
	buffer_fini(&seal->plain);
	explicit_bzero(seal, sizeof(*seal));
	free(seal);
}

/* Base64 for names, RFC 4648 section 5, without padding; ends with a NUL. */
static void
encode_base64url(const unsigned char *data, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = digits[bits >> (count - 6) & 63];
	}
	if (count > 0)
		*out++ = digits[bits << (6 - count) & 63];
	*out = '\0';
}

enum error
shared_seal_name(struct shared_seal *seal, enum shared_kind kind,
    const void *id, size_t id_len, struct shared_name *name)
{
	unsigned char first = (unsigned char)kind, mac[MAC_LEN];

	if (!shared_mac_compute(seal->names, &first, 1, id, id_len, mac))
		return ERROR_UNSUPPORTED;
	memcpy(name->text, seal->name_head, HEAD_LEN);
	encode_base64url(mac, MAC_LEN, name->text + HEAD_LEN);
	return ERROR_NONE;
}

/* K_seal of an hour. */
static bool
derive_key(const struct shared_seal *seal, uint32_t hour, unsigned char *key)
{
	struct shared_context context = seal->context;

	shared_put_be32(context.bytes + context.len, hour);
	context.len += 4;
	return shared_context_derive(&context, seal->secret, "seal", key);
}

/* Have the key of the hour in it. */
static bool
prepare(const struct shared_seal *seal, struct cipher *cipher, uint32_t hour,
    bool is_to_encrypt)
{
	unsigned char key[SHARED_KEY_LEN];

	if (cipher->has_key && cipher->hour == hour)
		return true;
	cipher->hour = hour;
	cipher->has_key = derive_key(seal, hour, key) &&
	                  EVP_CipherInit_ex(cipher->context, EVP_aes_256_gcm(),
			      NULL, key, NULL, is_to_encrypt) == 1;
	explicit_bzero(key, sizeof(key));
	return cipher->has_key;
}

/* Everything before the text: nonce, direction, and what is not encrypted. */
static bool
begin(EVP_CIPHER_CTX *context, bool is_to_encrypt,
    const struct shared_name *name, const unsigned char *record)
{
	int len;

	return EVP_CipherInit_ex(context, NULL, NULL, NULL,
		   record + SHARED_HEADER_LEN, is_to_encrypt) == 1 &&
	       EVP_CipherUpdate(context, NULL, &len,
		   (const unsigned char *)name->text, SHARED_NAME_LEN) == 1 &&
	       EVP_CipherUpdate(
		   context, NULL, &len, record, SHARED_HEADER_LEN) == 1;
}

static bool
encrypt(EVP_CIPHER_CTX *context, const struct shared_name *name,
    const unsigned char *plain, size_t plain_len, unsigned char *record)
{
	unsigned char *text = record + SHARED_HEADER_LEN + SHARED_NONCE_LEN;
	int len;

	return begin(context, true, name, record) &&
	       EVP_CipherUpdate(context, text, &len, plain, (int)plain_len) ==
	           1 &&
	       EVP_CipherFinal_ex(context, text + len, &len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
		   SHARED_TAG_LEN, text + plain_len) == 1;
}

/* Time, length, value, and zeros up to the size class. */
static size_t
make_plain(struct buffer *buffer, int64_t put_at, const void *value, size_t len)
{
	size_t plain_len = pad_len(SHARED_PLAIN_HEAD + len);
	unsigned char *plain;

	buffer_clear(buffer, PLAIN_KEEP);
	plain = buffer_reserve(buffer, plain_len);
	shared_put_be64(plain, (uint64_t)put_at);
	shared_put_be32(plain + 8, (uint32_t)len);
	if (len > 0)
		memcpy(plain + SHARED_PLAIN_HEAD, value, len);
	memset(plain + SHARED_PLAIN_HEAD + len, 0,
	    plain_len - SHARED_PLAIN_HEAD - len);
	buffer_commit(buffer, plain_len);
	return plain_len;
}

enum error
shared_seal_encrypt(struct shared_seal *seal, const struct shared_name *name,
    int64_t put_at, const void *value, size_t len, unsigned char *record)
{
	enum error error = ERROR_UNSUPPORTED;
	size_t plain_len;

	if (put_at < 0 || put_at / HOUR_S > (int64_t)HOUR_MAX)
		return ERROR_INVALID;
	record[0] = RECORD_VERSION;
	shared_put_be32(record + 1, (uint32_t)(put_at / HOUR_S));
	if (prng_generate(record + SHARED_HEADER_LEN, SHARED_NONCE_LEN) !=
	    ERROR_NONE)
		return ERROR_RANDOM;
	plain_len = make_plain(&seal->plain, put_at, value, len);
	if (prepare(seal, &seal->sealer, (uint32_t)(put_at / HOUR_S), true) &&
	    encrypt(seal->sealer.context, name, buffer_head(&seal->plain),
		plain_len, record))
		error = ERROR_NONE;
	shared_seal_wipe(seal);
	return error;
}

/* False: the tag is not that of these bytes under this name. */
static bool
decrypt(struct shared_seal *seal, const struct shared_name *name,
    const unsigned char *record, size_t plain_len)
{
	const unsigned char *text =
	    record + SHARED_HEADER_LEN + SHARED_NONCE_LEN;
	uint32_t hour = shared_get_be32(record + 1);
	struct cipher *opener = &seal->openers[hour % OPENERS];
	unsigned char *plain, tag[SHARED_TAG_LEN];
	int len;

	if (!prepare(seal, opener, hour, false) ||
	    !begin(opener->context, false, name, record))
		return false;
	buffer_clear(&seal->plain, PLAIN_KEEP);
	plain = buffer_reserve(&seal->plain, plain_len);
	buffer_commit(&seal->plain, plain_len);
	memcpy(tag, text + plain_len, SHARED_TAG_LEN);
	return EVP_CipherUpdate(
		   opener->context, plain, &len, text, (int)plain_len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(opener->context, EVP_CTRL_AEAD_SET_TAG,
		   SHARED_TAG_LEN, tag) == 1 &&
	       EVP_CipherFinal_ex(opener->context, plain + len, &len) == 1;
}

/* A value of the length that it says, of the hour that its record says. */
static bool
read_plain(const struct buffer *buffer, const unsigned char *record,
    struct shared_plain *plain)
{
	const unsigned char *bytes = buffer_head(buffer);
	uint64_t put_at = shared_get_be64(bytes);
	size_t len = shared_get_be32(bytes + 8);

	if (len > buffer->len - SHARED_PLAIN_HEAD)
		return false;
	for (size_t i = SHARED_PLAIN_HEAD + len; i < buffer->len; i++)
		if (bytes[i] != 0)
			return false;
	*plain = (struct shared_plain){ .put_at = (int64_t)put_at,
		.value = bytes + SHARED_PLAIN_HEAD,
		.len = len };
	return put_at / HOUR_S == shared_get_be32(record + 1);
}

enum error
shared_seal_decrypt(struct shared_seal *seal, const struct shared_name *name,
    const unsigned char *record, size_t len, struct shared_plain *plain)
{
	if (len >= SHARED_RECORD_OVERHEAD + SHARED_PLAIN_HEAD &&
	    len <= INT32_MAX && record[0] == RECORD_VERSION &&
	    decrypt(seal, name, record, len - SHARED_RECORD_OVERHEAD) &&
	    read_plain(&seal->plain, record, plain))
		return ERROR_NONE;
	shared_seal_wipe(seal);
	return ERROR_DAMAGED;
}

void
shared_seal_wipe(struct shared_seal *seal)
{
	buffer_consume(&seal->plain, seal->plain.len);
}

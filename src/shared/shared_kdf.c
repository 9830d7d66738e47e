/*
 * shared_kdf: key derivation, by OpenSSL 1.1.1 to 3. Owns nothing; OpenSSL
 * wipes the copies of keys that it makes.
 */
#include "shared_kdf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <string.h>

/* A context for one derivation; NULL: OpenSSL cannot do this. */
static EVP_PKEY_CTX *
begin(int mode, const unsigned char *key, size_t key_len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

	if (context != NULL && EVP_PKEY_derive_init(context) == 1 &&
	    EVP_PKEY_CTX_hkdf_mode(context, mode) == 1 &&
	    EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set1_hkdf_key(context, key, (int)key_len) == 1)
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

/* Takes the context, which may be NULL. */
static bool
end(EVP_PKEY_CTX *context, bool is_good, unsigned char *out, size_t out_len)
{
	size_t len = out_len;

	is_good = is_good && EVP_PKEY_derive(context, out, &len) == 1 &&
	          len == out_len;
	EVP_PKEY_CTX_free(context);
	if (!is_good)
		explicit_bzero(out, out_len);
	return is_good;
}

bool
shared_kdf_extract(const char *salt, const unsigned char *secret, size_t len,
    unsigned char out[SHARED_KEY_LEN])
{
	EVP_PKEY_CTX *context =
	    begin(EVP_PKEY_HKDEF_MODE_EXTRACT_ONLY, secret, len);
	bool is_good = context != NULL &&
	               EVP_PKEY_CTX_set1_hkdf_salt(context,
			   (const unsigned char *)salt, (int)strlen(salt)) == 1;

	return end(context, is_good, out, SHARED_KEY_LEN);
}

bool
shared_kdf_expand(const unsigned char key[SHARED_KEY_LEN], const void *info,
    size_t info_len, unsigned char *out, size_t out_len)
{
	EVP_PKEY_CTX *context =
	    begin(EVP_PKEY_HKDEF_MODE_EXPAND_ONLY, key, SHARED_KEY_LEN);
	bool is_good = context != NULL && EVP_PKEY_CTX_add1_hkdf_info(context,
					      info, (int)info_len) == 1;

	return end(context, is_good, out, out_len);
}

bool
shared_kdf_hmac(const unsigned char key[SHARED_KEY_LEN], const void *message,
    size_t len, unsigned char out[SHARED_KEY_LEN])
{
	static const unsigned char nothing[1];

	if (HMAC(EVP_sha256(), key, SHARED_KEY_LEN, len > 0 ? message : nothing,
		len, out, NULL) != NULL)
		return true;
	explicit_bzero(out, SHARED_KEY_LEN);
	return false;
}

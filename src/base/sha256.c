/*
 * sha256: OpenSSL's digest, whose failures are fatal. Owns the context between
 * begin and end.
 */
#include "sha256.h"

#include "log.h"

#include <openssl/evp.h>
#include <string.h>

void
sha256_begin(struct sha256 *hash)
{
	hash->context = EVP_MD_CTX_new();
	if (hash->context == NULL ||
	    EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1)
		log_fatal("SHA-256 is not available");
}

void
sha256_add(struct sha256 *hash, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(hash->context, bytes, len) != 1)
		log_fatal("SHA-256 failed");
}

void
sha256_add_text(struct sha256 *hash, const char *text)
{
	sha256_add(hash, text, strlen(text) + 1);
}

void
sha256_end(struct sha256 *hash, unsigned char out[SHA256_LEN])
{
	if (EVP_DigestFinal_ex(hash->context, out, NULL) != 1)
		log_fatal("SHA-256 failed");
	EVP_MD_CTX_free(hash->context);
	hash->context = NULL;
}

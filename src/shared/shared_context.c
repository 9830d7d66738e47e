/*
 * shared_context: contexts, and the keys and fingerprints that follow from
 * them. Owns nothing but a digest between its begin and its end.
 */
#include "shared_context.h"

#include "log.h"
#include "shared_kdf.h"
#include "xalloc.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Raised when what goes into a digest changes. */
#define DIGEST_VERSION "tlsmgr settings 1"

#define LABEL_MAX 16

_Static_assert(SHARED_CONTEXT_MAX >= SHARED_GROUP_MAX + 1 + sizeof("smtpd") +
					 8 + SHARED_DIGEST_LEN,
    "a context has room for the longest group");

struct shared_digest {
	EVP_MD_CTX *context;
};

static void
add_bytes(struct shared_digest *digest, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(digest->context, bytes, len) != 1)
		log_fatal("SHA-256 failed");
}

/* With its NUL, so that neighbours cannot flow into each other. */
static void
add_text(struct shared_digest *digest, const char *text)
{
	add_bytes(digest, text, strlen(text) + 1);
}

struct shared_digest *
shared_digest_begin(void)
{
	struct shared_digest *digest = xmalloc(sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	if (digest->context == NULL ||
	    EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
		log_fatal("SHA-256 is not available");
	add_text(digest, DIGEST_VERSION);
	return digest;
}

void
shared_digest_add_parameter(
    void *shared_digest, const char *name, const char *value)
{
	add_text(shared_digest, name);
	add_text(shared_digest, value);
}

void
shared_digest_add_file(
    struct shared_digest *digest, const unsigned char hash[SHARED_DIGEST_LEN])
{
	add_bytes(digest, hash, SHARED_DIGEST_LEN);
}

void
shared_digest_end(
    struct shared_digest *digest, unsigned char out[SHARED_DIGEST_LEN])
{
	if (EVP_DigestFinal_ex(digest->context, out, NULL) != 1)
		log_fatal("SHA-256 failed");
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

bool
shared_context_is_group(const char *group)
{
	size_t len = strlen(group);

	for (size_t i = 0; i < len; i++)
		if (group[i] < '!' || group[i] > '~')
			return false;
	return len >= 1 && len <= SHARED_GROUP_MAX;
}

static void
append(struct shared_context *context, const void *bytes, size_t len)
{
	if (len > sizeof(context->bytes) - context->len)
		log_panic(
		    "a context of more than %d bytes", SHARED_CONTEXT_MAX);
	memcpy(context->bytes + context->len, bytes, len);
	context->len += len;
}

void
shared_context_make(struct shared_context *context, const char *group,
    const char *side, int64_t timeout_s,
    const unsigned char digest[SHARED_DIGEST_LEN])
{
	unsigned char timeout[8];

	shared_kdf_put_be64(timeout, (uint64_t)timeout_s);
	context->len = 0;
	append(context, group, strlen(group) + 1);
	append(context, side, strlen(side) + 1);
	append(context, timeout, sizeof(timeout));
	append(context, digest, SHARED_DIGEST_LEN);
}

bool
shared_context_derive(const struct shared_context *context,
    const unsigned char secret[SHARED_KEY_LEN], const char *label,
    unsigned char key[SHARED_KEY_LEN])
{
	unsigned char info[LABEL_MAX + SHARED_CONTEXT_MAX];
	size_t len = strlen(label);

	if (len > LABEL_MAX)
		log_panic("the label \"%s\" is too long", label);
	memcpy(info, label, len);
	memcpy(info + len, context->bytes, context->len);
	return shared_kdf_expand(
	    secret, info, len + context->len, key, SHARED_KEY_LEN);
}

void
shared_context_fingerprint(const struct shared_context *context,
    const unsigned char secret[SHARED_KEY_LEN],
    char fingerprint[SHARED_FINGERPRINT_LEN + 1])
{
	unsigned char key[SHARED_KEY_LEN];

	fingerprint[0] = '\0';
	if (shared_context_derive(context, secret, "tag", key))
		for (unsigned i = 0; i < SHARED_FINGERPRINT_LEN / 2; i++)
			snprintf(
			    fingerprint + (size_t)2 * i, 3, "%02x", key[i]);
	explicit_bzero(key, sizeof(key));
}

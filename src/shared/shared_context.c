/*
 * shared_context: contexts, and the keys and fingerprints that follow from
 * them. Owns nothing.
 */
#include "shared_context.h"

#include "log.h"
#include "shared_bytes.h"
#include "shared_kdf.h"

#include <stdio.h>
#include <string.h>

/* Raised when what goes into a digest changes. */
#define DIGEST_VERSION "tlsmgr settings 1"

#define LABEL_MAX 16

_Static_assert(SHARED_CONTEXT_MAX >= SHARED_GROUP_MAX + 1 + sizeof("smtpd") +
					 8 + SHARED_DIGEST_LEN,
    "a context has room for the longest group");

void
shared_digest_begin(struct sha256 *digest)
{
	sha256_begin(digest);
	sha256_add_text(digest, DIGEST_VERSION);
}

void
shared_digest_add_parameter(void *digest, const char *name, const char *value)
{
	sha256_add_text(digest, name);
	sha256_add_text(digest, value);
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

	shared_put_be64(timeout, (uint64_t)timeout_s);
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

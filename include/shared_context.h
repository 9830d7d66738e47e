/*
 * shared_context: what keys of a group depend on besides its secret, so that
 * hosts share nothing where they should not: the group, the side (smtpd, smtp,
 * lmtp), its timeout, its TLS settings, and the files that say whom it trusts.
 * tlsmgr-protocol(7) has the definitions, and values to test against. Pure.
 */
#ifndef SHARED_CONTEXT_H
#define SHARED_CONTEXT_H

#include "sha256.h"
#include "shared_secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARED_DIGEST_LEN      SHA256_LEN
#define SHARED_GROUP_MAX       64 /* bytes in the name of a group */
#define SHARED_CONTEXT_MAX     128
#define SHARED_FINGERPRINT_LEN 12 /* characters */

/*
 * The digest of a side: begin it; add its parameters in byte order of their
 * names, then, by sha256_add(), the SHA-256 of each of its files in the order
 * of the list; end it by sha256_end().
 */
void shared_digest_begin(struct sha256 *);
/* `digest` is a struct sha256: this is a shared_parameter_fn. */
void shared_digest_add_parameter(
    void *digest, const char *name, const char *value);

struct shared_context {
	unsigned char bytes[SHARED_CONTEXT_MAX];
	size_t len;
};

/* Is this the name of a group: 1 to SHARED_GROUP_MAX printable characters? */
bool shared_context_is_group(const char *group);

/* `group` is such a name, `side` one of smtpd, smtp, lmtp. */
void shared_context_make(struct shared_context *, const char *group,
    const char *side, int64_t timeout_s,
    const unsigned char digest[SHARED_DIGEST_LEN]);

/*
 * A key for one purpose, which the label names, from one of shared_secrets.
 * False: OpenSSL cannot do this, and the key is all zero.
 */
bool shared_context_derive(const struct shared_context *,
    const unsigned char secret[SHARED_KEY_LEN], const char *label,
    unsigned char key[SHARED_KEY_LEN]);

/*
 * Equal on two hosts that share; reveals nothing of the secret: hexadecimal
 * digits. Empty where shared_context_derive() is false.
 */
void shared_context_fingerprint(const struct shared_context *,
    const unsigned char secret[SHARED_KEY_LEN],
    char fingerprint[SHARED_FINGERPRINT_LEN + 1]);

#endif

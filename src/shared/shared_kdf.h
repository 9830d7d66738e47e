/*
 * shared_kdf: HKDF (RFC 5869) and HMAC (RFC 2104), both with SHA-256, by
 * OpenSSL. Pure; for the files of this room.
 */
#ifndef SHARED_KDF_H
#define SHARED_KDF_H

#include "shared_secret.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * HKDF-Extract with a salt of text. False: OpenSSL has no HKDF or no SHA-256,
 * and `out` is all zero; the same below.
 */
bool shared_kdf_extract(const char *salt, const unsigned char *secret,
    size_t len, unsigned char out[SHARED_KEY_LEN]);

/* HKDF-Expand to `out_len` bytes; at most 1024 bytes of info. */
bool shared_kdf_expand(const unsigned char key[SHARED_KEY_LEN],
    const void *info, size_t info_len, unsigned char *out, size_t out_len);

/* HMAC of a message, which may be empty. */
bool shared_kdf_hmac(const unsigned char key[SHARED_KEY_LEN],
    const void *message, size_t len, unsigned char out[SHARED_KEY_LEN]);

#endif

/*
 * sha256: SHA-256 (FIPS 180-4) of bytes that come in pieces, by OpenSSL. Where
 * OpenSSL cannot do this, the process ends with a fatal log line.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

#define SHA256_LEN 32

struct evp_md_ctx_st;

struct sha256 {
	struct evp_md_ctx_st *context; /* owned */
};

/* The hash of no bytes yet. Pair with sha256_end(). */
void sha256_begin(struct sha256 *);

/* Add `len` bytes. */
void sha256_add(struct sha256 *, const void *bytes, size_t len);

/* Add a string with its NUL, so that "ab", "c" and "a", "bc" differ. */
void sha256_add_text(struct sha256 *, const char *text);

/* The hash of all that was added; frees what begin allocated. */
void sha256_end(struct sha256 *, unsigned char out[SHA256_LEN]);

#endif

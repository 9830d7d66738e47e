/*
 * siphash: a keyed hash of 64 bits, SipHash-2-4 (J.-P. Aumasson and D. J.
 * Bernstein, "SipHash: a fast short-input PRF", 2012). Whoever does not know
 * the key can neither choose inputs that collide nor guess a hash.
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LEN 16

/* Of `len` bytes; as a number, the first byte of the output is the lowest. */
uint64_t siphash(
    const unsigned char key[SIPHASH_KEY_LEN], const void *data, size_t len);

#endif

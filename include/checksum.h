/*
 * checksum: tells damaged bytes from sound ones, and stands in for a key in
 * tables of ours. Not cryptographic: whoever may choose the bytes can make two
 * inputs collide, so a match is never proof that two inputs are the same.
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * 64 bits of all `len` bytes, and of the seed: two seeds give two functions
 * that have nothing to do with each other. A change within any one aligned
 * word of the input always shows. The result depends on the machine's byte
 * order, and not on where the bytes lie.
 */
uint64_t checksum64(uint64_t seed, const void *data, size_t len);

#endif

/*
 * shared_bytes: numbers in records and keys, the most significant byte first.
 */
#ifndef SHARED_BYTES_H
#define SHARED_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Write a number as 4 or as 8 bytes. */
static inline void
shared_put_be32(unsigned char *to, uint32_t number)
{
	number = htobe32(number);
	memcpy(to, &number, sizeof(number));
}

static inline void
shared_put_be64(unsigned char *to, uint64_t number)
{
	number = htobe64(number);
	memcpy(to, &number, sizeof(number));
}

/* Read one of 4 or of 8 bytes. */
static inline uint32_t
shared_get_be32(const unsigned char *from)
{
	uint32_t number;

	memcpy(&number, from, sizeof(number));
	return be32toh(number);
}

static inline uint64_t
shared_get_be64(const unsigned char *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof(number));
	return be64toh(number);
}

#endif

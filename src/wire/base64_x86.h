/*
 * base64_x86: the bulk of base64 with AVX2, seven times as fast as the portable
 * code and more. Used by base64.c only, which does what is left over, the
 * padding and the errors, and everything on other processors.
 */
#ifndef BASE64_X86_H
#define BASE64_X86_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __x86_64__

/*
 * Encode whole groups of 3 bytes from the front of data[0..len) and return
 * how many bytes were taken; writes 4/3 of that. 0 without AVX2.
 */
size_t base64_x86_encode(const unsigned char *data, size_t len, char *out);

/*
 * Decode whole groups of 4 characters from the front of text[0..len), up to
 * the first block with anything outside the alphabet in it (padding as well),
 * and return how many were taken; writes 3/4 of that, and nothing behind it.
 */
size_t base64_x86_decode(const char *text, size_t len, unsigned char *out);

/* Tests and benchmarks only: false leaves everything to the portable code. */
void base64_x86_enable(bool);

#else

static inline size_t
base64_x86_encode(const unsigned char *data, size_t len, char *out)
{
	(void)data;
	(void)len;
	(void)out;
	return 0;
}

static inline size_t
base64_x86_decode(const char *text, size_t len, unsigned char *out)
{
	(void)text;
	(void)len;
	(void)out;
	return 0;
}

static inline void
base64_x86_enable(bool enable)
{
	(void)enable;
}

#endif

#endif

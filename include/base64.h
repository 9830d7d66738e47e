/*
 * base64: the standard alphabet of RFC 4648 section 4, padded, without line
 * breaks. Pure; the hot path of every session that is looked up or stored.
 */
#ifndef BASE64_H
#define BASE64_H

#include "error.h"

#include <stddef.h>

#define BASE64_ENCODED_LEN(len) (((size_t)(len) + 2) / 3 * 4)
#define BASE64_DECODED_MAX(len) ((size_t)(len) / 4 * 3)

/*
 * Writes BASE64_ENCODED_LEN(len) bytes, no NUL. With len 0, data may be NULL.
 */
void base64_encode(const void *data, size_t len, char *out);

/*
 * Writes at most `size` bytes and their number to *out_len. Bits that the
 * padding leaves over in the last character are ignored, as Postfix does.
 * ERROR_PROTOCOL: not base64 (alphabet, padding, length); ERROR_TOO_LARGE:
 * more than `size` bytes. On failure *out_len is 0, and `out` may have been
 * written to.
 */
enum error base64_decode(const char *text, size_t len, unsigned char *out,
    size_t size, size_t *out_len);

#endif

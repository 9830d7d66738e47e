/*
 * utf8: characters of strings that may hold any bytes.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the character at the start of a string, 1 to 4 bytes, and its
 * code point. 0: it is no UTF-8 as RFC 3629 has it (overlong, a surrogate, past
 * U+10FFFF, cut off), or the string is empty.
 */
size_t utf8_decode(const char *text, uint32_t *code);

/*
 * Does it stand for itself where it is shown? Control characters do not (C0, C1
 * and DEL: they can steer a terminal), nor do line separators, nor those
 * that are invisible or change the direction of what is around them.
 */
bool utf8_is_printable(uint32_t code);

#endif

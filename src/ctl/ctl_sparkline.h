/*
 * ctl_sparkline: a row of numbers as a row of small bars, one character each.
 */
#ifndef CTL_SPARKLINE_H
#define CTL_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of a character in UTF-8; and one more for the end of the text. */
#define CTL_SPARKLINE_CHAR_LEN 3

/* Can output be UTF-8? By LC_ALL, LC_CTYPE and LANG, in that order. */
bool ctl_sparkline_is_utf8(void);

/*
 * One character for each value, scaled so that the largest is the highest:
 * U+2581 to U+2588, or ASCII of growing weight. 0 is the lowest of them; a
 * value that is negative or no finite number is a gap, a space. Ends with a
 * NUL; what has no room in `size`, at least 1, is left out, whole characters of
 * it. Returns the length in bytes without the NUL.
 */
size_t ctl_sparkline(
    char *text, size_t size, const double *values, size_t count, bool is_utf8);

#endif

/*
 * words: the words of a configuration value that is a list, with commas, blanks
 * or line ends between them (postconf(5)).
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/*
 * The first word of *list and its length; *list is moved behind it. NULL: there
 * is no other. The word is inside the list, and not terminated.
 */
const char *words_next(const char **list, size_t *len);

#endif

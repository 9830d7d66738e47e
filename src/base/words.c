/*
 * words: see its header. Pure.
 */
#include "words.h"

#include <string.h>

#define SEPARATORS ", \t\r\n"

const char *
words_next(const char **list, size_t *len)
{
	const char *word = *list + strspn(*list, SEPARATORS);

	*len = strcspn(word, SEPARATORS);
	*list = word + *len;
	return *len > 0 ? word : NULL;
}

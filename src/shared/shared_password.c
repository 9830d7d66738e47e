/*
 * shared_password: one line, of one word or two.
 */
#include "shared_password.h"

#include "xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word; *len is 0 if there is none. */
static const unsigned char *
next_word(const unsigned char *text, const unsigned char *end, size_t *len)
{
	while (text < end && is_blank(*text))
		text++;
	for (*len = 0; text + *len < end && !is_blank(text[*len]);)
		++*len;
	return text;
}

/* What is wrong with it; NULL: nothing. */
static const char *
judge(const unsigned char *text, size_t len)
{
	const unsigned char *end = text + len, *line_end;
	size_t word_len;

	if (memchr(text, '\0', len) != NULL)
		return "not a text";
	text = next_word(text, end, &word_len);
	if (word_len == 0)
		return "there is no password in it";
	line_end = memchr(text, '\n', (size_t)(end - text));
	if (line_end != NULL) {
		next_word(line_end, end, &word_len);
		if (word_len > 0)
			return "more than one line";
	}
	for (unsigned i = 0; i < 2; i++) {
		text = next_word(text, end, &word_len);
		text += word_len;
	}
	next_word(text, end, &word_len);
	return word_len > 0 ? "more than a user and a password" : NULL;
}

enum error
shared_password_parse(const char *path, const unsigned char *text, size_t len,
    char **user, char **password, char **cause)
{
	const char *problem = judge(text, len);
	const unsigned char *end = text + len, *first, *second;
	size_t first_len, second_len;

	*user = *password = NULL;
	if (problem != NULL) {
		*cause = xasprintf("%s: %s", path, problem);
		return ERROR_INVALID;
	}
	first = next_word(text, end, &first_len);
	second = next_word(first + first_len, end, &second_len);
	if (second_len > 0)
		*user = xstrndup((const char *)first, first_len);
	else {
		second = first;
		second_len = first_len;
	}
	*password = xstrndup((const char *)second, second_len);
	return ERROR_NONE;
}

void
shared_password_free(char *password)
{
	if (password == NULL)
		return;
	explicit_bzero(password, strlen(password));
	free(password);
}

/*
 * ctl_command: splits a command as master(8) does, at blanks that are not in
 * braces, and finds options in it as getopt(3) does.
 */
#include "ctl_command.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* The options of a daemon that take an argument: see master_options.c. */
#define WITH_ARGUMENT "imnost"

size_t
ctl_command_program_len(const char *command)
{
	return strcspn(command, CTL_COMMAND_BLANKS);
}

bool
ctl_command_runs(const char *command, const char *program)
{
	size_t len = ctl_command_program_len(command);

	return strlen(program) == len && strncmp(command, program, len) == 0;
}

char *
ctl_command_with(const char *command, const char *program)
{
	return xasprintf(
	    "%s%s", program, command + ctl_command_program_len(command));
}

/* The word at `text`; one that begins with a brace goes on to its match. */
static size_t
word_len(const char *text)
{
	size_t depth = 0, len = 0;

	if (*text != '{')
		return strcspn(text, CTL_COMMAND_BLANKS);
	do {
		if (text[len] == '{')
			depth++;
		else if (text[len] == '}')
			depth--;
		len++;
	} while (depth > 0 && text[len] != '\0');
	return len;
}

static bool
is_blank(char c)
{
	return c != '\0' && strchr(CTL_COMMAND_BLANKS, c) != NULL;
}

/*
 * The next word, to be freed, without braces and the blanks inside of them;
 * NULL: no more.
 */
static char *
next_word(const char **rest)
{
	const char *word = *rest + strspn(*rest, CTL_COMMAND_BLANKS);
	size_t len = word_len(word);

	*rest = word + len;
	if (len == 0)
		return NULL;
	if (len > 1 && *word == '{' && word[len - 1] == '}') {
		word++;
		len -= 2;
		for (; len > 0 && is_blank(*word); len--)
			word++;
		while (len > 0 && is_blank(word[len - 1]))
			len--;
	}
	return xstrndup(word, len);
}

/* The letter in a word of options that takes an argument, or NULL. */
static char *
find_letter(char *word)
{
	return *word == '-' ? strpbrk(word + 1, WITH_ARGUMENT) : NULL;
}

char **
ctl_command_overrides(const char *command, int *count)
{
	char **overrides = xcalloc(1, sizeof(*overrides));
	char *word, *letter, *argument;

	*count = 0;
	while ((word = next_word(&command)) != NULL) {
		letter = find_letter(word);
		argument = letter == NULL      ? NULL
		           : letter[1] != '\0' ? xstrdup(letter + 1)
		                               : next_word(&command);
		if (argument != NULL && *letter == 'o') {
			overrides = xrealloc(overrides,
			    ((size_t)*count + 2) * sizeof(*overrides));
			overrides[(*count)++] = argument;
			overrides[*count] = NULL;
		} else {
			free(argument);
		}
		free(word);
	}
	return overrides;
}

void
ctl_command_overrides_free(char **overrides)
{
	for (char **each = overrides; each != NULL && *each != NULL; each++)
		free(*each);
	free(overrides);
}

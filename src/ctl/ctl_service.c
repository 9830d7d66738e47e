/*
 * ctl_service: takes lines of master.cf apart. A service may take several lines
 * of the file, with comments between them. They are looked at in a copy in
 * which every byte that does not count is a blank, so that places in it are
 * places in the file.
 */
#include "ctl_service.h"

#include "ctl_command.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS CTL_COMMAND_BLANKS
#define TYPE   "unix"

static bool
is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

/* Up to the end of a line of the file, without it. */
static size_t
line_len(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);

	return newline != NULL ? (size_t)(newline - text) : len;
}

static size_t
blanks_len(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

static size_t
word_len(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && !is_blank(text[at]))
		at++;
	return at;
}

/* Does a line say nothing? */
static bool
is_skipped(const char *line, size_t len)
{
	size_t at = blanks_len(line, len);

	return at == len || line[at] == '#';
}

/* Blanks for all that does not count; what does is one line per service. */
static char *
blank_out(const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	size_t at, line;

	/* It would end there, and the file does not. */
	len = strlen(copy);
	for (at = 0; at < len; at += line + 1) {
		line = line_len(copy + at, len - at);
		if (is_skipped(copy + at, line)) {
			memset(copy + at, ' ', line);
			if (at > 0)
				copy[at - 1] = ' ';
		} else if (at > 0 && is_blank(copy[at])) {
			copy[at - 1] = ' ';
		}
	}
	return copy;
}

static bool
is_whole(const struct ctl_service *service)
{
	for (int i = 0; i < CTL_FIELDS; i++)
		if (service->fields[i] == NULL || *service->fields[i] == '\0')
			return false;
	return true;
}

void
ctl_service_fini(struct ctl_service *service)
{
	for (int i = 0; i < CTL_FIELDS; i++) {
		free(service->fields[i]);
		service->fields[i] = NULL;
	}
}

/* The fields of a line; returns where in it the command begins. */
static size_t
split(struct ctl_service *service, const char *line, size_t len)
{
	size_t at = 0, field_len;

	for (int i = 0; i < CTL_FIELD_COMMAND; i++) {
		at += blanks_len(line + at, len - at);
		field_len = word_len(line + at, len - at);
		service->fields[i] = xstrndup(line + at, field_len);
		at += field_len;
	}
	at += blanks_len(line + at, len - at);
	while (len > at && is_blank(line[len - 1]))
		len--;
	service->fields[CTL_FIELD_COMMAND] = xstrndup(line + at, len - at);
	return at;
}

static bool
is_wanted(const struct ctl_service *service, const char *name)
{
	return strcmp(service->fields[CTL_FIELD_SERVICE], name) == 0 &&
	       strcmp(service->fields[CTL_FIELD_TYPE], TYPE) == 0;
}

/* The number of the line of the file in which something is, from 1. */
static unsigned
line_number(const char *text, size_t at)
{
	unsigned number = 1;

	for (size_t i = 0; i < at; i++)
		number += text[i] == '\n';
	return number;
}

enum error
ctl_service_find(
    struct ctl_service *service, const char *text, size_t len, const char *name)
{
	char *copy = blank_out(text, len);
	size_t size = strlen(copy), line;
	struct ctl_service found;
	bool is_found = false;

	*service = (struct ctl_service){ .fields = { NULL } };
	for (size_t at = 0; at < size; at += line + 1) {
		line = line_len(copy + at, size - at);
		found = (struct ctl_service){ .line_before = service->line };
		found.program_at = at + split(&found, copy + at, line);
		if (!is_wanted(&found, name)) {
			ctl_service_fini(&found);
			continue;
		}
		/* What is in front of it in the copy are lines as well. */
		found.line =
		    line_number(text, at + blanks_len(copy + at, line));
		ctl_service_fini(service);
		*service = found;
		is_found = true;
	}
	free(copy);
	if (!is_found)
		return ERROR_NOT_FOUND;
	if (is_whole(service))
		return ERROR_NONE;
	ctl_service_fini(service);
	return ERROR_INVALID;
}

char *
ctl_service_replace_program(const struct ctl_service *service, const char *text,
    size_t *len, const char *program)
{
	size_t old_len =
	    ctl_command_program_len(service->fields[CTL_FIELD_COMMAND]);
	size_t new_len = strlen(program);
	size_t rest_at = service->program_at + old_len;
	char *copy = xmalloc(*len - old_len + new_len + 1);

	memcpy(copy, text, service->program_at);
	memcpy(copy + service->program_at, program, new_len);
	memcpy(copy + service->program_at + new_len, text + rest_at,
	    *len - rest_at);
	*len = *len - old_len + new_len;
	copy[*len] = '\0';
	return copy;
}

char *
ctl_service_format(const struct ctl_service *service)
{
	char *const *f = service->fields;

	return xasprintf("%s %s %s %s %s %s %s %s", f[0], f[1], f[2], f[3],
	    f[4], f[5], f[6], f[7]);
}

enum error
ctl_service_parse(struct ctl_service *service, const char *line)
{
	*service = (struct ctl_service){ .fields = { NULL } };
	split(service, line, strlen(line));
	if (is_whole(service))
		return ERROR_NONE;
	ctl_service_fini(service);
	return ERROR_INVALID;
}

bool
ctl_service_is_same(const struct ctl_service *a, const struct ctl_service *b)
{
	const char *left = a->fields[CTL_FIELD_COMMAND];
	const char *right = b->fields[CTL_FIELD_COMMAND];

	for (int i = 0; i < CTL_FIELD_COMMAND; i++)
		if (strcmp(a->fields[i], b->fields[i]) != 0)
			return false;
	return strcmp(left + ctl_command_program_len(left),
		   right + ctl_command_program_len(right)) == 0;
}

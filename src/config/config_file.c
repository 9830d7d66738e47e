/*
 * config_file: reads main.cf and its like: physical lines, the logical lines
 * that they make up, and the assignments in those.
 */
#include "config.h"

#include "log.h"
#include "xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A logical line as it grows. */
struct logical_line {
	char *text; /* owned; NULL: none yet */
	size_t len;
	size_t size;
	unsigned number; /* of its first physical line */
};

static bool
is_blank(char c)
{
	return isspace((unsigned char)c) != 0;
}

/* A copy without the blanks at either end. */
static char *
trimmed_copy(const char *text, size_t len)
{
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	return xstrndup(text, len);
}

const char *
config_split_assignment(const char *assignment, char **name, char **value)
{
	const char *equals = strchr(assignment, '=');
	const char *problem = NULL;

	if (equals == NULL)
		return "missing '=' after attribute name";
	*name = trimmed_copy(assignment, (size_t)(equals - assignment));
	if (**name == '\0')
		problem = "missing attribute name";
	for (const char *p = *name; *p != '\0'; p++)
		if (is_blank(*p))
			problem = "missing '=' after attribute name";
	if (problem != NULL) {
		free(*name);
		return problem;
	}
	*value = trimmed_copy(equals + 1, strlen(equals + 1));
	return NULL;
}

static void
warn_overriding(const struct config *config, const char *path, unsigned number,
    const char *name, const char *value)
{
	const struct config_entry *entry = config_get(config, name);

	if (entry != NULL && entry->origin == CONFIG_FILE &&
	    strcmp(entry->file, path) == 0 && strcmp(entry->text, value) != 0)
		log_warning("%s, line %u: overriding earlier entry: %s=%s",
		    path, number, name, entry->text);
}

/* What a logical line says goes into the dictionary. */
static enum error
end_line(struct config *config, const char *path, struct logical_line *line,
    char **cause)
{
	char *name, *value;
	const char *problem;

	if (line->text == NULL)
		return ERROR_NONE;
	problem = config_split_assignment(line->text, &name, &value);
	if (problem != NULL) {
		*cause = xasprintf("%s, line %u: %s: \"%s\"", path,
		    line->number, problem, line->text);
	} else {
		warn_overriding(config, path, line->number, name, value);
		config_set_from(
		    config, name, value, CONFIG_FILE, path, line->number);
		free(name);
		free(value);
	}
	free(line->text);
	line->text = NULL;
	return problem == NULL ? ERROR_NONE : ERROR_INVALID;
}

static void
append(struct logical_line *line, const char *text, size_t len)
{
	if (line->text == NULL || line->len + len + 1 > line->size) {
		line->size = (line->len + len + 1) * 2;
		line->text = xrealloc(line->text, line->size);
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
	line->text[line->len] = '\0';
}

/* Nothing but blanks, or a comment: not there, even inside a logical line. */
static bool
is_skipped(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && is_blank(text[i]))
		i++;
	return i == len || text[i] == '#';
}

static enum error
add_physical_line(struct config *config, const char *path,
    struct logical_line *line, const char *text, size_t len, unsigned number,
    char **cause)
{
	if (is_skipped(text, len))
		return ERROR_NONE;
	if (memchr(text, '\0', len) != NULL) {
		*cause = xasprintf(
		    "%s, line %u: there is a NUL byte in it", path, number);
		return ERROR_INVALID;
	}
	if (is_blank(*text)) {
		if (line->text != NULL)
			append(line, text, len);
		else
			log_warning("%s: logical line must not start with "
				    "whitespace: \"%.*s\"",
			    path, (int)len, text);
		return ERROR_NONE;
	}
	if (end_line(config, path, line, cause) != ERROR_NONE)
		return ERROR_INVALID;
	line->len = 0;
	line->number = number;
	append(line, text, len);
	return ERROR_NONE;
}

static enum error
read_lines(struct config *config, const char *path, FILE *file, char **cause)
{
	struct logical_line line = { NULL, 0, 0, 0 };
	enum error error = ERROR_NONE;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	unsigned number = 0;

	while (
	    error == ERROR_NONE && (len = getline(&text, &size, file)) >= 0) {
		if (len > 0 && text[len - 1] == '\n')
			len--;
		error = add_physical_line(
		    config, path, &line, text, (size_t)len, ++number, cause);
	}
	if (error == ERROR_NONE && !feof(file)) {
		*cause = xasprintf("read %s: %s", path, strerror(errno));
		error = ERROR_IO;
	}
	if (error == ERROR_NONE)
		error = end_line(config, path, &line, cause);
	free(line.text);
	free(text);
	return error;
}

enum error
config_read_file(
    struct config *config, const char *path, bool optional, char **cause)
{
	FILE *file = fopen(path, "re");
	enum error error;

	if (file == NULL && errno == ENOENT && optional)
		return ERROR_NONE;
	if (file == NULL) {
		*cause = xasprintf("open %s: %s", path, strerror(errno));
		return ERROR_IO;
	}
	error = read_lines(config, path, file, cause);
	fclose(file);
	return error;
}

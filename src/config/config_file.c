/*
 * config_file: reads main.cf and tlsmgr.cf: physical lines, the logical lines
 * that they make up, and the assignments in those.
 */
#include "config.h"

#include "config_blank.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A file that is being read, and a logical line as it grows. */
struct reader {
	struct config *config;
	const char *path;
	config_name_fn *check_name; /* NULL: main.cf */
	enum error error;           /* the first, with its cause */
	char **cause;
	char *text; /* owned; NULL: no line was begun */
	size_t len;
	size_t size;
	unsigned number; /* of its first physical line */
};

/* In main.cf a bad line is an error; in tlsmgr.cf it is ignored. */
static void
reject(struct reader *reader, char *problem)
{
	bool is_main = reader->check_name == NULL;
	char *text = xasprintf("%s, line %u: %s%s", reader->path,
	    reader->number, problem, is_main ? "" : " (ignored)");

	free(problem);
	if (!is_main) {
		config_add_problem(reader->config, CONFIG_IGNORED, text);
	} else if (reader->error == ERROR_NONE) {
		reader->error = ERROR_INVALID;
		*reader->cause = text;
	} else {
		free(text);
	}
}

static void
warn(struct reader *reader, char *problem)
{
	config_add_problem(reader->config, CONFIG_WARNING,
	    xasprintf(
		"%s, line %u: %s", reader->path, reader->number, problem));
	free(problem);
}

static void
set(struct reader *reader, const char *name, const char *value)
{
	const struct config_entry *entry = config_get(reader->config, name);

	if (entry != NULL && entry->file != NULL &&
	    strcmp(entry->file, reader->path) == 0 &&
	    strcmp(entry->text, value) != 0)
		warn(reader, xasprintf("overriding earlier entry: %s=%s", name,
				 entry->text));
	config_set_from(reader->config, name, value,
	    reader->check_name == NULL ? CONFIG_FILE : CONFIG_OWN_FILE,
	    reader->path, reader->number);
}

/* As Postfix reads it, a line ends at a NUL byte. */
static void
warn_of_nul(struct reader *reader)
{
	size_t len = strlen(reader->text);

	if (len < reader->len)
		warn(reader, xasprintf("there is a NUL byte in it, and what "
				       "follows is ignored: \"%s\"",
				 reader->text));
}

static void
take_assignment(struct reader *reader, const char *name, const char *value)
{
	char *problem =
	    reader->check_name != NULL ? reader->check_name(name) : NULL;

	if (problem != NULL)
		reject(reader, problem);
	else
		set(reader, name, value);
}

/* What a logical line says goes into the dictionary. */
static void
end_line(struct reader *reader)
{
	char *name, *value;
	const char *problem;

	if (reader->text == NULL)
		return;
	warn_of_nul(reader);
	problem = config_split_assignment(reader->text, &name, &value);
	if (problem != NULL) {
		reject(reader, xasprintf("%s: \"%s\"", problem, reader->text));
	} else {
		take_assignment(reader, name, value);
		free(name);
		free(value);
	}
	free(reader->text);
	reader->text = NULL;
}

static void
append(struct reader *reader, const char *text, size_t len)
{
	if (reader->text == NULL || reader->len + len + 1 > reader->size) {
		reader->size = (reader->len + len + 1) * 2;
		reader->text = xrealloc(reader->text, reader->size);
	}
	memcpy(reader->text + reader->len, text, len);
	reader->len += len;
	reader->text[reader->len] = '\0';
}

/* Nothing but blanks, or a comment: not there, even inside a logical line. */
static bool
is_skipped(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && config_is_blank(text[i]))
		i++;
	return i == len || text[i] == '#';
}

static void
add_physical_line(
    struct reader *reader, const char *text, size_t len, unsigned number)
{
	if (is_skipped(text, len))
		return;
	if (config_is_blank(*text)) {
		if (reader->text != NULL)
			append(reader, text, len);
		else
			config_add_problem(reader->config, CONFIG_WARNING,
			    xasprintf("%s: logical line must not start with "
				      "whitespace: \"%.*s\"",
				reader->path, (int)len, text));
		return;
	}
	end_line(reader);
	reader->len = 0;
	reader->number = number;
	append(reader, text, len);
}

/* Read to the end, also behind an error: callers may use what there is. */
static void
read_lines(struct reader *reader, FILE *file)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	unsigned number = 0;

	while ((len = getline(&text, &size, file)) >= 0) {
		if (len > 0 && text[len - 1] == '\n')
			len--;
		add_physical_line(reader, text, (size_t)len, ++number);
	}
	end_line(reader);
	free(text);
	if (!feof(file) && reader->error == ERROR_NONE) {
		reader->error = ERROR_IO;
		*reader->cause =
		    xasprintf("read %s: %s", reader->path, strerror(errno));
	}
}

/* Whoever hides a file behind /dev/null means an empty one. */
static bool
is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static bool
may_be_read(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
		   is_null_device(&st));
}

/* NULL, with errno: it cannot be read, or its end might never come. */
static FILE *
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (may_be_read(fd))
		file = fdopen(fd, "r");
	if (file == NULL)
		close(fd);
	return file;
}

/* A text of our own where that of strerror(3) would not help. */
static const char *
describe_failure(int error_number)
{
	return error_number == EINVAL ? "it is not a regular file"
	                              : strerror(error_number);
}

static enum error
read_file(struct reader *reader)
{
	FILE *file = open_file(reader->path);

	if (file == NULL) {
		reader->error = errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO;
		*reader->cause = xasprintf(
		    "open %s: %s", reader->path, describe_failure(errno));
		return reader->error;
	}
	read_lines(reader, file);
	fclose(file);
	return reader->error;
}

enum error
config_read_file(struct config *config, const char *path, char **cause)
{
	struct reader reader = {
		.config = config,
		.path = path,
		.cause = cause,
	};
	enum error error = read_file(&reader);

	return error == ERROR_NOT_FOUND ? ERROR_IO : error;
}

void
config_read_own_file(
    struct config *config, const char *path, config_name_fn *check_name)
{
	char *cause = NULL;
	struct reader reader = {
		.config = config,
		.path = path,
		.check_name = check_name,
		.cause = &cause,
	};

	if (read_file(&reader) == ERROR_IO)
		config_add_problem(config, CONFIG_IGNORED, cause);
	else
		free(cause);
}

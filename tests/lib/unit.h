/*
 * unit: what unit tests share: the lines logged so far, and a directory of the
 * test's own. Included once, after cmocka.h, by the test's only file.
 */
#ifndef UNIT_H
#define UNIT_H

#include "log.h"

#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char unit_lines[64 * 1024]; /* "level:text\n" each */
static char unit_directory[PATH_MAX];

static inline void
unit_sink(void *arg, enum log_level level, const char *text)
{
	size_t len = strlen(unit_lines);

	(void)arg;
	snprintf(unit_lines + len, sizeof(unit_lines) - len, "%d:%s\n",
	    (int)level, text);
}

/* How many warnings and worse were logged since the last unit_log_clear(). */
static inline unsigned
unit_log_complaints(void)
{
	const char *line = unit_lines;
	unsigned count = 0;

	for (; *line != '\0'; line = strchr(line, '\n') + 1)
		if (line[0] != '0' + LOG_LEVEL_INFO)
			++count;
	return count;
}

/* How many lines of any level. */
static inline unsigned
unit_log_lines(void)
{
	unsigned count = 0;

	for (const char *at = unit_lines; *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

/* Was a line logged that contains this text? */
static inline bool
unit_log_has(const char *text)
{
	return strstr(unit_lines, text) != NULL;
}

static inline void
unit_log_clear(void)
{
	unit_lines[0] = '\0';
}

/* A path in the test's directory; good for the next 31 calls. */
static inline const char *
unit_path(const char *name)
{
	static char paths[32][PATH_MAX + NAME_MAX];
	static unsigned next;
	char *path = paths[next++ % 32];

	snprintf(path, sizeof(paths[0]), "%s/%s", unit_directory, name);
	return path;
}

/* Setup: lines are caught, and the directory exists and is empty. */
static inline int
unit_setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	log_set_sink(unit_sink, NULL);
	unit_log_clear();
	snprintf(unit_directory, sizeof(unit_directory), "%s/tlsmgr-XXXXXX",
	    parent != NULL ? parent : "/tmp");
	return mkdtemp(unit_directory) != NULL ? 0 : -1;
}

static inline int
unit_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
unit_teardown(void **state)
{
	log_set_sink(NULL, NULL);
	return nftw(unit_directory, unit_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif

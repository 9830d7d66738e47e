/*
 * config: main.cf and tlsmgr.cf (CONTRACT section 3).
 *
 * A config is a dictionary from name to unexpanded text, with where it came
 * from; it is filled from files and -o overrides, in that order of weakness:
 * default, tlsmgr.cf or main.cf, -o. It reads files and nothing else.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

enum config_origin {
	CONFIG_DEFAULT,
	CONFIG_FILE,
	CONFIG_OVERRIDE, /* -o name=value */
	CONFIG_FIXED,    /* process_id and the like: not to be overridden */
};

struct config_entry {
	char *name;
	char *text;   /* unexpanded */
	enum config_origin origin;
	char *file;   /* NULL unless origin is CONFIG_FILE */
	unsigned line;
};

struct config;

struct config *config_new(void);
void config_free(struct config *);

/*
 * Read a file into the dictionary. With `optional`, a file that is not there
 * is no error. ERROR_INVALID, ERROR_IO: *cause names the file and the line.
 * An assignment that overrides another one of the same file, and a first line
 * that begins with white space, are logged as warnings, as Postfix does.
 */
enum error config_read_file(struct config *, const char *path, bool optional,
    char **cause);

/* The argument of -o. ERROR_INVALID, with a cause: no name, or read-only. */
enum error config_override(struct config *, const char *assignment,
    char **cause);

/* Set a default or a fixed value. A stronger origin is not replaced. */
void config_set(struct config *, const char *name, const char *text,
    enum config_origin);

/* The same, with the file and line that it comes from (file NULL: none). */
void config_set_from(struct config *, const char *name, const char *text,
    enum config_origin, const char *file, unsigned line);

/*
 * Split "name = value"; both are the caller's. Returns what is wrong with it,
 * or NULL.
 */
const char *config_split_assignment(const char *assignment, char **name,
    char **value);

/* The entry of that name, borrowed, or NULL. */
const struct config_entry *config_get(const struct config *, const char *name);

/* Call back for every entry, in order of name. */
typedef void config_each_fn(void *arg, const struct config_entry *);
void config_each(const struct config *, config_each_fn *, void *arg);

/*
 * Expand `text` (CONTRACT section 3: $name, ${name?...}, ${{a} == {b} ? ...}).
 * The result, for the caller to free, is in *value. ERROR_INVALID: a macro
 * that reaches itself or nests too deep, or bad syntax; *cause names it.
 */
enum error config_expand(const struct config *, const char *text, char **value,
    char **cause);

/* The expanded value of a name; an unknown name is the empty string. */
enum error config_value(const struct config *, const char *name, char **value,
    char **cause);

/*
 * What is wrong with a value, and where it was set, for the caller to free:
 * "FILE, line N: parameter NAME: bad value "VALUE": PROBLEM".
 */
char *config_describe_problem(const struct config *, const char *name,
    const char *value, const char *problem);

/* Pure parsers of values. ERROR_INVALID: not of the type. */
enum error config_parse_time(const char *text, char default_unit,
    long long *seconds);
enum error config_parse_int(const char *text, long long *value);
/* Bytes, with an optional suffix k, m or g (powers of 1024). */
enum error config_parse_size(const char *text, long long *bytes);
enum error config_parse_bool(const char *text, bool *value);

#endif

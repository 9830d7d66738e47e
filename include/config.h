/*
 * config: the text of main.cf and tlsmgr.cf, and of -o (postconf(5), "-o" in
 * master(5)).
 *
 * A config is a dictionary from name to unexpanded text, with where it came
 * from; it is filled from defaults, files and overrides. What is amiss but does
 * not matter enough to stop a mail system is kept in it as a list of problems;
 * whether those are logged or shown is for the caller to decide. Nothing here
 * writes a log line.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* From weak to strong. */
enum config_origin {
	CONFIG_DEFAULT,
	CONFIG_FILE,     /* main.cf */
	CONFIG_OWN_FILE, /* tlsmgr.cf */
	CONFIG_OVERRIDE, /* -o name=value */
	CONFIG_FIXED,    /* process_id and the like: not to be overridden */
};

struct config_entry {
	char *name;
	char *text; /* unexpanded */
	enum config_origin origin;
	char *file; /* NULL unless it came from a file */
	unsigned line;
};

struct config;

/* An empty dictionary; NULL may be freed. */
struct config *config_new(void);
void config_free(struct config *);

enum config_severity {
	CONFIG_WARNING,
	CONFIG_IGNORED, /* something that was set is not in force */
};

/* Add to the list of problems; the text, one line, is taken over. */
void config_add_problem(struct config *, enum config_severity, char *text);

/* Call back for each problem, in the order in which they were found. */
typedef void config_problem_fn(
    void *arg, enum config_severity, const char *text);
void config_each_problem(const struct config *, config_problem_fn *, void *arg);

/* How many of them are CONFIG_IGNORED; and the first of those, or NULL. */
size_t config_ignored_count(const struct config *);
const char *config_first_ignored(const struct config *);

/*
 * Read main.cf. ERROR_INVALID, ERROR_IO: *cause, for the caller to free, names
 * the file and the line, the first of several; all other lines have been taken.
 * Problems: an assignment that overrides another one of the same file, a first
 * line that begins with white space, a NUL byte.
 */
enum error config_read_file(struct config *, const char *path, char **cause);

/*
 * Read tlsmgr.cf, which need not be there. Nothing in it is an error: lines
 * without an assignment are CONFIG_IGNORED, and so are those with a name that
 * may not stand there, and the rest of a file that cannot be read. check_name
 * returns NULL, or what is wrong with a name, allocated.
 */
typedef char *config_name_fn(const char *name);
void config_read_own_file(
    struct config *, const char *path, config_name_fn *check_name);

/* The argument of -o. ERROR_INVALID, with a cause: no name, or read-only. */
enum error config_override(
    struct config *, const char *assignment, char **cause);

/* Set a default or a fixed value. A stronger origin is not replaced. */
void config_set(
    struct config *, const char *name, const char *text, enum config_origin);

/* The same, with the file and line that it comes from (file NULL: none). */
void config_set_from(struct config *, const char *name, const char *text,
    enum config_origin, const char *file, unsigned line);

/* Back to a default, whatever it was. */
void config_reset(struct config *, const char *name, const char *text);

/*
 * Split "name = value"; both are the caller's. Returns what is wrong with it,
 * or NULL.
 */
const char *config_split_assignment(
    const char *assignment, char **name, char **value);

/* The entry of that name, borrowed, or NULL. */
const struct config_entry *config_get(const struct config *, const char *name);

/* Call back for every entry, in order of name. */
typedef void config_each_fn(void *arg, const struct config_entry *);
void config_each(const struct config *, config_each_fn *, void *arg);

/*
 * Expand `text` as postconf(5) says: $name, ${name?...}, ${{a} == {b} ? ...}.
 * The result, for the caller to free, is in *value. ERROR_INVALID: a macro
 * that reaches itself or nests too deep, or bad syntax; *cause names it.
 */
enum error config_expand(
    const struct config *, const char *text, char **value, char **cause);

/* The expanded value of a name; an unknown name is the empty string. */
enum error config_value(
    const struct config *, const char *name, char **value, char **cause);

/*
 * What is wrong with a value, and where it was set, for the caller to free:
 * "FILE, line N: parameter NAME: bad value "VALUE": PROBLEM".
 */
char *config_describe_problem(const struct config *, const char *name,
    const char *value, const char *problem);

/*
 * The same of a part at its end that is not looked at: "FILE, line N: parameter
 * NAME: value "VALUE": "REST" is ignored".
 */
char *config_describe_rest(const struct config *, const char *name,
    const char *value, const char *rest);

/*
 * Pure parsers of values. ERROR_INVALID: not of the type. As with Postfix, a
 * number may have a sign in front, and what follows the unit of a time is not
 * looked at: *rest is where that begins.
 */
enum error config_parse_time(
    const char *text, char default_unit, long long *seconds, const char **rest);
enum error config_parse_int(const char *text, long long *value);
/* Bytes, with an optional suffix k, m or g (powers of 1024). */
enum error config_parse_size(const char *text, long long *bytes);
enum error config_parse_bool(const char *text, bool *value);

#endif

/*
 * settings: the parameters of params.def, parsed and checked. Read once, at
 * start, by main; every other module is handed the values that it needs. The
 * administrator's tool reads them by the same functions, so that it sees what
 * the daemon would.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "config.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

/* What a parameter of each type of params.def is in C; an ENUM, as listed. */
#define SETTINGS_C_STRING char *
#define SETTINGS_C_ENUM   char *
#define SETTINGS_C_TIME   int64_t
#define SETTINGS_C_INT    int64_t
#define SETTINGS_C_SIZE   int64_t
#define SETTINGS_C_BOOL   bool

struct settings {
#define PARAM(name, type, text, words, min, max) SETTINGS_C_##type name;
#include "params.def"
	char *postfix_version; /* of the Postfix installed; NULL: not known */
	/* A bad value for which nothing is shared that would be; or NULL. */
	char *shared_problem;
};

/* Where settings come from. All of it is borrowed. */
struct settings_source {
	const char *config_directory; /* NULL: the one that was built in */
	const char *service_name;     /* NULL: "tlsmgr" */
	const char *const *overrides; /* of -o, each "name=value" */
	int override_count;
	/*
	 * Returns the version of the Postfix in that directory, for the caller
	 * to free, or NULL if it cannot be found. May itself be NULL.
	 */
	char *(*find_version)(const char *daemon_directory);
};

/*
 * Set all defaults in a new config, and read main.cf and tlsmgr.cf. On an
 * error, as of config_read_file(), the config has what could be read.
 */
enum error settings_load_files(
    struct config *, const struct settings_source *, char **cause);

/*
 * The whole start: files, overrides, the version of Postfix, and the values of
 * all parameters. ERROR_INVALID, ERROR_IO: *cause, for the caller to free, says
 * what is wrong and where, and there are no settings to fini. Either way the
 * config has the list of problems.
 */
enum error settings_load(struct settings *, struct config *,
    const struct settings_source *, char **cause);

/*
 * Put into a config the defaults of params.def and of the other parameters of
 * Postfix.
 */
void settings_set_defaults(struct config *);

/*
 * Complete the defaults that follow from what was set (mydomain), then expand,
 * parse and check every parameter. A bad value of a parameter of our own,
 * wherever it is set, is replaced by a default, in the config as well, and is a
 * problem of kind CONFIG_IGNORED. ERROR_INVALID, for one of Postfix's: *cause
 * names the parameter, the value, where it was set and what would do; there is
 * nothing to fini.
 */
enum error settings_read(struct settings *, struct config *, char **cause);

/*
 * A value that only its user can judge is invalid: a fatal line that names the
 * parameter, its value and where it was set. Start-up only.
 */
_Noreturn void settings_fatal(
    const struct config *, const char *name, const char *problem);

/*
 * The type of a database, "type:path" or a path alone for the default type; the
 * caller frees it. *path is inside `database`.
 */
char *settings_database_type(
    const struct settings *, const char *database, const char **path);

/*
 * Does this value of smtpd_tls_loglevel (or its like) ask for the activity of
 * the cache to be logged? ERROR_INVALID: unknown words in it, named in *cause;
 * *log_cache says what the others ask for.
 */
enum error settings_log_cache_activity(
    const char *loglevel, bool *log_cache, char **cause);

/*
 * Call back for every parameter, in the order of params.def, with its value
 * expanded and what is known of where it was set.
 */
typedef void settings_each_fn(
    void *arg, const struct config_entry *, const char *value);
void settings_each(const struct config *, settings_each_fn *, void *arg);

/* Free the strings; the structure is the caller's. */
void settings_fini(struct settings *);

#endif

/*
 * settings: the parameters of params.def, parsed and checked. Read once, at
 * start, by main; every other module is handed the values that it needs.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "config.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

struct settings {
#define PARAM_STRING(name, text)          char *name;
#define PARAM_NONEMPTY(name, text)        char *name;
#define PARAM_ENUM(name, text, words)     char *name; /* as listed */
#define PARAM_TIME(name, text, min, max)  int64_t name;
#define PARAM_INT(name, text, min, max)   int64_t name;
#define PARAM_SIZE(name, text, min, max)  int64_t name;
#define PARAM_BOOL(name, text)            bool name;
#include "params.def"
#undef PARAM_STRING
#undef PARAM_NONEMPTY
#undef PARAM_ENUM
#undef PARAM_TIME
#undef PARAM_INT
#undef PARAM_SIZE
#undef PARAM_BOOL
};

/* Put the defaults of params.def into a config. */
void settings_set_defaults(struct config *);

/*
 * Complete the defaults that follow from what was set (mydomain), then expand,
 * parse and check every parameter. ERROR_INVALID: *cause names the parameter,
 * the value, where it was set and what would do; there is nothing to fini.
 */
enum error settings_read(struct settings *, struct config *, char **cause);

/*
 * A value that only its user can judge is no good: a fatal line that names the
 * parameter, its value and where it was set. Start-up only.
 */
_Noreturn void settings_fatal(const struct config *, const char *name,
    const char *problem);

/*
 * Check the names that stand in files. ERROR_INVALID, with a cause: own_file
 * (tlsmgr.cf) sets a parameter that is not ours. A parameter with our prefix
 * that does not exist is logged as a warning. Postfix has one with our prefix,
 * tlsmgr_service_name; it stays Postfix's.
 */
enum error settings_check_names(const struct config *, const char *own_file,
    char **cause);
/* The same warning for a name that -o sets. */
void settings_check_override_names(const struct config *);

/*
 * The type of a database, "type:path" or a path alone for the default type; the
 * caller frees it. *path is inside `database`.
 */
char *settings_database_type(const struct settings *, const char *database,
    const char **path);

/*
 * Does this value of smtpd_tls_loglevel (or its like) ask for the activity of
 * the cache to be logged? ERROR_INVALID: unknown words in it, named in *cause;
 * *log_cache says what the others ask for.
 */
enum error settings_log_cache_activity(const char *loglevel, bool *log_cache,
    char **cause);

/*
 * Call back for every parameter, in the order of params.def, with its value
 * expanded and what is known of where it was set.
 */
typedef void settings_each_fn(void *arg, const struct config_entry *,
    const char *value);
void settings_each(const struct config *, settings_each_fn *, void *arg);

/* Free the strings; the structure is the caller's. */
void settings_fini(struct settings *);

#endif

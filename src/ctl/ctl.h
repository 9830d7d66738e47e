/*
 * ctl: tlsmgrctl, the administrator's tool: what its subcommands share.
 *
 * A subcommand is a row in the table of tlsmgrctl.c and a function in a
 * ctl_*.c: it is handed the options and its operands, both checked against the
 * row, and returns an exit status. It prints to standard output what was asked
 * for, and with ctl_error() what is wrong.
 */
#ifndef CTL_H
#define CTL_H

#include "config.h"
#include "ctl_client.h"
#include "ctl_reply.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

#define CTL_NAME "tlsmgrctl"

/* The name under which this project's daemon is in daemon_directory. */
extern const char ctl_program[];

enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,          /* refused, not found, not as it should be */
	CTL_USAGE = 2,       /* the command line */
	CTL_UNREACHABLE = 3, /* no daemon, or no answer that makes sense */
	CTL_OTHER = 4,       /* Postfix's own tlsmgr, which cannot do this */
};

/* What a subcommand may take, besides what all do. */
enum ctl_option {
	CTL_OPTION_JSON = 1 << 0,
	CTL_OPTION_PROMETHEUS = 1 << 1,
	CTL_OPTION_OPENMETRICS = 1 << 2,
	CTL_OPTION_WATCH = 1 << 3,
	CTL_OPTION_CHANGED = 1 << 4,
	CTL_OPTION_FORCE = 1 << 5,
	CTL_OPTION_RAW = 1 << 6,
	CTL_OPTION_SORT = 1 << 7,
	CTL_OPTION_LIMIT = 1 << 8,
	CTL_OPTION_ONCE = 1 << 9,
	CTL_OPTION_SINCE = 1 << 10,
	CTL_OPTION_STEP = 1 << 11,
	CTL_OPTION_CSV = 1 << 12,
	CTL_OPTION_PLOT = 1 << 13,
};

struct ctl_command;

struct ctl {
	const struct ctl_command *command; /* NULL: none was named */
	char *config_directory;            /* owned; an absolute path */
	struct config *config;             /* owned; NULL: not read yet */
	unsigned timeout_ms;
	unsigned options;        /* of enum ctl_option */
	unsigned watch_s;        /* between two looks */
	const char *sort_key;    /* as it was given; NULL: it was not */
	uint64_t list_limit;     /* of rows */
	int64_t history_since_s; /* before now */
	int64_t history_step_s;  /* 0: as it fits */
	const char *plot_path;
	bool is_directory_given; /* config_directory, by an option */
	bool is_coloured; /* standard output is a terminal that likes it */
	bool wants_help;
	bool wants_version;
};

typedef int ctl_command_fn(struct ctl *, char *const operands[]);

struct ctl_command {
	const char *name;
	const char *operands; /* as --help shows them */
	const char *help;     /* one line without a full stop */
	unsigned options;     /* of enum ctl_option */
	int operands_min, operands_max;
	ctl_command_fn *run;
};

/*
 * By that name, from a table that ends with a row without a name. NULL: there
 * is none, and an error was printed.
 */
const struct ctl_command *ctl_command_find(
    const struct ctl_command *commands, const char *name);

/*
 * Options may stand anywhere before "--". False: the error was printed. On
 * success argv[*operand] is the first operand behind the subcommand.
 */
bool ctl_options_parse(struct ctl *, const struct ctl_command *commands,
    int argc, char *argv[], int *operand);
/* The usage of one subcommand, or with NULL of all, on standard output. */
void ctl_options_help(
    const struct ctl_command *commands, const struct ctl_command *command);

/*
 * Print a line to standard error, after the name of this program; what is not
 * printable is escaped.
 */
void ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Read main.cf and tlsmgr.cf anew into ctl->config, by settings_load_files():
 * the same errors, with a cause, and what could be read is there all the same.
 */
enum error ctl_config_read(struct ctl *, char **cause);
/*
 * All settings as the daemon of that line in master.cf would have them, with
 * its options; NULL: without any. As settings_load(), into ctl->config.
 */
struct ctl_service;
enum error ctl_settings_load(
    struct ctl *, const struct ctl_service *, struct settings *, char **cause);
/*
 * Expanded, for the caller to free; reads the configuration if that was not
 * done. Errors in files are printed, and do not stop it: it must be possible to
 * disable the daemon. NULL: the error was printed.
 */
char *ctl_config_value(struct ctl *, const char *name);
/* Is there no main.cf at all? Then what helps is this. */
bool ctl_config_is_missing(const struct ctl *);
#define CTL_CONFIGURE_POSTFIX \
	"configure Postfix first (on Debian: dpkg-reconfigure postfix)"
/* The name of the service in master.cf: $tlsmgr_service_name. */
char *ctl_config_service(struct ctl *);

/*
 * Connect to the daemon of this configuration. Returns CTL_OK, or prints the
 * error and returns another exit status, with nothing to close.
 */
int ctl_connect(struct ctl *, struct ctl_client *);
/* The same, and insist that it is this project's daemon that answers. */
int ctl_connect_ours(struct ctl *, struct ctl_client *);
/* The same, and insist that it knows that request: CTL_OTHER if not. */
int ctl_connect_knowing(struct ctl *, const char *request, struct ctl_client *);
/* Does a daemon that was identified as ours know it, as its statistics tell? */
bool ctl_knows(const struct ctl_client *, const char *request);
/* Which daemon was identified, as text for people; the caller frees it. */
char *ctl_daemon_name(const struct ctl_client *, enum ctl_daemon);

/* A string to be sent; an array of them ends with one without a name. */
struct ctl_argument {
	const char *name, *value;
};
/*
 * Send a request and read the answer up to its status: CTL_OK, or CTL_NO, with
 * nothing printed, where that is not 0. CTL_UNREACHABLE: the error was printed.
 */
int ctl_ask(struct ctl_client *, const char *request,
    const struct ctl_argument *, struct ctl_reply *);

/* After CTL_NO from a request whose answer has a reason: print it. */
void ctl_refused(struct ctl_reply *);

/* Is it one of smtpd, smtp, lmtp? If not, an error is printed. */
bool ctl_is_cache_type(const char *name);

/* Is it no longer than an id can be? If not, an error is printed. */
bool ctl_fits_id(const char *text);

/* Is this root? If not, an error is printed: nothing was changed. */
bool ctl_is_root(void);

/* The subcommands. */
ctl_command_fn ctl_status;
ctl_command_fn ctl_top;
ctl_command_fn ctl_history;
ctl_command_fn ctl_list;
ctl_command_fn ctl_flush;
ctl_command_fn ctl_delete;
ctl_command_fn ctl_rotate;
ctl_command_fn ctl_flush_tickets;
ctl_command_fn ctl_save;
ctl_command_fn ctl_seed;
ctl_command_fn ctl_config;
ctl_command_fn ctl_shared;
ctl_command_fn ctl_secret;
ctl_command_fn ctl_check;
ctl_command_fn ctl_ping;
ctl_command_fn ctl_exporter;
ctl_command_fn ctl_trace;
ctl_command_fn ctl_verbose;
ctl_command_fn ctl_reload;
ctl_command_fn ctl_enable;
ctl_command_fn ctl_disable;

#endif

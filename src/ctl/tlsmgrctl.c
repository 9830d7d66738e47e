/*
 * tlsmgrctl: the administrator's tool. The table of its subcommands, and the
 * start. What each does is in a file of its own, ctl_*.c.
 */
#include "ctl.h"
#include "log.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_OPTIONS                                                      \
	(CTL_OPTION_JSON | CTL_OPTION_PROMETHEUS | CTL_OPTION_OPENMETRICS | \
	    CTL_OPTION_WATCH)
#define LIST_OPTIONS \
	(CTL_OPTION_JSON | CTL_OPTION_RAW | CTL_OPTION_SORT | CTL_OPTION_LIMIT)
#define HISTORY_OPTIONS                                       \
	(CTL_OPTION_JSON | CTL_OPTION_CSV | CTL_OPTION_PLOT | \
	    CTL_OPTION_SINCE | CTL_OPTION_STEP)
#define CONFIG_OPTIONS (CTL_OPTION_JSON | CTL_OPTION_CHANGED)

static ctl_command_fn help;

/* clang-format off */
static const struct ctl_command commands[] = {
	{ "status", "", "Show what the daemon does and holds",
	    STATUS_OPTIONS, 0, 0, ctl_status },
	{ "top", "", "Watch requests, caches and destinations, live",
	    CTL_OPTION_ONCE | CTL_OPTION_SORT, 0, 0, ctl_top },
	{ "history", "", "Show what happened in the last 24 hours",
	    HISTORY_OPTIONS, 0, 0, ctl_history },
	{ "list", "TYPE [TEXT]", "List the sessions whose id contains the text",
	    LIST_OPTIONS, 1, 2, ctl_list },
	{ "flush", "TYPE|all", "Remove all sessions of a cache",
	    0, 1, 1, ctl_flush },
	{ "delete", "TYPE ID", "Remove one session",
	    0, 2, 2, ctl_delete },
	{ "rotate", "", "Make a new session ticket key; the old one decrypts",
	    0, 0, 0, ctl_rotate },
	{ "flush-tickets", "", "Forget all session ticket keys",
	    0, 0, 0, ctl_flush_tickets },
	{ "save", "", "Write the exchange file and the caches to disk",
	    0, 0, 0, ctl_save },
	{ "seed", "N", "Print N random bytes, 1 to 255, in hexadecimal",
	    0, 1, 1, ctl_seed },
	{ "shared", "", "Show what must be equal on hosts that share",
	    0, 0, 0, ctl_shared },
	{ "secret", "", "Print a new secret, for several hosts to share",
	    0, 0, 0, ctl_secret },
	{ "config", "", "Show the parameters in force, and where each is from",
	    CONFIG_OPTIONS, 0, 0, ctl_config },
	{ "check", "", "Look for what is wrong, and say what to do",
	    CTL_OPTION_JSON, 0, 0, ctl_check },
	{ "ping", "", "Measure how fast the daemon answers",
	    0, 0, 0, ctl_ping },
	{ "exporter", "[ADDRESS:PORT]", "Serve the statistics to Prometheus",
	    0, 0, 1, ctl_exporter },
	{ "trace", "[TYPE] [TEXT]", "Show what is asked of the caches, as it happens",
	    CTL_OPTION_RAW, 0, 2, ctl_trace },
	{ "verbose", "N [MINUTES]", "Log more for a while, as with N more -v",
	    0, 1, 2, ctl_verbose },
	{ "reload", "", "Check, reload Postfix, and see what it has then",
	    CTL_OPTION_FORCE, 0, 0, ctl_reload },
	{ "enable", "", "Have Postfix use this daemon",
	    0, 0, 0, ctl_enable },
	{ "disable", "", "Have Postfix use its own daemon again",
	    CTL_OPTION_FORCE, 0, 0, ctl_disable },
	{ "help", "[SUBCOMMAND]", "Show this, or what a subcommand takes",
	    0, 0, 1, help },
	{ NULL, NULL, NULL, 0, 0, 0, NULL },
};
/* clang-format on */

static int
help(struct ctl *ctl, char *const operands[])
{
	const struct ctl_command *command = NULL;

	(void)ctl;
	if (operands[0] != NULL) {
		command = ctl_command_find(commands, operands[0]);
		if (command == NULL)
			return CTL_USAGE;
	}
	ctl_options_help(commands, command);
	return CTL_OK;
}

/* Colour is for people, unless they say that they want none. */
static bool
likes_colour(void)
{
	const char *terminal = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) == 1 && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0 &&
	       (no_color == NULL || *no_color == '\0');
}

/*
 * -c, MAIL_CONFIG, or what was built in. Absolute, since the working directory
 * changes.
 */
static bool
find_config_directory(struct ctl *ctl)
{
	const char *directory = ctl->config_directory;
	struct config *defaults = config_new();
	char *path;

	settings_set_defaults(defaults);
	if (directory == NULL)
		directory = getenv("MAIL_CONFIG");
	if (directory == NULL || *directory == '\0')
		directory = config_get(defaults, "config_directory")->text;
	path = realpath(directory, NULL);
	if (path == NULL)
		ctl_error("configuration directory %s: %s", directory,
		    strerror(errno));
	config_free(defaults);
	free(ctl->config_directory);
	ctl->config_directory = path;
	/* For the daemon, when it is tried. */
	return path != NULL && setenv("MAIL_CONFIG", path, 1) == 0;
}

static int
run(struct ctl *ctl, char *const operands[])
{
	if (ctl->wants_version) {
		puts(CTL_NAME " " TLSMGR_VERSION);
		return CTL_OK;
	}
	if (ctl->wants_help) {
		ctl_options_help(commands, ctl->command);
		return CTL_OK;
	}
	if (ctl->command == NULL) {
		ctl_error("no subcommand was given; see " CTL_NAME " --help");
		return CTL_USAGE;
	}
	if (ctl->command->run == help)
		return help(ctl, operands);
	if (!find_config_directory(ctl))
		return CTL_NO;
	ctl->is_coloured = likes_colour();
	return ctl->command->run(ctl, operands);
}

/* A full disk must not look like a short list. */
static bool
flush_output(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	ctl_error("cannot write to standard output: %s", strerror(errno));
	return false;
}

/*
 * Where one of these is closed, as with ">&-", the next file or socket would
 * have its number, and get what is printed. Not to be written to, so that it
 * is an error as before.
 */
static void
fill_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char *argv[])
{
	struct ctl ctl = { 0 };
	int operand, status = CTL_USAGE;

	fill_descriptors();
	log_set_tag(CTL_NAME);
	if (ctl_options_parse(&ctl, commands, argc, argv, &operand))
		status = run(&ctl, argv + operand);
	if (!flush_output() && status == CTL_OK)
		status = CTL_NO;
	config_free(ctl.config);
	free(ctl.config_directory);
	return status;
}

/*
 * ctl_options: the command line, and the help that shows it; both from one
 * table of options, and the table of subcommands that is handed in. Options may
 * stand before or behind the subcommand.
 */
#include "ctl.h"

#include "xalloc.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_WIDTH   26
#define WATCH_S      2
#define SECONDS_MAX  3600
#define TIMEOUT_S    5
#define DAY_S        INT64_C(86400)
#define ALL_COMMANDS 0

/* Of a second line of help. */
#define HELP_INDENT "                             "

static bool
parse_seconds(const char *option, const char *text, unsigned *seconds)
{
	char *end;
	unsigned long parsed = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || parsed == 0 ||
	    parsed > SECONDS_MAX) {
		ctl_error("--%s %s: must be a number of seconds, 1 to %d",
		    option, text, SECONDS_MAX);
		return false;
	}
	*seconds = (unsigned)parsed;
	return true;
}

/* "90m", "2h", "1d": whole minutes, up to a day. */
static bool
parse_time(const char *option, const char *text, int64_t *seconds)
{
	static const char units[] = "mhd";
	static const int64_t lengths_s[] = { 60, 3600, DAY_S };
	char *end;
	unsigned long parsed = strtoul(text, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

	if (*text >= '0' && *text <= '9' && unit != NULL && end[1] == '\0' &&
	    parsed > 0 && parsed <= DAY_S / 60) {
		*seconds = (int64_t)parsed * lengths_s[unit - units];
		if (*seconds <= DAY_S)
			return true;
	}
	ctl_error("--%s %s: must be a time, 1m to 24h", option, text);
	return false;
}

static bool
take_config(struct ctl *ctl, const char *argument)
{
	free(ctl->config_directory);
	ctl->config_directory = xstrdup(argument);
	ctl->is_directory_given = true;
	return true;
}

static bool
take_timeout(struct ctl *ctl, const char *argument)
{
	unsigned seconds;

	if (!parse_seconds("timeout", argument, &seconds))
		return false;
	ctl->timeout_ms = seconds * 1000;
	return true;
}

static bool
take_help(struct ctl *ctl, const char *argument)
{
	(void)argument;
	ctl->wants_help = true;
	return true;
}

static bool
take_version(struct ctl *ctl, const char *argument)
{
	(void)argument;
	ctl->wants_version = true;
	return true;
}

static bool
take_watch(struct ctl *ctl, const char *argument)
{
	return argument == NULL ||
	       parse_seconds("watch", argument, &ctl->watch_s);
}

/* The subcommand knows the keys. */
static bool
take_sort(struct ctl *ctl, const char *argument)
{
	ctl->sort_key = argument;
	return true;
}

static bool
take_limit(struct ctl *ctl, const char *argument)
{
	char *end;

	ctl->list_limit = strtoull(argument, &end, 10);
	if (*argument >= '0' && *argument <= '9' && *end == '\0' &&
	    ctl->list_limit > 0)
		return true;
	ctl_error("--limit %s: must be a number, 1 or more", argument);
	return false;
}

static bool
take_since(struct ctl *ctl, const char *argument)
{
	return parse_time("since", argument, &ctl->history_since_s);
}

static bool
take_step(struct ctl *ctl, const char *argument)
{
	return parse_time("step", argument, &ctl->history_step_s);
}

static bool
take_plot(struct ctl *ctl, const char *argument)
{
	ctl->plot_path = argument;
	return true;
}

/* False: the argument is wrong, and the error was printed. */
typedef bool take_fn(struct ctl *, const char *argument);

/* All of an option: how it is given, who takes it, and what it does. */
static const struct row {
	const char *name;
	int letter;           /* 0: none */
	unsigned option;      /* of enum ctl_option; ALL_COMMANDS */
	const char *argument; /* NULL: none; in brackets: may be left out */
	take_fn *take;        /* NULL: that it was given says all */
	const char *help;
} rows[] = {
	{ "json", 0, CTL_OPTION_JSON, NULL, NULL, "print JSON" },
	{ "prometheus", 0, CTL_OPTION_PROMETHEUS, NULL, NULL,
	    "print Prometheus's text format" },
	{ "openmetrics", 0, CTL_OPTION_OPENMETRICS, NULL, NULL,
	    "print the OpenMetrics format" },
	{ "watch", 0, CTL_OPTION_WATCH, "[SECONDS]", take_watch,
	    "print again every 2 seconds" },
	{ "once", 0, CTL_OPTION_ONCE, NULL, NULL,
	    "print one screen, as it is after a second" },
	{ "raw", 0, CTL_OPTION_RAW, NULL, NULL, "show ids as they are" },
	{ "sort", 0, CTL_OPTION_SORT, "KEY", take_sort,
	    "by age, left, size or destination;\n" HELP_INDENT
	    "in top by lookups, hits, stores or name" },
	{ "limit", 0, CTL_OPTION_LIMIT, "N", take_limit,
	    "show no more than the first N" },
	{ "since", 0, CTL_OPTION_SINCE, "TIME", take_since,
	    "of the last 30m, 2h, or 24h (if not given)" },
	{ "step", 0, CTL_OPTION_STEP, "TIME", take_step,
	    "by 1m, 1h, or as it fits (if not given)" },
	{ "csv", 0, CTL_OPTION_CSV, NULL, NULL,
	    "print comma-separated values" },
	{ "plot", 0, CTL_OPTION_PLOT, "FILE.svg", take_plot,
	    "draw it, with gnuplot" },
	{ "changed", 0, CTL_OPTION_CHANGED, NULL, NULL,
	    "leave out what has its default" },
	{ "force", 0, CTL_OPTION_FORCE, NULL, NULL,
	    "do it whatever is found or answers" },
	{ "config", 'c', ALL_COMMANDS, "DIR", take_config,
	    "the configuration directory" },
	{ "timeout", 0, ALL_COMMANDS, "SECONDS", take_timeout,
	    "wait no longer for an answer; 5" },
	{ "help", 'h', ALL_COMMANDS, NULL, take_help, "print this" },
	{ "version", 0, ALL_COMMANDS, NULL, take_version, "print the version" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What getopt_long(3) returns for a row's name: no letter. */
#define FIRST_NAME 256

static void
make_getopt_table(struct option table[ROWS + 1])
{
	memset(table, 0, (ROWS + 1) * sizeof(table[0]));
	for (size_t i = 0; i < ROWS; i++) {
		table[i].name = rows[i].name;
		table[i].val = FIRST_NAME + (int)i;
		if (rows[i].argument == NULL)
			table[i].has_arg = no_argument;
		else
			table[i].has_arg = rows[i].argument[0] == '['
			                       ? optional_argument
			                       : required_argument;
	}
}

/* By what getopt_long(3) returned for it. */
static const struct row *
find_row(int value)
{
	size_t i = 0;

	if (value >= FIRST_NAME)
		return &rows[value - FIRST_NAME];
	while (rows[i].letter != value)
		i++;
	return &rows[i];
}

static bool
take_option(struct ctl *ctl, const struct row *row, const char *argument)
{
	ctl->options |= row->option;
	return row->take == NULL || row->take(ctl, argument);
}

static int
count_formats(unsigned options)
{
	return __builtin_popcount(
	    options &
	    (CTL_OPTION_JSON | CTL_OPTION_PROMETHEUS | CTL_OPTION_OPENMETRICS |
		CTL_OPTION_CSV | CTL_OPTION_PLOT));
}

/* Does this subcommand take all the options that were given? */
static bool
check_options(const struct ctl *ctl)
{
	unsigned foreign = ctl->options & ~ctl->command->options;

	for (size_t i = 0; i < ROWS; i++) {
		if ((rows[i].option & foreign) != 0) {
			ctl_error("%s takes no --%s", ctl->command->name,
			    rows[i].name);
			return false;
		}
	}
	if (count_formats(ctl->options) > 1) {
		ctl_error("--json, --prometheus and --openmetrics exclude each "
			  "other, as do --json, --csv and --plot");
		return false;
	}
	return true;
}

static bool
check_operands(const struct ctl_command *command, int count)
{
	if (count >= command->operands_min && count <= command->operands_max)
		return true;
	ctl_error("usage: " CTL_NAME " %s%s%s", command->name,
	    *command->operands != '\0' ? " " : "", command->operands);
	return false;
}

const struct ctl_command *
ctl_command_find(const struct ctl_command *commands, const char *name)
{
	for (; commands->name != NULL; commands++)
		if (strcmp(commands->name, name) == 0)
			return commands;
	ctl_error(
	    "there is no subcommand \"%s\"; see " CTL_NAME " --help", name);
	return NULL;
}

bool
ctl_options_parse(struct ctl *ctl, const struct ctl_command *commands, int argc,
    char *argv[], int *operand)
{
	struct option table[ROWS + 1];
	int value;

	ctl->timeout_ms = TIMEOUT_S * 1000;
	ctl->watch_s = WATCH_S;
	ctl->list_limit = UINT64_MAX;
	ctl->history_since_s = DAY_S;
	make_getopt_table(table);
	/* It would make operands of the options behind the subcommand. */
	unsetenv("POSIXLY_CORRECT");
	while ((value = getopt_long(argc, argv, "c:h", table, NULL)) != -1)
		if (value == '?' || !take_option(ctl, find_row(value), optarg))
			return false;
	*operand = optind + 1;
	if (ctl->wants_version || optind >= argc)
		return true;
	ctl->command = ctl_command_find(commands, argv[optind]);
	if (ctl->command == NULL)
		return false;
	return ctl->wants_help ||
	       (check_options(ctl) &&
		   check_operands(ctl->command, argc - *operand));
}

/* "  -c, --config DIR" or "  --watch[=SECONDS]", and what it does. */
static void
print_option(const struct row *row)
{
	const char *argument = row->argument != NULL ? row->argument : "";
	const char *separator = *argument == '\0' ? "" : " ";
	char letter[8] = "", text[64];

	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	if (*argument == '[') {
		separator = "[=";
		argument++;
	}
	snprintf(text, sizeof(text), "%s--%s%s%s", letter, row->name, separator,
	    argument);
	printf("  %-*s %s\n", HELP_WIDTH, text, row->help);
}

static void
print_options(unsigned options)
{
	printf("\nOptions:\n");
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].option == ALL_COMMANDS ||
		    (rows[i].option & options) != 0)
			print_option(&rows[i]);
}

void
ctl_options_help(
    const struct ctl_command *commands, const struct ctl_command *command)
{
	char text[64];

	if (command != NULL) {
		printf("usage: " CTL_NAME " [options] %s%s%s\n\n%s.\n",
		    command->name, *command->operands != '\0' ? " " : "",
		    command->operands, command->help);
		print_options(command->options);
		return;
	}
	printf("usage: " CTL_NAME " [options] subcommand [operand ...]\n\n"
	       "Queries and controls Postfix's tlsmgr daemon.\n\n");
	for (command = commands; command->name != NULL; command++) {
		snprintf(text, sizeof(text), "%s %s", command->name,
		    command->operands);
		printf("  %-*s %s\n", HELP_WIDTH, text, command->help);
	}
	print_options(~0U);
}

/*
 * ctl_options: the command line, and the help that shows it; both from one
 * table of options, and the table of subcommands that is handed in. Options may
 * stand before or behind the subcommand.
 */
#include "ctl.h"
#include "ctl_sessions.h"

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

enum letter {
	LETTER_JSON = 256, /* no letter of its own */
	LETTER_PROMETHEUS,
	LETTER_OPENMETRICS,
	LETTER_RAW,
	LETTER_SORT,
	LETTER_LIMIT,
	LETTER_SINCE,
	LETTER_STEP,
	LETTER_CSV,
	LETTER_PLOT,
	LETTER_WATCH,
	LETTER_ONCE,
	LETTER_CHANGED,
	LETTER_FORCE,
	LETTER_TIMEOUT,
	LETTER_VERSION,
};

static const struct row {
	const char *name;
	const char *argument; /* NULL: none; in brackets: may be left out */
	int letter;
	unsigned option; /* of enum ctl_option; ALL_COMMANDS */
	const char *help;
} rows[] = {
	{ "json", NULL, LETTER_JSON, CTL_OPTION_JSON, "print JSON" },
	{ "prometheus", NULL, LETTER_PROMETHEUS, CTL_OPTION_PROMETHEUS,
	    "print Prometheus's text format" },
	{ "openmetrics", NULL, LETTER_OPENMETRICS, CTL_OPTION_OPENMETRICS,
	    "print the OpenMetrics format" },
	{ "watch", "[SECONDS]", LETTER_WATCH, CTL_OPTION_WATCH,
	    "print again every 2 seconds" },
	{ "once", NULL, LETTER_ONCE, CTL_OPTION_ONCE,
	    "print one screen, as it is after a second" },
	{ "raw", NULL, LETTER_RAW, CTL_OPTION_RAW, "show ids as they are" },
	{ "sort", "KEY", LETTER_SORT, CTL_OPTION_SORT,
	    "by age, left, size or destination" },
	{ "limit", "N", LETTER_LIMIT, CTL_OPTION_LIMIT,
	    "show no more than the first N" },
	{ "since", "TIME", LETTER_SINCE, CTL_OPTION_SINCE,
	    "of the last 30m, 2h, or 24h (if not given)" },
	{ "step", "TIME", LETTER_STEP, CTL_OPTION_STEP,
	    "by 1m, 1h, or as it fits (if not given)" },
	{ "csv", NULL, LETTER_CSV, CTL_OPTION_CSV,
	    "print comma-separated values" },
	{ "plot", "FILE.svg", LETTER_PLOT, CTL_OPTION_PLOT,
	    "draw it, with gnuplot" },
	{ "changed", NULL, LETTER_CHANGED, CTL_OPTION_CHANGED,
	    "leave out what has its default" },
	{ "force", NULL, LETTER_FORCE, CTL_OPTION_FORCE,
	    "do it whatever is found or answers" },
	{ "config", "DIR", 'c', ALL_COMMANDS, "the configuration directory" },
	{ "timeout", "SECONDS", LETTER_TIMEOUT, ALL_COMMANDS,
	    "wait no longer for an answer; 5" },
	{ "help", NULL, 'h', ALL_COMMANDS, "print this" },
	{ "version", NULL, LETTER_VERSION, ALL_COMMANDS, "print the version" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
make_getopt_table(struct option table[ROWS + 1])
{
	memset(table, 0, (ROWS + 1) * sizeof(table[0]));
	for (size_t i = 0; i < ROWS; i++) {
		table[i].name = rows[i].name;
		table[i].val = rows[i].letter;
		if (rows[i].argument == NULL)
			table[i].has_arg = no_argument;
		else
			table[i].has_arg = rows[i].argument[0] == '['
			                       ? optional_argument
			                       : required_argument;
	}
}

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

static bool
parse_limit(const char *text, uint64_t *limit)
{
	char *end;

	*limit = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && *limit > 0)
		return true;
	ctl_error("--limit %s: must be a number, 1 or more", text);
	return false;
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
take_option(struct ctl *ctl, int letter, const char *argument)
{
	unsigned seconds;

	switch (letter) {
	case 'c':
		free(ctl->config_directory);
		ctl->config_directory = xstrdup(argument);
		ctl->is_directory_given = true;
		return true;
	case 'h':
		ctl->wants_help = true;
		return true;
	case LETTER_VERSION:
		ctl->wants_version = true;
		return true;
	case LETTER_TIMEOUT:
		if (!parse_seconds("timeout", argument, &seconds))
			return false;
		ctl->timeout_ms = seconds * 1000;
		return true;
	case LETTER_SORT:
		ctl->list_order = ctl_sessions_order(argument);
		if (ctl->list_order == NULL) {
			ctl_error("--sort %s: must be age, left, size or "
				  "destination",
			    argument);
			return false;
		}
		break;
	case LETTER_LIMIT:
		if (!parse_limit(argument, &ctl->list_limit))
			return false;
		break;
	case LETTER_SINCE:
		if (!parse_time("since", argument, &ctl->history_since_s))
			return false;
		break;
	case LETTER_STEP:
		if (!parse_time("step", argument, &ctl->history_step_s))
			return false;
		break;
	case LETTER_PLOT:
		ctl->plot_path = argument;
		break;
	case LETTER_WATCH:
		if (argument != NULL &&
		    !parse_seconds("watch", argument, &ctl->watch_s))
			return false;
		break;
	}
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == letter)
			ctl->options |= rows[i].option;
	return true;
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
	int letter;

	ctl->timeout_ms = TIMEOUT_S * 1000;
	ctl->watch_s = WATCH_S;
	ctl->list_limit = UINT64_MAX;
	ctl->history_since_s = DAY_S;
	make_getopt_table(table);
	while ((letter = getopt_long(argc, argv, "c:h", table, NULL)) != -1)
		if (letter == '?' || !take_option(ctl, letter, optarg))
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

	if (row->letter < LETTER_JSON)
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
		printf("usage: " CTL_NAME " [options] %s %s\n\n%s.\n",
		    command->name, command->operands, command->help);
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

/*
 * master_options: the command line that master(8) starts its services with,
 * and the environment. Owns the list of -o arguments; all other strings stay
 * where they are.
 */
#include "master.h"

#include "xalloc.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * "+": an argument that is no option ends the options. ":": getopt(3) prints
 * nothing, and tells a missing argument from an unknown option.
 */
#define OPTION_LETTERS "+:cdDi:lm:n:o:s:St:uvVz"

#define LISTEN_COUNT_MAX 64

/* A decimal number from min to max with nothing round it. */
static bool
parse_number(const char *text, long min, long max, long *value)
{
	char *end;

	if (strspn(text, "0123456789") == 0)
		return false;
	errno = 0;
	*value = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && *value >= min && *value <= max;
}

/* Digits and, where it is a time, a unit. Checked, and otherwise ignored. */
static bool
is_limit(const char *text, const char *units)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0)
		return false;
	if (text[digits] != '\0' && strchr(units, text[digits]) != NULL)
		digits++;
	return text[digits] == '\0';
}

static enum error
bad_argument(char **cause, int letter, const char *what, const char *argument)
{
	*cause =
	    xasprintf("option -%c: invalid %s: %s", letter, what, argument);
	return ERROR_INVALID;
}

static void
add_override(struct master_options *options, const char *assignment)
{
	size_t count = (size_t)options->override_count + 1;

	options->overrides =
	    xrealloc(options->overrides, count * sizeof(*options->overrides));
	options->overrides[options->override_count++] = assignment;
}

/* Options with an argument. */
static enum error
apply_argument(struct master_options *options, int letter, const char *argument,
    char **cause)
{
	long number;

	switch (letter) {
	case 'i':
		if (!is_limit(argument, "smhdw"))
			return bad_argument(cause, letter, "time", argument);
		break;
	case 'm':
		if (!is_limit(argument, ""))
			return bad_argument(cause, letter, "count", argument);
		break;
	case 'n':
		options->service_name = argument;
		break;
	case 'o':
		add_override(options, argument);
		break;
	case 's':
		if (!parse_number(argument, 1, LISTEN_COUNT_MAX, &number))
			return bad_argument(
			    cause, letter, "socket count", argument);
		options->listen_count = (int)number;
		break;
	case 't':
		/* Keys and sessions are for processes of this host only. */
		if (strcmp(argument, "unix") != 0) {
			*cause = xasprintf(
			    "unsupported transport type: %s", argument);
			return ERROR_INVALID;
		}
		options->transport = argument;
		break;
	}
	return ERROR_NONE;
}

/* Options without an argument, and what is none. */
static enum error
apply_option(struct master_options *options, int letter, char **cause)
{
	switch (letter) {
	case 'c':
		options->chroot = true;
		break;
	case 'd':
		options->standalone = true;
		break;
	case 'D':
		options->debug = true;
		break;
	case 'l':
		options->single_process = true;
		break;
	case 'S':
		options->stdio_client = true;
		break;
	case 'u':
		options->drop_privileges = true;
		break;
	case 'v':
		options->verbosity++;
		break;
	case 'V':
		options->log_to_stderr = true;
		break;
	case 'z':
		options->no_process_limit = true;
		break;
	case ':':
		*cause = xasprintf("option -%c requires an argument", optopt);
		return ERROR_INVALID;
	default:
		*cause = xasprintf("invalid option: %c", optopt);
		return ERROR_INVALID;
	}
	return ERROR_NONE;
}

static enum error
parse_arguments(
    struct master_options *options, int argc, char *const argv[], char **cause)
{
	enum error error;
	int letter;

	optind = 0; /* glibc, musl: forget what an earlier call has seen */
	while ((letter = getopt(argc, argv, OPTION_LETTERS)) != -1) {
		if (letter != ':' && letter != '?' && optarg != NULL)
			error = apply_argument(options, letter, optarg, cause);
		else
			error = apply_option(options, letter, cause);
		if (error != ERROR_NONE)
			return error;
	}
	if (optind < argc) {
		*cause = xasprintf(
		    "unexpected command-line argument: %s", argv[optind]);
		return ERROR_INVALID;
	}
	return ERROR_NONE;
}

static enum error
parse_environment(struct master_options *options, char **cause)
{
	const char *generation = getenv("GENERATION");
	unsigned long number = 0;
	char *end;

	options->config_directory = getenv("MAIL_CONFIG");
	if (getenv("MAIL_VERBOSE") != NULL)
		options->verbosity++;
	if (getenv("MAIL_DEBUG") != NULL)
		options->debug = true;
	if (generation != NULL) {
		errno = 0;
		number = strtoul(generation, &end, 8);
		if (strspn(generation, "01234567") == 0 || *end != '\0' ||
		    errno != 0 || number > UINT_MAX) {
			*cause = xasprintf("bad generation: %s", generation);
			return ERROR_INVALID;
		}
	}
	options->generation = (unsigned)number;
	return ERROR_NONE;
}

/* A client on standard input needs no promises of master. */
static enum error
check_required(const struct master_options *options, char **cause)
{
	if (options->stdio_client)
		return ERROR_NONE;
	if (options->transport == NULL) {
		*cause = xstrdup("no transport type specified");
		return ERROR_INVALID;
	}
	if (!options->single_process) {
		*cause = xasprintf("service %s requires a process limit of 1",
		    options->service_name);
		return ERROR_INVALID;
	}
	return ERROR_NONE;
}

enum error
master_options_parse(
    struct master_options *options, int argc, char *const argv[], char **cause)
{
	enum error error;

	*options = (struct master_options){
		.service_name = "tlsmgr",
		.listen_count = 1,
	};
	error = parse_arguments(options, argc, argv, cause);
	if (error == ERROR_NONE)
		error = parse_environment(options, cause);
	if (error == ERROR_NONE)
		error = check_required(options, cause);
	return error;
}

void
master_options_fini(struct master_options *options)
{
	free(options->overrides);
	options->overrides = NULL;
	options->override_count = 0;
}

bool
master_options_by_hand(const struct master_options *options)
{
	return !options->standalone && !options->stdio_client &&
	       isatty(STDIN_FILENO);
}

/*
 * ctl_verbose: has the daemon log more for a while.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_text.h"

#include <stdio.h>
#include <stdlib.h>

#define LEVEL_MAX       9
#define MINUTES_MAX     (24 * 60)
#define MINUTES_DEFAULT "10"

/* A number within bounds. If not, an error is printed. */
static bool
parse_number(
    const char *what, const char *text, long min, long max, long *number)
{
	char *end;

	*number = strtol(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && *number >= min &&
	    *number <= max)
		return true;
	ctl_error("%s %s: must be a number, %ld to %ld", what, text, min, max);
	return false;
}

static void
print_level(long level, long minutes)
{
	if (level == 0)
		printf("The daemon logs as configured.\n");
	else
		printf("The log level is raised by %ld until %s.\n", level,
		    ctl_text_time(clock_wall_s() + 60 * minutes).text);
}

int
ctl_verbose(struct ctl *ctl, char *const operands[])
{
	const char *level_text = operands[0];
	const char *minutes_text =
	    operands[1] != NULL ? operands[1] : MINUTES_DEFAULT;
	const struct ctl_argument arguments[] = {
		{ "level", level_text },
		{ "minutes", minutes_text },
		{ NULL, NULL },
	};
	struct ctl_client client;
	struct ctl_reply reply;
	long level, minutes;
	int status;

	if (!parse_number("level", level_text, 0, LEVEL_MAX, &level) ||
	    !parse_number("minutes", minutes_text, 1, MINUTES_MAX, &minutes))
		return CTL_USAGE;
	status = ctl_connect_knowing(ctl, "verbose", &client);
	if (status != CTL_OK)
		return status;
	status = ctl_ask(&client, "verbose", arguments, &reply);
	if (status == CTL_NO)
		ctl_refused(&reply);
	else if (status == CTL_OK)
		print_level(level, minutes);
	ctl_client_close(&client);
	return status;
}

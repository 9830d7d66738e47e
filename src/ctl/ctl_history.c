/*
 * ctl_history: what happened last night: the subcommand.
 */
#include "ctl_history.h"

#include "clock.h"
#include "ctl.h"
#include "minmax.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_S 60
#define DAY_S    INT64_C(86400)

/* About so many lines fit on a terminal, and points into a plot. */
#define LINES  24
#define POINTS 288

/* The smallest of these by which there are no more than so many steps. */
static int64_t
choose_step_s(int64_t span_s, int64_t count)
{
	static const int64_t steps_s[] = { 60, 120, 300, 600, 900, 1800, 3600 };
	size_t i = 0;

	while (i + 1 < sizeof(steps_s) / sizeof(steps_s[0]) &&
	       span_s > steps_s[i] * count)
		i++;
	return steps_s[i];
}

/* From what was recorded on, where that is less than was asked for. */
static int64_t
step_s(const struct ctl *ctl, const struct ctl_history *minutes, int64_t now_s)
{
	int64_t span_s = ctl->history_since_s;

	if (ctl->history_step_s != 0)
		return ctl->history_step_s;
	if ((ctl->options & (CTL_OPTION_JSON | CTL_OPTION_CSV)) != 0)
		return MINUTE_S;
	if (minutes->step_count > 0)
		span_s = min_i64(span_s, now_s - minutes->steps[0].time_s);
	return choose_step_s(
	    span_s, (ctl->options & CTL_OPTION_PLOT) != 0 ? POINTS : LINES);
}

/*
 * What asks the daemon changes the working directory. NULL: no plot. False:
 * that directory is gone, and the error was printed.
 */
static bool
absolute_plot_path(const struct ctl *ctl, char **path)
{
	const char *given = ctl->plot_path;
	char *directory;

	*path = given != NULL && *given == '/' ? xstrdup(given) : NULL;
	if (given == NULL || *path != NULL)
		return true;
	directory = getcwd(NULL, 0);
	if (directory != NULL)
		*path = xasprintf("%s/%s", directory, given);
	else
		ctl_error(
		    "%s: the working directory: %s", given, strerror(errno));
	free(directory);
	return *path != NULL;
}

static int
put(const struct ctl *ctl, const struct ctl_history *history,
    const char *plot_path, int64_t now_s)
{
	if (plot_path != NULL)
		return ctl_history_plot(history, plot_path);
	if ((ctl->options & CTL_OPTION_JSON) != 0)
		ctl_history_json(history);
	else if ((ctl->options & CTL_OPTION_CSV) != 0)
		ctl_history_csv(history);
	else
		ctl_history_text(history, now_s);
	return CTL_OK;
}

static int
show(const struct ctl *ctl, struct ctl_client *client, const char *plot_path)
{
	int64_t now_s = clock_wall_s();
	struct ctl_history minutes, steps;
	int status =
	    ctl_history_ask(client, now_s - ctl->history_since_s, &minutes);

	if (status == CTL_OK) {
		ctl_history_group(
		    &minutes, step_s(ctl, &minutes, now_s), &steps);
		status = put(ctl, &steps, plot_path, now_s);
		ctl_history_fini(&steps);
	}
	ctl_history_fini(&minutes);
	return status;
}

int
ctl_history(struct ctl *ctl, char *const operands[])
{
	char *plot_path;
	struct ctl_client client;
	int status;

	(void)operands;
	if (!absolute_plot_path(ctl, &plot_path))
		return CTL_NO;
	status = ctl_connect_knowing(ctl, "history", &client);
	if (status == CTL_OK) {
		status = show(ctl, &client, plot_path);
		ctl_client_close(&client);
	}
	free(plot_path);
	return status;
}

/*
 * ctl_status: asks for the statistics and shows them, once or again and again.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_statistics.h"

#include <stdio.h>
#include <unistd.h>

/* Home, then clear from there to the end. */
#define START_OF_SCREEN "\033[H\033[J"

static int
show(struct ctl *ctl)
{
	struct ctl_client client;
	struct ctl_reply reply;
	bool is_openmetrics = (ctl->options & CTL_OPTION_OPENMETRICS) != 0;
	bool is_for_prometheus =
	    is_openmetrics || (ctl->options & CTL_OPTION_PROMETHEUS) != 0;
	int status = ctl_connect_ours(ctl, &client);

	if (status != CTL_OK) {
		/* So that an alert can be raised from what a scraper gets. */
		if (is_for_prometheus)
			ctl_status_prometheus(NULL, is_openmetrics);
		return status;
	}
	reply = ctl_client_statistics(&client);
	if ((ctl->options & CTL_OPTION_JSON) != 0)
		ctl_status_json(&reply);
	else if (is_for_prometheus)
		ctl_status_prometheus(&reply, is_openmetrics);
	else
		ctl_status_text(&reply, clock_wall_s(), ctl->is_coloured);
	ctl_client_close(&client);
	return CTL_OK;
}

int
ctl_status(struct ctl *ctl, char *const operands[])
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1;

	(void)operands;
	if ((ctl->options & CTL_OPTION_WATCH) == 0)
		return show(ctl);
	/* A daemon that is away for a moment may be back at the next look. */
	for (;;) {
		if (is_terminal)
			fputs(START_OF_SCREEN, stdout);
		show(ctl);
		if (!is_terminal)
			putchar('\n');
		if (fflush(stdout) != 0)
			return CTL_NO;
		sleep(ctl->watch_s);
	}
}

/*
 * ctl_status: asks for the statistics and shows them, once or again and again.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_command.h"
#include "ctl_in_place.h"
#include "ctl_master_cf.h"
#include "ctl_master_process.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Somebody wants more in the log, for a while. */
static void
put_log_level(const struct ctl_reply *statistics)
{
	int64_t by = ctl_statistics_get(statistics, NULL, "log_level_raised");
	int64_t until_s =
	    ctl_statistics_get(statistics, NULL, "log_level_until");

	if (by > 0)
		printf("\nThe log level is raised by %" PRId64 " until %s; "
		       "\"" CTL_NAME " verbose 0\" ends that.\n",
		    by, ctl_text_time((time_t)until_s).text);
}

static int
show(struct ctl *ctl)
{
	struct ctl_client client;
	struct ctl_reply reply;
	struct ctl_rates_now rates;
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
	if (!is_for_prometheus)
		ctl_rates_ask(&client, clock_wall_s(), &rates);
	if ((ctl->options & CTL_OPTION_JSON) != 0)
		ctl_status_json(&reply, &rates);
	else if (is_for_prometheus)
		ctl_status_prometheus(&reply, is_openmetrics);
	else {
		ctl_status_text(
		    &reply, &rates, clock_wall_s(), ctl->is_coloured);
		put_log_level(&reply);
	}
	ctl_client_close(&client);
	return CTL_OK;
}

/*
 * Postfix runs, with this daemon in master.cf, but no process of it: a look
 * would start one, and find nothing.
 */
static bool
is_idle(struct ctl *ctl)
{
	char *queue_directory = ctl_config_value(ctl, "queue_directory");
	struct ctl_service service;
	char *cause = NULL;
	bool is_ours = false;
	pid_t master = 0;

	if (queue_directory != NULL)
		master = ctl_master_process_find(queue_directory);
	if (master != 0 &&
	    ctl_master_cf_read(&service, ctl, &cause) == ERROR_NONE) {
		is_ours = ctl_command_runs(
		    service.fields[CTL_FIELD_COMMAND], ctl_program);
		ctl_service_fini(&service);
	}
	free(cause);
	free(queue_directory);
	return is_ours && !ctl_master_process_has_child(master, ctl_program);
}

int
ctl_status(struct ctl *ctl, char *const operands[])
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1, is_in_place;
	struct ctl_in_place place;

	(void)operands;
	if (ctl->options == 0 && is_idle(ctl)) {
		printf("No tlsmgr runs at present, as nobody asks for one. The "
		       "first who does starts it, as\n" CTL_NAME " ping.\n");
		return CTL_OK;
	}
	if ((ctl->options & CTL_OPTION_WATCH) == 0)
		return show(ctl);
	/* A daemon that is away for a moment may be back at the next look. */
	for (;;) {
		is_in_place = is_terminal && ctl_in_place_begin(&place);
		show(ctl);
		if (is_in_place)
			ctl_in_place_end(&place);
		else
			putchar('\n');
		if (fflush(stdout) != 0)
			return CTL_NO;
		sleep(ctl->watch_s);
	}
}

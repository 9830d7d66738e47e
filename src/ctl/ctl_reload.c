/*
 * ctl_reload: reloads Postfix: checks the configuration first, and afterwards
 * whether the new process has it.
 */
#include "ctl.h"
#include "ctl_advice.h"
#include "ctl_check.h"
#include "ctl_command.h"
#include "ctl_master_process.h"
#include "ctl_switch.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned
count_findings(const struct ctl_check *check)
{
	return check->findings.counts[CTL_WARNING] +
	       check->findings.counts[CTL_PROBLEM];
}

/* Has the new process the values of the files, and can it use its caches? */
static int
look_at_new(struct ctl_check *check)
{
	unsigned before = count_findings(check);
	struct ctl_reply statistics;
	struct ctl_client client;
	int status = ctl_connect_ours(check->ctl, &client);

	if (status != CTL_OK)
		return status;
	statistics = ctl_client_statistics(&client);
	ctl_check_running(check, &statistics);
	ctl_check_values(check, &client);
	ctl_client_close(&client);
	if (count_findings(check) > before)
		return CTL_NO;
	printf("It has the values of the files.\n");
	return CTL_OK;
}

static int
reload(struct ctl_check *check)
{
	struct ctl *ctl = check->ctl;
	bool is_ours =
	    check->has_service &&
	    ctl_command_runs(
		check->service.fields[CTL_FIELD_COMMAND], ctl_program);

	if (count_findings(check) > 0 &&
	    (ctl->options & CTL_OPTION_FORCE) == 0) {
		ctl_error("Postfix was not reloaded: see to the above first, "
			  "or give --force");
		return CTL_NO;
	}
	if (check->has_settings &&
	    ctl_master_process_find(check->settings.queue_directory) == 0) {
		ctl_error(
		    "Postfix does not run; start it: %s", ctl_advice_start());
		return CTL_NO;
	}
	if (!ctl_switch_reload(ctl, is_ours))
		return CTL_NO;
	return is_ours && check->has_settings ? look_at_new(check) : CTL_OK;
}

int
ctl_reload(struct ctl *ctl, char *const operands[])
{
	(void)operands;
	return ctl_switch_checked(ctl, reload);
}

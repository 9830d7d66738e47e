/*
 * ctl_check_daemon: asks the daemon that runs who it is, what troubles it, and
 * with which values; looks at the master(8) above it.
 */
#include "ctl_advice.h"
#include "ctl_check.h"
#include "ctl_command.h"
#include "ctl_master_process.h"
#include "ctl_statistics.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

#define RELOAD "postfix reload"

/* Is what runs what is installed? */
static void
compare_versions(struct ctl_check *check, const struct ctl_reply *statistics)
{
	const char *version = ctl_statistics_text(statistics, NULL, "version");
	const char *postfix =
	    ctl_statistics_text(statistics, NULL, "postfix_version");

	if (strcmp(version, TLSMGR_VERSION) != 0)
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "tlsmgr %s runs, and " TLSMGR_VERSION " is installed",
		    version);
	if (postfix != NULL && check->settings.postfix_version != NULL &&
	    strcmp(postfix, check->settings.postfix_version) != 0)
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "the daemon was started for Postfix %s, and %s is "
		    "installed",
		    postfix, check->settings.postfix_version);
	if (check->has_group &&
	    !ctl_group_is_running(&check->group, statistics))
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "the daemon has another secret, or other settings, than "
		    "the files say now");
}

static void
judge_ours(struct ctl_check *check, struct ctl_client *client)
{
	struct ctl_reply statistics = ctl_client_statistics(client);

	ctl_finding_add(&check->findings, CTL_GOOD, NULL, "the daemon answers");
	compare_versions(check, &statistics);
	ctl_check_running(check, &statistics);
	ctl_check_changes(check, client);
}

static void
judge_daemon(
    struct ctl_check *check, struct ctl_client *client, enum ctl_daemon daemon)
{
	const char *command =
	    check->has_service ? check->service.fields[CTL_FIELD_COMMAND] : "";
	bool is_wanted = ctl_command_runs(command, ctl_program);

	if (daemon == CTL_DAEMON_OURS)
		judge_ours(check, client);
	else if (daemon == CTL_DAEMON_OLDER)
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "an older daemon of this project answers");
	else if (is_wanted)
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "Postfix's own tlsmgr answers still");
	else
		ctl_finding_add(&check->findings, CTL_NOTE, NULL,
		    "Postfix's own tlsmgr answers");
}

static void
report_unreachable(struct ctl_check *check, enum error error, const char *cause)
{
	char *advice;

	/* A Postfix that does not run is no fault. */
	if (error == ERROR_NOT_FOUND || error == ERROR_CLOSED) {
		ctl_finding_add(&check->findings, CTL_NOTE, ctl_advice_start(),
		    "%s", cause);
	} else if (error == ERROR_PERMISSION) {
		ctl_finding_add(&check->findings, CTL_NOTE, "run this as root",
		    "%s", cause);
	} else {
		/* Which is a good reason to switch, not one against it. */
		advice = ctl_advice_after_fatal(
		    "look into the log of Postfix for tlsmgr, and correct what "
		    "it says");
		ctl_finding_add(
		    &check->findings, CTL_WARNING, advice, "%s", cause);
		free(advice);
	}
}

void
ctl_check_daemon(struct ctl_check *check)
{
	char *service = ctl_config_service(check->ctl), *cause = NULL;
	struct ctl_client client;
	enum ctl_daemon daemon;
	enum error error;

	if (service == NULL)
		return;
	error = ctl_client_open(&client, check->settings.queue_directory,
	    service, check->ctl->timeout_ms, &cause);
	if (error != ERROR_NONE)
		report_unreachable(check, error, cause);
	else if (ctl_client_identify(&client, &daemon, &cause) != ERROR_NONE)
		/* It was reached, so that it ended then is no stop. */
		report_unreachable(check, ERROR_IO, cause);
	else
		judge_daemon(check, &client, daemon);
	free(cause);
	ctl_client_close(&client);
	free(service);
}

/*
 * A daemon inherits the filter of its master, and a filter may kill it where it
 * gives up system calls itself: systemd.exec(5), SystemCallFilter.
 */
void
ctl_check_master_process(struct ctl_check *check)
{
	pid_t pid = ctl_master_process_find(check->settings.queue_directory);

	if (pid != 0 && ctl_master_process_is_filtered(pid))
		ctl_finding_add(&check->findings, CTL_NOTE,
		    "if tlsmgr is killed by signal 31, allow that service the "
		    "system calls seccomp and @sandbox",
		    "Postfix (master, process %ld) was started under a filter "
		    "of system calls, which holds for its daemons as well",
		    (long)pid);
}

/*
 * ctl_check_postfix: whether Postfix, its master.cf, the entropy source and
 * the daemon that runs now go together with the one that is installed.
 */
#include "ctl_check.h"
#include "ctl_command.h"
#include "ctl_master_process.h"
#include "ctl_statistics.h"
#include "entropy.h"
#include "loop.h"
#include "version.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RELOAD "postfix reload"

static void
check_command(struct ctl_check *check, const char *command)
{
	char *directory = ctl_config_value(check->ctl, "daemon_directory");
	char *program = xstrndup(command, ctl_command_program_len(command));
	char *path;

	if (directory != NULL) {
		path = xasprintf("%s/%s", directory, program);
		if (access(path, X_OK) != 0)
			ctl_finding_add(&check->findings, CTL_PROBLEM,
			    "install it, or run: " CTL_NAME " disable",
			    "master.cf names %s, which cannot be run", path);
		else if (strcmp(program, ctl_program) == 0)
			ctl_finding_add(&check->findings, CTL_GOOD, NULL,
			    "master.cf names this daemon: %s", command);
		else
			ctl_finding_add(&check->findings, CTL_NOTE,
			    "to have Postfix use this one: " CTL_NAME " enable",
			    "master.cf names another daemon: %s", command);
		free(path);
	}
	free(program);
	free(directory);
}

static void
add_missing_service(
    struct ctl_check *check, enum error error, const char *cause)
{
	const char *advice = "mend that";
	enum ctl_level level = CTL_PROBLEM;

	if (error == ERROR_NOT_FOUND || error == ERROR_INVALID) {
		advice = "have in master.cf: tlsmgr unix - - y 1000? 1 tlsmgr";
	} else if (error == ERROR_PERMISSION) {
		advice = "run this as root";
		level = CTL_NOTE;
	}
	ctl_finding_add(&check->findings, level, advice, "%s", cause);
}

void
ctl_check_master_cf(
    struct ctl_check *check, enum error error, const char *cause)
{
	char *const *fields = check->service.fields;

	if (error != ERROR_NONE) {
		add_missing_service(check, error, cause);
		return;
	}
	if (check->service.line_before > 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "remove the first of them from master.cf",
		    "the tlsmgr service is in master.cf twice, in lines %u and "
		    "%u: the last one counts",
		    check->service.line_before, check->service.line);
	if (strcmp(fields[CTL_FIELD_PRIVATE], "n") == 0)
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "put \"-\" into its third column in master.cf",
		    "the tlsmgr service is not private, so nobody finds it");
	if (strcmp(fields[CTL_FIELD_UNPRIVILEGED], "n") == 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "put \"-\" into its fourth column in master.cf",
		    "the tlsmgr service keeps root's privileges");
	if (strcmp(fields[CTL_FIELD_PROCESS_LIMIT], "1") != 0)
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "put \"1\" into its seventh column in master.cf",
		    "the tlsmgr service has a process limit of %s, and there "
		    "can be only one",
		    fields[CTL_FIELD_PROCESS_LIMIT]);
	/* Either will do, as all files are opened before. */
	ctl_finding_add(&check->findings, CTL_GOOD, NULL,
	    "the tlsmgr service is %schrooted to the queue directory",
	    strcmp(fields[CTL_FIELD_CHROOT], "y") == 0 ? "" : "not ");
	check_command(check, fields[CTL_FIELD_COMMAND]);
}

void
ctl_check_postfix_version(struct ctl_check *check)
{
	const char *setting = check->settings.tlsmgr_announce_protocol;
	const char *version = check->settings.postfix_version;
	bool expected = master_version_announces(version);

	if (version == NULL)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "set daemon_directory, or tlsmgr_announce_protocol in "
		    "tlsmgr.cf",
		    "%s: the version of Postfix is not to be found",
		    check->settings.daemon_directory);
	else if (strcmp(setting, "auto") != 0 &&
		 (strcmp(setting, "yes") == 0) != expected)
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "leave it out of tlsmgr.cf, then: " RELOAD,
		    "tlsmgr_announce_protocol is %s, but Postfix %s expects "
		    "the opposite: there would be no TLS",
		    setting, version);
	else
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "Postfix %s, to whose clients the daemon %s", version,
		    expected ? "speaks first" : "does not speak first");
}

/* One read of the source, and what came of it. */
struct reading {
	struct loop *loop;
	enum error error;
};

static void
read_cb(void *arg, enum error error, const void *bytes, size_t len)
{
	struct reading *reading = arg;

	(void)bytes;
	(void)len;
	reading->error = error;
	loop_stop(reading->loop);
}

/* What is wrong is logged, and so becomes a finding. */
void
ctl_check_entropy(struct ctl_check *check)
{
	const char *name = check->settings.tls_random_source;
	struct reading reading = { .error = ERROR_AGAIN };
	struct entropy_source *source;

	if (*name == '\0') {
		ctl_finding_add(&check->findings, CTL_NOTE, NULL,
		    "there is no entropy source; the system's serves");
		return;
	}
	if (entropy_source_new(&source, name) != ERROR_NONE)
		return;
	if (entropy_source_open(source) == ERROR_NONE) {
		reading.loop = loop_new();
		entropy_source_read(source, reading.loop, 1, read_cb, &reading);
		if (reading.error == ERROR_AGAIN)
			loop_run(reading.loop);
		if (reading.error == ERROR_NONE)
			ctl_finding_add(&check->findings, CTL_GOOD, NULL,
			    "the entropy source %s answers", name);
		/* Before the loop, which has its timer. */
		entropy_source_free(source);
		loop_free(reading.loop);
		return;
	}
	entropy_source_free(source);
}

/* Is what runs what is installed? */
static void
compare_versions(struct ctl_check *check, const struct ctl_client *client)
{
	struct ctl_reply statistics;
	const char *version, *postfix;

	statistics = ctl_client_statistics(client);
	version = ctl_statistics_text(&statistics, NULL, "version");
	postfix = ctl_statistics_text(&statistics, NULL, "postfix_version");
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
	    !ctl_group_is_running(&check->group, &statistics))
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "the daemon has another secret, or other settings, than "
		    "the files say now");
}

static void
judge_daemon(struct ctl_check *check, const struct ctl_client *client,
    enum ctl_daemon daemon)
{
	const char *command =
	    check->has_service ? check->service.fields[CTL_FIELD_COMMAND] : "";
	bool is_wanted = ctl_command_runs(command, ctl_program);

	if (daemon == CTL_DAEMON_OURS) {
		ctl_finding_add(
		    &check->findings, CTL_GOOD, NULL, "the daemon answers");
		compare_versions(check, client);
	} else if (daemon == CTL_DAEMON_OLDER) {
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "an older daemon of this project answers");
	} else if (is_wanted) {
		ctl_finding_add(&check->findings, CTL_WARNING, RELOAD,
		    "Postfix's own tlsmgr answers still");
	} else {
		ctl_finding_add(&check->findings, CTL_NOTE, NULL,
		    "Postfix's own tlsmgr answers");
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
	/* A Postfix that does not run is no fault. */
	if (error == ERROR_NOT_FOUND || error == ERROR_CLOSED)
		ctl_finding_add(&check->findings, CTL_NOTE, NULL, "%s", cause);
	else if (error == ERROR_PERMISSION)
		ctl_finding_add(&check->findings, CTL_NOTE, "run this as root",
		    "%s", cause);
	else if (error != ERROR_NONE ||
		 ctl_client_identify(&client, &daemon, &cause) != ERROR_NONE)
		/* Which is a good reason to switch, not one against it. */
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "look into the log of Postfix for tlsmgr", "%s", cause);
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

/*
 * ctl_check_postfix: whether Postfix, its master.cf and the entropy source go
 * together with the daemon that is installed.
 */
#include "ctl_check.h"
#include "ctl_command.h"
#include "entropy.h"
#include "loop.h"
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
	const char *advice = "correct that";
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
	reading.loop = loop_new();
	if (entropy_source_open(source) == ERROR_NONE) {
		entropy_source_read(source, reading.loop, 1, read_cb, &reading);
		if (reading.error == ERROR_AGAIN)
			loop_run(reading.loop);
		if (reading.error == ERROR_NONE)
			ctl_finding_add(&check->findings, CTL_GOOD, NULL,
			    "the entropy source %s answers", name);
	}
	/* Before the loop, which has its timer. */
	entropy_source_free(source);
	loop_free(reading.loop);
}

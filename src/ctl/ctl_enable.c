/*
 * ctl_enable: puts this project's daemon in the place of Postfix's own, after a
 * check whether it can work there.
 */
#include "attr.h"
#include "buffer.h"
#include "ctl.h"
#include "ctl_check.h"
#include "ctl_command.h"
#include "ctl_master_cf.h"
#include "ctl_run.h"
#include "ctl_saved_service.h"
#include "ctl_switch.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HARMLESS_COUNT 5
#define OPTIONS_COUNT  4

/*
 * The options with which the daemon would run, but no file of its own. The
 * array is to be freed; what is in it is borrowed.
 */
static const char **
make_arguments(const char *path, char *const *overrides, int override_count)
{
	static const char *const harmless[HARMLESS_COUNT] = {
		"smtpd_tls_session_cache_database=",
		"smtp_tls_session_cache_database=",
		"lmtp_tls_session_cache_database=",
		"tls_random_exchange_name=",
		"tlsmgr_ticket_key_file=",
	};

	const char *const options[OPTIONS_COUNT] = { path, "-S", "-u", "-V" };
	const char **argv = xcalloc(
	    OPTIONS_COUNT + 2 * ((size_t)override_count + HARMLESS_COUNT) + 1,
	    sizeof(*argv));
	const char **next = argv;

	for (int i = 0; i < OPTIONS_COUNT; i++)
		*next++ = options[i];
	for (int i = 0; i < override_count; i++) {
		*next++ = "-o";
		*next++ = overrides[i];
	}
	for (int i = 0; i < HARMLESS_COUNT; i++) {
		*next++ = "-o";
		*next++ = harmless[i];
	}
	return argv;
}

static void
make_policy_request(struct buffer *request)
{
	buffer_init(request);
	attr_put_string(request, "request", "policy");
	attr_put_string(request, "cache_type", "smtpd");
	attr_put_end(request);
}

/*
 * Does it start, and answer? master(8) would let a minute pass after one that
 * does not, also for the previous daemon when that is put back.
 */
static bool
try_daemon(const char *path, const char *command)
{
	static const char answer[] = "status\0"
				     "0\0"
				     "cachable";
	int override_count;
	char **overrides = ctl_command_overrides(command, &override_count);
	const char **argv = make_arguments(path, overrides, override_count);
	struct buffer request;
	struct ctl_run run;
	bool is_good;

	make_policy_request(&request);
	ctl_run(&run, argv, &request);
	is_good = run.status == 0 && memmem(run.output, run.output_len, answer,
					 sizeof(answer) - 1) != NULL;
	if (!is_good)
		ctl_error("nothing was changed: %s does not work: %s", path,
		    *run.complaints != '\0' ? run.complaints
					    : "it does not answer");
	ctl_run_fini(&run);
	buffer_fini(&request);
	free(argv);
	ctl_command_overrides_free(overrides);
	return is_good;
}

static bool
is_installed(struct ctl *ctl, const char *command)
{
	char *directory = ctl_config_value(ctl, "daemon_directory"), *path;
	bool is_good = false;

	if (directory == NULL)
		return false;
	path = xasprintf("%s/%s", directory, ctl_program);
	if (access(path, X_OK) == 0)
		is_good = try_daemon(path, command);
	else
		ctl_error(
		    "%s: %s; install it there first", path, strerror(errno));
	free(path);
	free(directory);
	return is_good;
}

/* The previous line first: a crash must not find it nowhere. */
static int
replace(struct ctl *ctl, const struct ctl_service *service)
{
	const char *command = service->fields[CTL_FIELD_COMMAND];
	char *previous = xstrndup(command, ctl_command_program_len(command));
	char *cause = NULL;
	int status = CTL_NO;

	if (ctl_saved_service_write(ctl, service, &cause) != ERROR_NONE) {
		ctl_error("%s", cause);
		free(cause);
	} else {
		ctl_switch_announce(command, ctl_program);
		status = ctl_switch_program(ctl, previous, ctl_program, true);
		if (status != CTL_OK)
			ctl_saved_service_remove(ctl);
	}
	free(previous);
	return status;
}

static int
enable(struct ctl_check *check)
{
	const char *command = check->service.fields[CTL_FIELD_COMMAND];

	if (check->findings.counts[CTL_PROBLEM] > 0) {
		ctl_error("nothing was changed: fix what is marked PROBLEM "
			  "first");
		return CTL_NO;
	}
	if (!is_installed(check->ctl, command))
		return CTL_NO;
	if (!ctl_command_runs(command, ctl_program))
		return replace(check->ctl, &check->service);
	printf("master.cf names %s already.\n", ctl_program);
	return ctl_switch_program(check->ctl, ctl_program, ctl_program, true);
}

int
ctl_enable(struct ctl *ctl, char *const operands[])
{
	(void)operands;
	return ctl_switch_checked(ctl, enable);
}

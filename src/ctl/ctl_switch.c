/*
 * ctl_switch: one word of one line in master.cf, a reload, and the proof that
 * it did what it should. What is begun is finished, or undone.
 */
#include "ctl_switch.h"

#include "clock.h"
#include "ctl_command.h"
#include "ctl_file.h"
#include "ctl_master_cf.h"
#include "ctl_master_process.h"
#include "ctl_run.h"
#include "ctl_text.h"
#include "xalloc.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The process that was there before a reload may answer for a while. */
#define SETTLE_US       (UINT64_C(15) * 1000000)
#define SETTLE_PAUSE_MS 100

static bool
run_postfix(struct ctl *ctl, const char *command, bool is_loud)
{
	const char *const arguments[] = { command, NULL };
	struct ctl_run run;
	bool is_done;

	ctl_run_postfix(&run, ctl, "postfix", arguments);
	is_done = run.status == 0;
	if (!is_done && is_loud)
		ctl_error("postfix %s failed: %s", command, run.complaints);
	ctl_run_fini(&run);
	return is_done;
}

/* Who answers at this moment? NULL, with a cause: nobody. */
static char *
ask_name(struct ctl *ctl, enum ctl_daemon *daemon, char **cause)
{
	char *queue_directory = ctl_config_value(ctl, "queue_directory");
	char *service = NULL, *name = NULL;
	struct ctl_client client;

	if (queue_directory != NULL)
		service = ctl_config_service(ctl);
	if (service != NULL) {
		if (ctl_client_open(&client, queue_directory, service,
			ctl->timeout_ms, cause) == ERROR_NONE &&
		    ctl_client_identify(&client, daemon, cause) == ERROR_NONE)
			name = ctl_daemon_name(&client, *daemon);
		ctl_client_close(&client);
	}
	free(queue_directory);
	free(service);
	return name;
}

/*
 * Ask until somebody else than `before` answers. A process that is about to
 * end may close a connection, so a failure counts only at the end.
 */
static char *
await_other(struct ctl *ctl, const char *before, bool wants_ours)
{
	uint64_t until_us = clock_monotonic_us() + SETTLE_US;
	enum ctl_daemon daemon;
	char *cause = NULL, *name;

	for (;;) {
		free(cause);
		cause = NULL;
		name = ask_name(ctl, &daemon, &cause);
		if (name != NULL &&
		    (before == NULL || strcmp(name, before) != 0) &&
		    (!wants_ours || daemon == CTL_DAEMON_OURS)) {
			free(cause);
			return name;
		}
		if (clock_monotonic_us() >= until_us)
			break;
		free(name);
		poll(NULL, 0, SETTLE_PAUSE_MS);
	}
	ctl_error("%s%s",
	    name != NULL    ? name
	    : cause != NULL ? cause
			    : "nobody",
	    name != NULL ? " answers still" : "");
	free(name);
	free(cause);
	return NULL;
}

static bool
reload(struct ctl *ctl, const char *before, bool wants_ours)
{
	char *name;

	if (!run_postfix(ctl, "reload", true))
		return false;
	name = await_other(ctl, before, wants_ours);
	if (name == NULL)
		return false;
	printf("Postfix is reloaded, and ");
	ctl_put_text(stdout, name);
	printf(" answers.\n");
	free(name);
	return true;
}

bool
ctl_switch_reload(struct ctl *ctl, bool wants_ours)
{
	enum ctl_daemon daemon;
	char *cause = NULL;
	char *before = wants_ours ? ask_name(ctl, &daemon, &cause) : NULL;
	bool is_done = reload(ctl, before, wants_ours);

	free(cause);
	free(before);
	return is_done;
}

void
ctl_switch_announce(const char *command, const char *program)
{
	char *changed = ctl_command_with(command, program);

	printf("master.cf: ");
	ctl_put_text(stdout, command);
	printf(" becomes ");
	ctl_put_text(stdout, changed);
	printf(".\n");
	free(changed);
}

bool
ctl_switch_lock(const struct ctl *ctl)
{
	char *cause = NULL;

	if (ctl_file_lock_directory(ctl->config_directory, &cause) ==
	    ERROR_NONE)
		return true;
	ctl_error("nothing was changed: %s", cause);
	free(cause);
	return false;
}

static bool
write_program(struct ctl *ctl, const char *program)
{
	char *cause = NULL;

	if (ctl_master_cf_write_program(ctl, program, &cause) == ERROR_NONE)
		return true;
	ctl_error("cannot change master.cf: %s", cause);
	free(cause);
	return false;
}

static void
undo(struct ctl *ctl, const char *previous)
{
	if (write_program(ctl, previous) && run_postfix(ctl, "reload", true))
		ctl_error("master.cf is as it was before, and Postfix is "
			  "reloaded; it may wait for a minute before it "
			  "starts a tlsmgr again");
}

/* Nor can it be, where main.cf is broken; it was not when it was started. */
static void
report_not_reloaded(struct ctl *ctl)
{
	char *queue_directory = ctl_config_value(ctl, "queue_directory");

	if (queue_directory != NULL &&
	    ctl_master_process_find(queue_directory) != 0)
		ctl_error("Postfix runs, but cannot be reloaded with this "
			  "main.cf; correct it, then: postfix reload");
	else
		printf("Postfix does not run; it will use that daemon when it "
		       "is started.\n");
	free(queue_directory);
}

/* What keeps any tlsmgr from starting, to be freed; NULL: nothing. */
static char *
find_broken_setting(const struct ctl *ctl)
{
	const struct settings_source source = {
		.config_directory = ctl->config_directory,
	};
	struct config *config = config_new();
	struct settings settings;
	char *cause = NULL;

	if (settings_load(&settings, config, &source, &cause) == ERROR_NONE)
		settings_fini(&settings);
	config_free(config);
	return cause;
}

/* Nobody can be waited for then; but it does not keep the change from being
 * made. */
static bool
reload_broken(struct ctl *ctl)
{
	char *cause = find_broken_setting(ctl);

	if (cause == NULL)
		return false;
	run_postfix(ctl, "reload", false);
	ctl_error("master.cf is changed, but no tlsmgr starts with this "
		  "configuration: %s",
	    cause);
	free(cause);
	return true;
}

/* master.cf has the program; make sure that its process answers. */
static int
see_to_process(struct ctl *ctl, const char *previous, const char *wanted,
    const char *before, bool wants_ours)
{
	if (!wants_ours && strcmp(previous, wanted) != 0 && reload_broken(ctl))
		return CTL_OK;
	if (!run_postfix(ctl, "status", false)) {
		report_not_reloaded(ctl);
		return CTL_OK;
	}
	if (reload(ctl, before, wants_ours))
		return CTL_OK;
	if (strcmp(previous, wanted) == 0)
		return CTL_NO;
	/* Nobody wants a daemon back that did not start. */
	if (!wants_ours && (ctl->options & CTL_OPTION_FORCE) != 0)
		ctl_error("master.cf stays changed");
	else if (!wants_ours && before == NULL)
		ctl_error("nobody answered before either, so master.cf stays "
			  "changed; Postfix waits for up to a minute before "
			  "it starts a tlsmgr again");
	else
		undo(ctl, previous);
	return CTL_NO;
}

int
ctl_switch_program(
    struct ctl *ctl, const char *previous, const char *wanted, bool wants_ours)
{
	enum ctl_daemon daemon = CTL_DAEMON_OLDER;
	char *cause = NULL, *before = ask_name(ctl, &daemon, &cause);
	int status = CTL_NO;
	sigset_t mask;

	free(cause);
	if (strcmp(previous, wanted) == 0 && before != NULL &&
	    (daemon == CTL_DAEMON_OURS) == wants_ours) {
		ctl_put_text(stdout, before);
		printf(" answers.\n");
		free(before);
		return CTL_OK;
	}
	/* What is begun is finished or undone. */
	master_block_end_signals(&mask);
	if (strcmp(previous, wanted) == 0 || write_program(ctl, wanted))
		status =
		    see_to_process(ctl, previous, wanted, before, wants_ours);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	free(before);
	return status;
}

int
ctl_switch_checked(struct ctl *ctl, int (*change)(struct ctl_check *))
{
	struct ctl_check check;
	int status;

	if (!ctl_is_root() || !ctl_switch_lock(ctl))
		return CTL_NO;
	ctl_check_run(&check, ctl, true);
	status = change(&check);
	ctl_check_fini(&check);
	return status;
}

/*
 * ctl_check: runs the checks and prints what they find. Changes nothing.
 */
#include "ctl_check.h"

#include "ctl_text.h"
#include "log.h"
#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	const char *word;
	const char *colour;
} levels[CTL_LEVELS] = {
	[CTL_GOOD] = { "ok", "\033[32m" },
	[CTL_NOTE] = { "note", "" },
	[CTL_WARNING] = { "warning", "\033[1;33m" },
	[CTL_PROBLEM] = { "PROBLEM", "\033[1;31m" },
};

#define NORMAL "\033[0m"
#define INDENT 9

void
ctl_check_add(struct ctl_check *check, enum ctl_level level, const char *advice,
    const char *fmt, ...)
{
	bool is_coloured = check->ctl->is_coloured;
	va_list ap;
	char *text;

	check->counts[level]++;
	if (check->is_quiet && level < CTL_WARNING)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	printf("%s%-*s%s", is_coloured ? levels[level].colour : "", INDENT,
	    levels[level].word, is_coloured ? NORMAL : "");
	ctl_put_text(stdout, text);
	putchar('\n');
	if (advice != NULL) {
		printf("%*sDo: ", INDENT, "");
		ctl_put_text(stdout, advice);
		putchar('\n');
	}
	free(text);
}

/* What the daemon's own modules complain of, while they are asked. */
static void
logged_cb(void *arg, enum log_level level, const char *text)
{
	struct ctl_check *check = arg;

	if (level >= LOG_LEVEL_WARNING)
		ctl_check_add(check, check->log_level,
		    check->log_level < CTL_WARNING
			? NULL
			: "correct that, then: postfix reload",
		    "%s", text);
}

void
ctl_check_run(struct ctl_check *check, struct ctl *ctl, bool is_quiet)
{
	*check = (struct ctl_check){
		.ctl = ctl,
		.is_quiet = is_quiet,
		.log_level = CTL_WARNING,
	};
	if (geteuid() != 0)
		ctl_check_add(check, CTL_NOTE, "run this as root",
		    "not all can be seen without being root");
	log_set_sink(logged_cb, check);
	if (ctl_check_config(check)) {
		ctl_check_master_cf(check);
		ctl_check_settings(check);
	}
	if (check->has_settings) {
		ctl_check_postfix_version(check);
		ctl_check_caches(check);
		ctl_check_files(check);
		ctl_check_entropy(check);
		ctl_check_daemon(check);
	}
	log_set_sink(NULL, NULL);
}

void
ctl_check_fini(struct ctl_check *check)
{
	if (check->has_service)
		ctl_service_fini(&check->service);
	if (check->has_settings)
		settings_fini(&check->settings);
	if (check->has_owner)
		master_owner_fini(&check->owner);
	free(check->postfix_version);
}

int
ctl_check(struct ctl *ctl, char *const operands[])
{
	struct ctl_check check;
	unsigned findings;
	int status = CTL_OK;

	(void)operands;
	ctl_check_run(&check, ctl, false);
	findings = check.counts[CTL_WARNING] + check.counts[CTL_PROBLEM];
	if (findings > 0) {
		printf("\n%u finding%s, of which %u would stop the daemon.\n",
		    findings, findings == 1 ? "" : "s",
		    check.counts[CTL_PROBLEM]);
		if (ctl->is_directory_given) {
			printf("For this instance, give postfix and tlsmgrctl "
			       "-c ");
			ctl_put_text(stdout, ctl->config_directory);
			printf(".\n");
		}
		status = CTL_NO;
	}
	ctl_check_fini(&check);
	return status;
}

/*
 * ctl_check: runs the checks, whose findings print themselves. Changes nothing.
 */
#include "ctl_check.h"

#include "ctl_text.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the daemon's own modules complain of, while they are asked. */
static void
logged_cb(void *arg, enum log_level level, const char *text)
{
	struct ctl_check *check = arg;

	if (level >= LOG_LEVEL_WARNING)
		ctl_finding_add(&check->findings, check->log_level,
		    check->log_level < CTL_WARNING
			? NULL
			: "correct that, then: postfix reload",
		    "%s", text);
}

/*
 * The line in master.cf is read first, for its options, but what there is to
 * say of it comes behind what there is to say of the configuration.
 */
void
ctl_check_run(struct ctl_check *check, struct ctl *ctl, bool is_before_start)
{
	enum error error;
	char *cause = NULL;

	*check = (struct ctl_check){
		.ctl = ctl,
		.findings = { .is_coloured = ctl->is_coloured,
		    .is_json = (ctl->options & CTL_OPTION_JSON) != 0,
		    .is_quiet = is_before_start },
		.log_level = CTL_WARNING,
	};
	log_set_sink(logged_cb, check);
	error = ctl_master_cf_read(&check->service, ctl, &cause);
	check->has_service = error == ERROR_NONE;
	ctl_check_settings(check);
	if (geteuid() != 0)
		ctl_finding_add(&check->findings, CTL_NOTE, "run this as root",
		    "not all can be seen without being root");
	ctl_check_master_cf(check, error, cause);
	free(cause);
	if (check->has_settings) {
		ctl_check_postfix_version(check);
		ctl_check_caches(check);
		ctl_check_files(check);
		ctl_check_entropy(check);
	}
	if (check->has_settings && !is_before_start) {
		ctl_check_tls(check);
		ctl_check_daemon(check);
		ctl_check_master_process(check);
	}
	log_set_sink(NULL, NULL);
}

void
ctl_check_fini(struct ctl_check *check)
{
	if (check->has_service)
		ctl_service_fini(&check->service);
	if (check->has_group)
		shared_group_close(&check->group);
	if (check->has_settings)
		settings_fini(&check->settings);
	if (check->has_owner)
		master_owner_fini(&check->owner);
}

static void
print_sum(const struct ctl *ctl, unsigned findings, unsigned problems)
{
	char *word = ctl_text_word(ctl->config_directory);

	printf("\n%u finding%s, of which %u would stop the daemon.\n", findings,
	    findings == 1 ? "" : "s", problems);
	if (ctl->is_directory_given) {
		printf("For this instance, give postfix and tlsmgrctl -c ");
		ctl_put_text(stdout, word);
		printf(".\n");
	}
	free(word);
}

int
ctl_check(struct ctl *ctl, char *const operands[])
{
	bool is_json = (ctl->options & CTL_OPTION_JSON) != 0;
	struct ctl_check check;
	unsigned findings, problems;

	(void)operands;
	if (is_json)
		printf("{\n  \"findings\": [");
	ctl_check_run(&check, ctl, false);
	problems = check.findings.counts[CTL_PROBLEM];
	findings = check.findings.counts[CTL_WARNING] + problems;
	if (is_json)
		printf("\n  ],\n  \"warnings\": %u,\n  \"problems\": %u\n}\n",
		    findings - problems, problems);
	else if (findings > 0)
		print_sum(ctl, findings, problems);
	ctl_check_fini(&check);
	return findings > 0 ? CTL_NO : CTL_OK;
}

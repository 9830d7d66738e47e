/*
 * ctl_check_shared: what this host has in common with others.
 */
#include "ctl_check.h"

/* That is as configured, but hardly as it was meant. */
static void
check_nothing(struct ctl_check *check)
{
	if (*check->settings.tlsmgr_shared_servers == '\0')
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "nothing is shared with other hosts, as configured");
	else
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "name the file in tlsmgr_shared_secret_file; then: postfix "
		    "reload",
		    "tlsmgr_shared_servers is set, but nothing is shared: "
		    "there is no file of secrets");
}

void
ctl_check_shared(struct ctl_check *check)
{
	const struct shared_group *group = &check->group;
	bool sides[SHARED_SIDES] = { false };
	const char *smtpd;

	if (!check->has_owner)
		return;
	/* What is wrong with it is logged, and so found. */
	ctl_group_open(
	    &check->group, &check->settings, check->ctl->config, &check->owner);
	check->has_group = true;
	smtpd = group->fingerprints[SHARED_SMTPD][0];
	if (!shared_group_is_configured(group))
		check_nothing(check);
	else if (group->problem == NULL)
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "shared with the group %s, %u secret%s, fingerprint of "
		    "smtpd %s",
		    group->config.group, group->secrets.count,
		    group->secrets.count == 1 ? "" : "s",
		    *smtpd != '\0' ? smtpd : "none");
	if (shared_group_has_engine(group))
		shared_group_read_caches(
		    check->settings.tlsmgr_shared_caches, sides);
}

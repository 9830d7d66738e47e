/*
 * ctl_check_shared: what this host has in common with others.
 */
#include "ctl_check.h"

void
ctl_check_shared(struct ctl_check *check)
{
	const struct shared_group *group = &check->group;
	const char *smtpd;

	if (!check->has_owner)
		return;
	/* What is wrong with it is logged, and so found. */
	ctl_group_open(
	    &check->group, &check->settings, check->ctl->config, &check->owner);
	check->has_group = true;
	smtpd = group->fingerprints[SHARED_SMTPD][0];
	if (!shared_group_is_configured(group))
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "nothing is shared with other hosts, as configured");
	else if (group->problem == NULL)
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "shared with the group %s, %u secret%s, fingerprint of "
		    "smtpd %s",
		    group->config.group, group->secrets.count,
		    group->secrets.count == 1 ? "" : "s",
		    *smtpd != '\0' ? smtpd : "none");
}

/*
 * ctl_group: from settings to a group, by the functions of the daemon.
 */
#include "ctl_group.h"

#include "cache.h"
#include "ctl_statistics.h"
#include "settings_digest.h"

#include <string.h>
#include <unistd.h>

void
ctl_group_open(struct shared_group *group, const struct settings *settings,
    const struct config *config, const struct master_owner *owner)
{
	const struct shared_group_config from =
	    SHARED_GROUP_CONFIG(settings, config, owner->uid);

	shared_group_open_secret(group, &from);
	/* Where the daemon is: a path may be relative. */
	(void)!chdir(settings->queue_directory);
	shared_group_open_trust(group);
	shared_group_begin(group);
}

bool
ctl_group_is_running(
    const struct shared_group *group, const struct ctl_reply *statistics)
{
	static const char *const names[SHARED_SIDES] = { "fingerprint_smtpd",
		"fingerprint_smtp", "fingerprint_lmtp" };

	for (int i = 0; i < SHARED_SIDES; i++) {
		const char *running =
		    ctl_statistics_text(statistics, CTL_SHARED, names[i]);

		if (running != NULL &&
		    strcmp(running, group->fingerprints[i][0]) != 0)
			return false;
	}
	return true;
}

/*
 * daemon_shared: this host as one of a group, from the configuration to the
 * keys that the group has in common.
 */
#include "daemon.h"

#include "clock.h"
#include "log.h"
#include "settings_digest.h"

#include <stdlib.h>

_Static_assert((int)SHARED_SMTPD == (int)CACHE_SMTPD &&
		   (int)SHARED_SMTP == (int)CACHE_SMTP &&
		   (int)SHARED_LMTP == (int)CACHE_LMTP,
    "sides and types of caches are counted alike");

void
daemon_open_shared(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	const struct shared_group_config config =
	    SHARED_GROUP_CONFIG(settings, daemon->config, daemon->owner.uid);

	shared_group_open_secret(&daemon->group, &config);
	shared_group_open_trust(&daemon->group);
}

/* From here on the keys of tickets are those of the group. */
static void
share_ticket_keys(struct daemon *daemon)
{
	const struct shared_group *group = &daemon->group;

	if (!daemon->settings->tlsmgr_shared_ticket_keys ||
	    daemon->ticket_keys.lifetime_s <= 0)
		return;
	/* Derived from the secret alone, or agreed on through an engine. */
	if (shared_group_has_engine(group)) {
		if (daemon_start_ring(daemon))
			return;
	} else if (shared_ticket_keys_init(&daemon->group_keys, &group->secrets,
		       &group->contexts[SHARED_SMTPD],
		       daemon->ticket_keys.lifetime_s) == ERROR_NONE) {
		daemon->ticket_keys.group = &daemon->group_keys;
		return;
	}
	log_warning("shared: OpenSSL has no HKDF with SHA-256; session ticket "
		    "keys are this host's own");
}

void
daemon_start_shared(struct daemon *daemon)
{
	struct shared_group *group = &daemon->group;
	const char *smtpd = group->fingerprints[SHARED_SMTPD][0];

	if (!shared_group_begin(group))
		return;
	share_ticket_keys(daemon);
	log_info("shared: group %s, secrets: %u, fingerprint of smtpd: %s, "
		 "session ticket keys: %s",
	    group->config.group, group->secrets.count,
	    *smtpd != '\0' ? smtpd : "none",
	    daemon->ticket_keys.group != NULL ||
		    daemon->ticket_keys.ring != NULL
		? "the group's"
		: "this host's own");
}

const char *
daemon_shared_state(const struct daemon *daemon)
{
	struct shared_statistics engine;

	if (!shared_group_is_configured(&daemon->group))
		return "off";
	if (daemon->group.problem != NULL)
		return "failed";
	if (daemon->shared == NULL)
		return "secret";
	shared_statistics(daemon->shared, &engine);
	return engine.state;
}

bool
daemon_shared_has_key(const struct daemon *daemon)
{
	if (daemon->ticket_keys.ring != NULL)
		return shared_ring_is_common(&daemon->ring, clock_wall_s());
	return daemon->ticket_keys.group != NULL;
}

/* That of the next epoch is known as long as the present one. */
int64_t
daemon_shared_keys_until(const struct daemon *daemon)
{
	const struct shared_ticket_keys *keys = daemon->ticket_keys.group;

	if (daemon->ticket_keys.ring != NULL)
		return shared_ring_until(&daemon->ring, clock_wall_s());
	return keys != NULL ? shared_ticket_keys_until(keys, clock_wall_s())
	                    : 0;
}

void
daemon_close_shared(struct daemon *daemon)
{
	daemon->ticket_keys.group = NULL;
	shared_ticket_keys_wipe(&daemon->group_keys);
	shared_group_close(&daemon->group);
}

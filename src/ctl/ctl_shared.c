/*
 * ctl_shared: what must be equal on hosts that are to share, in a form that
 * diff(1) can compare; never the secret itself.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_group.h"
#include "ctl_master_cf.h"
#include "ctl_text.h"
#include "shared_ticket_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void
put_parameter(void *arg, const char *name, const char *value)
{
	(void)arg;
	printf("  %s = ", name);
	ctl_put_text(stdout, value);
	putchar('\n');
}

static void
put_file(const struct shared_trust_file *file)
{
	printf("  file ");
	ctl_put_text(stdout, file->path);
	printf(" = ");
	for (size_t i = 0; i < sizeof(file->hash); i++)
		printf("%02x", file->hash[i]);
	printf("%s\n", file->is_read ? "" : " (cannot be read: as if empty)");
}

static void
put_side(const struct shared_group *group, enum shared_side side)
{
	const struct shared_group_config *config = &group->config;
	const char *name = shared_side_names[side];

	printf("\n%s\n", name);
	if (config->sides[side].timeout_s <= 0) {
		printf("  off: a timeout of 0\n");
		return;
	}
	for (unsigned i = 0; i < group->secrets.count; i++)
		printf("  fingerprint of secret %u = %s\n", i + 1,
		    group->fingerprints[side][i]);
	printf("  timeout = %" PRId64 "\n", config->sides[side].timeout_s);
	config->each_parameter(config->parameters, name, put_parameter, NULL);
	for (unsigned i = 0; i < group->trust_file_count; i++)
		if ((group->trust_files[i].sides & 1U << side) != 0)
			put_file(&group->trust_files[i]);
}

/* A clock that is wrong cannot be seen from inside: compare this. */
static void
put_time(int64_t timeout_s)
{
	time_t now = clock_wall_s();
	struct tm broken;
	char text[32];

	strftime(
	    text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime_r(&now, &broken));
	printf("time = %s UTC\n", text);
	if (timeout_s > 0)
		printf("epoch of ticket keys = %" PRId64 ", of %" PRId64
		       " s each\n",
		    shared_ticket_key_epoch(timeout_s, now), timeout_s / 2);
}

static void
put_group(const struct shared_group *group)
{
	put_time(group->config.sides[SHARED_SMTPD].timeout_s);
	printf("group = ");
	ctl_put_text(stdout, group->config.group);
	printf("\nsecrets = %u\n", group->secrets.count);
	for (int side = 0; side < SHARED_SIDES; side++)
		put_side(group, (enum shared_side)side);
}

/* A daemon that runs with other values is reported; that none runs is not. */
static int
compare_daemon(struct ctl *ctl, const struct settings *settings,
    const struct shared_group *group)
{
	struct ctl_reply statistics;
	struct ctl_client client;
	enum ctl_daemon daemon;
	char *cause = NULL;
	int status = CTL_OK;

	if (ctl_client_open(&client, settings->queue_directory,
		settings->tlsmgr_service_name, ctl->timeout_ms,
		&cause) == ERROR_NONE &&
	    ctl_client_identify(&client, &daemon, &cause) == ERROR_NONE &&
	    daemon == CTL_DAEMON_OURS) {
		statistics = ctl_client_statistics(&client);
		if (!ctl_group_is_running(group, &statistics)) {
			ctl_error("the daemon that runs has another secret, or "
				  "other settings: postfix reload");
			status = CTL_NO;
		}
	}
	ctl_client_close(&client);
	free(cause);
	return status;
}

static int
show(struct ctl *ctl, const struct settings *settings)
{
	struct shared_group group;
	struct master_owner owner;
	char *cause = NULL;
	int status = CTL_NO;

	if (master_owner_find(&owner, settings->mail_owner, &cause) !=
	    ERROR_NONE) {
		ctl_error("mail_owner = %s: %s", settings->mail_owner, cause);
		free(cause);
		return CTL_NO;
	}
	ctl_group_open(&group, settings, ctl->config, &owner);
	if (!shared_group_is_configured(&group))
		ctl_error("nothing is shared: there is no "
			  "tlsmgr_shared_secret_file");
	put_group(&group);
	if (group.secrets.count > 0)
		status = compare_daemon(ctl, settings, &group);
	shared_group_close(&group);
	master_owner_fini(&owner);
	return status;
}

static void
say_problem(void *arg, enum config_severity severity, const char *text)
{
	(void)arg;
	(void)severity;
	ctl_error("%s", text);
}

int
ctl_shared(struct ctl *ctl, char *const operands[])
{
	struct ctl_service service;
	struct settings settings;
	char *cause = NULL;
	bool has_service;
	int status = CTL_NO;

	(void)operands;
	has_service = ctl_master_cf_read(&service, ctl, &cause) == ERROR_NONE;
	free(cause);
	cause = NULL;
	if (ctl_settings_load(ctl, has_service ? &service : NULL, &settings,
		&cause) == ERROR_NONE) {
		config_each_problem(ctl->config, say_problem, NULL);
		status = show(ctl, &settings);
		settings_fini(&settings);
	} else {
		ctl_error("%s", cause);
		free(cause);
	}
	if (has_service)
		ctl_service_fini(&service);
	return status;
}

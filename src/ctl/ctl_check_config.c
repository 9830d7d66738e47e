/*
 * ctl_check_config: main.cf and tlsmgr.cf, read anew and as the daemon would,
 * with the overrides of master.cf; and what they say of the caches.
 */
#include "cache.h"
#include "ctl_check.h"
#include "data_path.h"
#include "store.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define CORRECT_IT "correct that, then: postfix reload"

static void
apply_overrides(struct ctl_check *check)
{
	const char *rest;
	char *override, *cause = NULL;

	if (!check->has_service)
		return;
	rest = check->service.fields[CTL_FIELD_COMMAND];
	while ((override = ctl_command_next_override(&rest)) != NULL) {
		if (config_override(check->ctl->config, override, &cause) !=
		    ERROR_NONE) {
			ctl_check_add(check, CTL_PROBLEM,
			    "correct that option in master.cf", "-o %s: %s",
			    override, cause);
			free(cause);
			cause = NULL;
		}
		free(override);
	}
	settings_check_override_names(check->ctl->config);
}

static void
set_version(struct ctl_check *check)
{
	char *directory = ctl_config_value(check->ctl, "daemon_directory");

	if (directory == NULL)
		return;
	check->postfix_version = master_postfix_version(directory);
	if (check->postfix_version != NULL)
		config_set(check->ctl->config, "mail_version",
		    check->postfix_version, CONFIG_DEFAULT);
	free(directory);
}

bool
ctl_check_config(struct ctl_check *check)
{
	char *cause = NULL;

	if (ctl_config_read(check->ctl, &cause))
		return true;
	ctl_check_add(check, CTL_PROBLEM, CORRECT_IT, "%s", cause);
	free(cause);
	return false;
}

void
ctl_check_settings(struct ctl_check *check)
{
	struct ctl *ctl = check->ctl;
	char *cause = NULL;

	set_version(check);
	apply_overrides(check);
	if (settings_read(&check->settings, ctl->config, &cause) !=
	    ERROR_NONE) {
		ctl_check_add(check, CTL_PROBLEM, CORRECT_IT, "%s", cause);
		free(cause);
		return;
	}
	check->has_settings = true;
	ctl_check_add(check, CTL_GOOD, NULL,
	    "the configuration in %s is understood", ctl->config_directory);
	check->has_owner =
	    master_owner_find(&check->owner, check->settings.mail_owner,
		&cause) == ERROR_NONE;
	if (!check->has_owner) {
		ctl_check_add(check, CTL_PROBLEM,
		    "name an unprivileged user in main.cf",
		    "mail_owner = %s: %s", check->settings.mail_owner, cause);
		free(cause);
	}
}

/* The file that the daemon would use, or NULL where there is none. */
static char *
find_file(struct ctl_check *check, const char *type, const char *path)
{
	char *file;

	if (!check->has_owner || strcmp(type, "internal") == 0)
		return NULL;
	/* An old main.cf has them elsewhere, and that is taken care of. */
	check->log_level = CTL_NOTE;
	file = data_path(
	    type, path, check->owner.uid, check->settings.data_directory);
	check->log_level = CTL_WARNING;
	return file;
}

static void
check_cache(struct ctl_check *check, const char *name, const char *database,
    int64_t timeout_s, char **file)
{
	const char *path;
	char *type, *types;

	*file = NULL;
	if (*database == '\0' || timeout_s <= 0) {
		ctl_check_add(
		    check, CTL_GOOD, NULL, "%s: no cache, as configured", name);
		return;
	}
	type = settings_database_type(&check->settings, database, &path);
	if (store_find(type) == NULL) {
		types = store_types();
		ctl_check_add(check, CTL_PROBLEM,
		    "use btree in main.cf, then: postfix reload",
		    "%s_tls_session_cache_database = %s: there is no type "
		    "\"%s\"; there are %s",
		    name, database, type, types);
		free(types);
	} else {
		*file = find_file(check, type, path);
		ctl_check_add(check, CTL_GOOD, NULL, "%s: sessions in %s", name,
		    database);
	}
	free(type);
}

void
ctl_check_caches(struct ctl_check *check)
{
	const struct settings *settings = &check->settings;
	const struct {
		const char *name, *database;
		int64_t timeout_s;
	} caches[CACHE_TYPES] = {
		{ "smtpd", settings->smtpd_tls_session_cache_database,
		    settings->smtpd_tls_session_cache_timeout },
		{ "smtp", settings->smtp_tls_session_cache_database,
		    settings->smtp_tls_session_cache_timeout },
		{ "lmtp", settings->lmtp_tls_session_cache_database,
		    settings->lmtp_tls_session_cache_timeout },
	};
	char *files[CACHE_TYPES];

	for (int i = 0; i < CACHE_TYPES; i++) {
		check_cache(check, caches[i].name, caches[i].database,
		    caches[i].timeout_s, &files[i]);
		for (int other = 0; other < i; other++)
			if (files[i] != NULL && files[other] != NULL &&
			    strcmp(files[i], files[other]) == 0)
				ctl_check_add(check, CTL_PROBLEM,
				    "give each a file of its own in main.cf",
				    "%s and %s have the same file %s",
				    caches[other].name, caches[i].name,
				    files[i]);
		if (files[i] != NULL)
			ctl_check_cache_files(check, files[i]);
	}
	for (int i = 0; i < CACHE_TYPES; i++)
		free(files[i]);
}

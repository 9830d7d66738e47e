/*
 * ctl_check_config: main.cf and tlsmgr.cf, read anew and as the daemon would,
 * with the overrides of master.cf; and what they say of the caches.
 */
#include "cache.h"
#include "ctl_advice.h"
#include "ctl_check.h"
#include "data_path.h"
#include "log.h"
#include "store.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define CORRECT_IT "correct that, then: postfix reload"

/* Which kind of problem add_problem() is to show now. */
struct problems {
	struct ctl_check *check;
	enum config_severity severity;
};

static void
add_problem(void *arg, enum config_severity severity, const char *text)
{
	struct problems *problems = arg;

	if (severity == problems->severity)
		ctl_finding_add(&problems->check->findings, CTL_WARNING,
		    CORRECT_IT, "%s", text);
}

/* What is not in force comes first: everything else is judged without it. */
static void
add_problems(struct ctl_check *check)
{
	struct problems problems = { check, CONFIG_IGNORED };

	config_each_problem(check->ctl->config, add_problem, &problems);
	problems.severity = CONFIG_WARNING;
	config_each_problem(check->ctl->config, add_problem, &problems);
}

static void
find_owner(struct ctl_check *check)
{
	char *cause = NULL;

	check->has_owner =
	    master_owner_find(&check->owner, check->settings.mail_owner,
		&cause) == ERROR_NONE;
	if (check->has_owner)
		return;
	ctl_finding_add(&check->findings, CTL_PROBLEM,
	    "name an unprivileged user in main.cf", "mail_owner = %s: %s",
	    check->settings.mail_owner, cause);
	free(cause);
}

static void
check_facility(struct ctl_check *check)
{
	const char *facility = check->settings.syslog_facility;

	if (!log_facility_is_known(facility))
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "name one of syslog(3) in main.cf",
		    "syslog_facility = %s: there is none of that name",
		    facility);
}

/* No tlsmgr starts with that. */
static void
add_unreadable(struct ctl_check *check, const char *cause)
{
	char *advice = ctl_advice_after_fatal(ctl_config_is_missing(check->ctl)
						  ? CTL_CONFIGURE_POSTFIX
						  : "correct that");

	ctl_finding_add(&check->findings, CTL_PROBLEM, advice, "%s", cause);
	free(advice);
}

void
ctl_check_settings(struct ctl_check *check)
{
	char *cause = NULL;
	enum error error = ctl_settings_load(check->ctl,
	    check->has_service ? &check->service : NULL, &check->settings,
	    &cause);

	add_problems(check);
	if (error != ERROR_NONE) {
		add_unreadable(check, cause);
		free(cause);
		return;
	}
	check->has_settings = true;
	find_owner(check);
	check_facility(check);
	ctl_check_shared(check);
	ctl_finding_add(&check->findings, CTL_GOOD, NULL,
	    "the configuration in %s is understood",
	    check->ctl->config_directory);
}

/* The file that the daemon would use, or NULL where there is none. */
static char *
find_file(struct ctl_check *check, const char *type, const char *path)
{
	const struct store_kind *kind = store_kind_find(type);
	char *file;

	if (!check->has_owner || kind == NULL || kind->in_memory)
		return NULL;
	/* An old main.cf has them elsewhere, and that is taken care of. */
	check->log_level = CTL_NOTE;
	file = data_path(
	    type, path, check->owner.uid, check->settings.data_directory);
	check->log_level = CTL_WARNING;
	return file;
}

static void
check_database(struct ctl_check *check, const char *name, const char *database,
    char **file)
{
	const struct store_kind *kind;
	const char *path;
	char *type, *types;

	type = settings_database_type(&check->settings, database, &path);
	kind = store_kind_find(type);
	if (kind == NULL) {
		types = store_types();
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "use btree in main.cf, then: postfix reload",
		    "%s_tls_session_cache_database = %s: there is no type "
		    "\"%s\", and so no cache; there are %s",
		    name, database, type, types);
		free(types);
	} else if (*path == '\0' && !kind->in_memory) {
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "put a path behind it in main.cf, then: postfix reload",
		    "%s_tls_session_cache_database = %s: there is no path, and "
		    "so no cache",
		    name, database);
	} else {
		*file = find_file(check, type, path);
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "%s: sessions in %s", name, database);
	}
	free(type);
}

static void
check_cache(struct ctl_check *check, const char *name, const char *database,
    int64_t timeout_s, char **file)
{
	*file = NULL;
	if (*database == '\0' || timeout_s <= 0)
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "%s: no cache, as configured", name);
	else
		check_database(check, name, database, file);
}

void
ctl_check_caches(struct ctl_check *check)
{
	const struct settings *settings = &check->settings;
	const struct {
		const char *database;
		int64_t timeout_s;
	} caches[CACHE_TYPES] = {
		[CACHE_SMTPD] = { settings->smtpd_tls_session_cache_database,
		    settings->smtpd_tls_session_cache_timeout },
		[CACHE_SMTP] = { settings->smtp_tls_session_cache_database,
		    settings->smtp_tls_session_cache_timeout },
		[CACHE_LMTP] = { settings->lmtp_tls_session_cache_database,
		    settings->lmtp_tls_session_cache_timeout },
	};
	char *files[CACHE_TYPES];

	for (int i = 0; i < CACHE_TYPES; i++) {
		check_cache(check, cache_type_name((enum cache_type)i),
		    caches[i].database, caches[i].timeout_s, &files[i]);
		for (int other = 0; other < i; other++)
			if (files[i] != NULL && files[other] != NULL &&
			    strcmp(files[i], files[other]) == 0)
				ctl_finding_add(&check->findings, CTL_PROBLEM,
				    "give each a file of its own in main.cf",
				    "%s and %s have the same file %s",
				    cache_type_name((enum cache_type)other),
				    cache_type_name((enum cache_type)i),
				    files[i]);
		if (files[i] != NULL)
			ctl_check_cache_files(check, files[i]);
	}
	for (int i = 0; i < CACHE_TYPES; i++)
		free(files[i]);
}

/*
 * ctl_check_changes: are the values of the daemon those of the files? If not,
 * they are not in force.
 */
#include "attr.h"
#include "ctl_check.h"
#include "ctl_statistics.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NOT_IN_FORCE "not in force until: postfix reload"

/* The values of the files are compared with those of an answer to `config`. */
struct comparison {
	struct ctl_check *check;
	const struct ctl_reply *running;
	unsigned differences;
};

/* Its value in the daemon, borrowed; NULL: an older one does not know it. */
static const char *
find_running(const struct comparison *comparison, const char *name)
{
	struct ctl_reply walk = *comparison->running;
	const char *parameter, *value;

	while ((parameter = ctl_reply_take(&walk, "parameter")) != NULL) {
		value = ctl_reply_take(&walk, "value");
		if (value == NULL || ctl_reply_take(&walk, "origin") == NULL)
			return NULL;
		if (strcmp(parameter, name) == 0)
			return value;
	}
	return NULL;
}

static void
compare_value(void *arg, const struct config_entry *entry, const char *value)
{
	struct comparison *comparison = arg;
	const char *running = find_running(comparison, entry->name);

	/* A process ID, say, is no setting. A long value is cut on the wire. */
	if (running == NULL || entry->origin == CONFIG_FIXED ||
	    strncmp(running, value, ATTR_STRING_MAX) == 0)
		return;
	comparison->differences++;
	ctl_finding_add(&comparison->check->findings, CTL_WARNING,
	    CTL_NAME " reload",
	    "%s = %s, but the daemon has \"%s\": " NOT_IN_FORCE, entry->name,
	    value, running);
}

/* What is in them may matter to other daemons only; but nobody has seen it. */
static void
compare_times(struct ctl_check *check, int64_t started_at)
{
	static const char *const names[] = { "main.cf", "tlsmgr.cf",
		"master.cf" };
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path =
		    xasprintf("%s/%s", check->ctl->config_directory, names[i]);

		if (stat(path, &st) == 0 && (int64_t)st.st_mtime > started_at)
			ctl_finding_add(&check->findings, CTL_WARNING,
			    CTL_NAME " reload",
			    "%s was changed since the daemon "
			    "started: " NOT_IN_FORCE,
			    path);
		free(path);
	}
}

unsigned
ctl_check_values(struct ctl_check *check, struct ctl_client *client)
{
	struct comparison comparison = { .check = check };
	struct buffer request;
	struct ctl_reply reply;
	char *cause = NULL;
	int status;

	buffer_init(&request);
	attr_put_string(&request, "request", "config");
	attr_put_end(&request);
	if (ctl_client_ask(client, &request, &reply, &cause) == ERROR_NONE &&
	    ctl_reply_status(&reply, &status) == ERROR_NONE && status == 0) {
		comparison.running = &reply;
		settings_each(check->ctl->config, compare_value, &comparison);
	}
	free(cause);
	buffer_fini(&request);
	return comparison.differences;
}

void
ctl_check_changes(struct ctl_check *check, struct ctl_client *client)
{
	const struct ctl_reply statistics = ctl_client_statistics(client);

	if (ctl_check_values(check, client) == 0)
		compare_times(
		    check, ctl_statistics_get(&statistics, NULL, "started_at"));
}

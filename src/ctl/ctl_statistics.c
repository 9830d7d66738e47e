/*
 * ctl_statistics: the tables of counters.def, and values by name. Pure.
 */
#include "ctl_statistics.h"

#include <stdio.h>
#include <string.h>

/* "latency.REQUEST.PART" */
#define LATENCY_PREFIX "latency."

/* The expressions are the daemon's. */
#define ROW(name, kind, help) { #name, CTL_##kind, help },

const struct ctl_statistic ctl_process_statistics[] = {
#define PROCESS(name, kind, expression, help) ROW(name, kind, help)
#include "counters.def"
	{ NULL, CTL_TEXT, NULL },
};

const struct ctl_statistic ctl_shared_statistics[] = {
#define SHARED(name, kind, expression, help) ROW(name, kind, help)
#include "counters.def"
	{ NULL, CTL_TEXT, NULL },
};

const struct ctl_statistic ctl_cache_statistics[] = {
#define CACHE(name, kind, expression, help) ROW(name, kind, help)
#include "counters.def"
	{ NULL, CTL_TEXT, NULL },
};

const char *
ctl_statistics_text(
    const struct ctl_reply *reply, const char *scope, const char *name)
{
	char full_name[128];

	if (scope == NULL)
		return ctl_reply_find(reply, name);
	snprintf(full_name, sizeof(full_name), "%s.%s", scope, name);
	return ctl_reply_find(reply, full_name);
}

bool
ctl_statistics_number(const struct ctl_reply *reply, const char *scope,
    const char *name, int64_t *number)
{
	const char *text = ctl_statistics_text(reply, scope, name);

	*number = 0;
	return text != NULL && ctl_reply_number(text, number) == ERROR_NONE;
}

int64_t
ctl_statistics_get(
    const struct ctl_reply *reply, const char *scope, const char *name)
{
	int64_t number;

	ctl_statistics_number(reply, scope, name, &number);
	return number;
}

bool
ctl_statistics_is_look(const char *request)
{
	return strcmp(request, "stats") == 0 ||
	       strcmp(request, "destinations") == 0 ||
	       strcmp(request, "history") == 0;
}

bool
ctl_statistics_has_request(const struct ctl_reply *reply, const char *request)
{
	char name[128];

	snprintf(name, sizeof(name), CTL_REQUEST_PREFIX "%s", request);
	return ctl_reply_find(reply, name) != NULL;
}

bool
ctl_statistics_next(struct ctl_reply *walk, const char *prefix,
    struct ctl_statistics_entry *entry)
{
	const size_t len = strlen(prefix);
	struct ctl_attribute attribute;

	while (ctl_reply_next(walk, &attribute)) {
		if (strncmp(attribute.name, prefix, len) != 0 ||
		    ctl_reply_number(attribute.value, &entry->number) !=
			ERROR_NONE)
			continue;
		entry->name = attribute.name + len;
		return true;
	}
	return false;
}

bool
ctl_statistics_next_latency(
    struct ctl_reply *walk, struct ctl_statistics_latency *latency)
{
	struct ctl_statistics_entry entry;
	const char *dot;

	while (ctl_statistics_next(walk, LATENCY_PREFIX, &entry)) {
		dot = strchr(entry.name, '.');
		if (dot == NULL)
			continue;
		snprintf(latency->request, sizeof(latency->request), "%.*s",
		    (int)(dot - entry.name), entry.name);
		latency->part = dot + 1;
		latency->number = entry.number;
		return true;
	}
	return false;
}

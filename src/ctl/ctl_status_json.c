/*
 * ctl_status_json: all statistics as one JSON object: those of the process,
 * then "requests", "shared", and "caches" with an object for each type.
 */
#include "cache.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A number keeps its digits, a flag is a boolean, what is absent is null. */
static void
put_value(const struct ctl_reply *reply, const char *scope,
    const struct ctl_statistic *row)
{
	const char *text = ctl_statistics_text(reply, scope, row->name);
	int64_t number;

	if (text != NULL && row->kind == CTL_TEXT)
		ctl_put_json(stdout, text);
	else if (!ctl_statistics_number(reply, scope, row->name, &number))
		printf("null");
	else if (row->kind == CTL_FLAG)
		printf("%s", number != 0 ? "true" : "false");
	else
		printf("%" PRId64, number);
}

static void
put_requests(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = *statistics;
	struct ctl_statistics_entry entry;
	const char *separator = "\n";

	walk.offset = 0;
	printf("  \"requests\": {");
	while (ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry)) {
		printf("%s    ", separator);
		ctl_put_json(stdout, entry.name);
		printf(": %" PRId64, entry.number);
		separator = ",\n";
	}
	printf("\n  },\n");
}

/* "latency.NAME.what" of each kind of request, whose attributes come in turn.
 */
static void
put_latencies(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = *statistics;
	struct ctl_attribute attribute;
	char name[64] = "", before[sizeof(name)] = "";
	const char *dot;
	bool is_first = true;
	int64_t value;

	walk.offset = 0;
	printf("  \"latency\": {");
	while (ctl_reply_next(&walk, &attribute)) {
		size_t len = strlen(CTL_LATENCY_PREFIX);

		if (strncmp(attribute.name, CTL_LATENCY_PREFIX, len) != 0 ||
		    (dot = strchr(attribute.name + len, '.')) == NULL ||
		    ctl_reply_number(attribute.value, &value) != ERROR_NONE)
			continue;
		snprintf(name, sizeof(name), "%.*s",
		    (int)(dot - attribute.name - (ptrdiff_t)len),
		    attribute.name + len);
		if (is_first || strcmp(name, before) != 0) {
			printf("%s\n    ", is_first ? "" : "},");
			ctl_put_json(stdout, name);
			printf(": {");
			memcpy(before, name, sizeof(before));
			is_first = false;
		} else {
			printf(", ");
		}
		ctl_put_json(stdout, dot + 1);
		printf(": %" PRId64, value);
	}
	printf("%s\n  },\n", is_first ? "" : "}");
}

/* The object of a scope, whose rows stand so deep. */
static void
put_scope(const struct ctl_reply *statistics, const char *scope,
    const struct ctl_statistic *table, int indent)
{
	printf("%*s\"%s\": {\n", indent, "", scope);
	for (const struct ctl_statistic *row = table; row->name != NULL;
	     row++) {
		printf("%*s\"%s\": ", indent + 2, "", row->name);
		put_value(statistics, scope, row);
		printf("%s\n", row[1].name != NULL ? "," : "");
	}
	printf("%*s}", indent, "");
}

void
ctl_status_json(
    const struct ctl_reply *statistics, const struct ctl_rates_now *rates)
{
	printf("{\n");
	for (const struct ctl_statistic *row = ctl_process_statistics;
	     row->name != NULL; row++) {
		printf("  \"%s\": ", row->name);
		put_value(statistics, NULL, row);
		printf(",\n");
	}
	put_requests(statistics);
	put_latencies(statistics);
	ctl_rates_put_json(rates);
	printf(",\n");
	put_scope(statistics, CTL_SHARED, ctl_shared_statistics, 2);
	printf(",\n  \"caches\": {\n");
	for (int i = 0; i < CACHE_TYPES; i++) {
		put_scope(statistics, cache_type_name((enum cache_type)i),
		    ctl_cache_statistics, 4);
		printf("%s\n", i + 1 < CACHE_TYPES ? "," : "");
	}
	printf("  }\n}\n");
}

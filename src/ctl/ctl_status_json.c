/*
 * ctl_status_json: all statistics as one JSON object: those of the process,
 * then "requests", "shared", and "caches" with an object for each type.
 */
#include "cache.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
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
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_entry entry;
	const char *separator = "\n";

	printf("  \"requests\": {");
	while (ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry)) {
		printf("%s    ", separator);
		ctl_put_json(stdout, entry.name);
		printf(": %" PRId64, entry.number);
		separator = ",\n";
	}
	printf("\n  },\n");
}

/* An object for each kind of request, whose values come in turn. */
static void
put_latencies(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_latency latency;
	char before[sizeof(latency.request)] = "";
	bool is_first = true;

	printf("  \"latency\": {");
	while (ctl_statistics_next_latency(&walk, &latency)) {
		if (is_first || strcmp(latency.request, before) != 0) {
			printf("%s\n    ", is_first ? "" : "},");
			ctl_put_json(stdout, latency.request);
			printf(": {");
			memcpy(before, latency.request, sizeof(before));
			is_first = false;
		} else {
			printf(", ");
		}
		ctl_put_json(stdout, latency.part);
		printf(": %" PRId64, latency.number);
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

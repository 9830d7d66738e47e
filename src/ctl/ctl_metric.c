/*
 * ctl_metric: names and heads of metrics, and the histograms of latency.
 */
#include "ctl_metric.h"

#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION "tlsmgr_request_duration_seconds"

static const struct {
	const char *suffix;
	const char *type;
} kinds[] = {
	[CTL_COUNTER] = { "_total", "counter" },
	[CTL_GAUGE] = { "", "gauge" },
	[CTL_BYTES] = { "_bytes", "gauge" },
	[CTL_TIME] = { "_timestamp_seconds", "gauge" },
	[CTL_SECONDS] = { "_seconds", "gauge" },
	[CTL_MICROSECONDS] = { "_seconds", "gauge" },
	[CTL_FLAG] = { "", "gauge" },
};

/* Those whose name in the protocol would say too little among others. */
static const struct {
	const char *name;
	const char *metric;
} renamed[] = {
	{ "accepted", "clients_accepted" },
	{ "refused", "clients_refused" },
	{ "limit_closes", "clients_closed_for_limit" },
	{ "memory_closes", "clients_closed_for_memory" },
	{ "client_limit", "clients_limit" },
	{ "client_memory_max", "client_memory_limit" },
	{ "complaints", "requests_malformed" },
	{ "entries_max", "limit_entries" },
	{ "bytes_max", "limit" },
	{ "bytes", "" },
};

/* What stands between prefix and suffix. */
static const char *
find_middle(const struct ctl_statistic *row, size_t *len)
{
	const char *name = row->name;

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (strcmp(renamed[i].name, name) == 0)
			name = renamed[i].metric;
	*len = strlen(name);
	/* The suffix says that. */
	if (*len > 3 &&
	    ((row->kind == CTL_MICROSECONDS &&
		 strcmp(name + *len - 3, "_us") == 0) ||
		(row->kind == CTL_TIME && strcmp(name + *len - 3, "_at") == 0)))
		*len -= 3;
	return name;
}

void
ctl_metric_name(char name[CTL_METRIC_NAME_MAX], const char *prefix,
    const struct ctl_statistic *row)
{
	size_t len;
	const char *middle = find_middle(row, &len);

	snprintf(name, CTL_METRIC_NAME_MAX, "tlsmgr_%s%.*s%s", prefix, (int)len,
	    middle, kinds[row->kind].suffix + (len == 0 ? 1 : 0));
}

const char *
ctl_metric_type(enum ctl_kind kind)
{
	return kinds[kind].type;
}

void
ctl_metric_head(
    const char *name, const char *help, const char *type, bool is_openmetrics)
{
	size_t len = strlen(name), total = strlen("_total");

	if (is_openmetrics && strcmp(type, "counter") == 0 && len > total)
		len -= total;
	printf("# HELP %.*s %s\n# TYPE %.*s %s\n", (int)len, name, help,
	    (int)len, name, type);
}

void
ctl_metric_seconds(int64_t microseconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%.9g", (double)microseconds / 1000000);
	printf("%s%s", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

/* One entry, "latency.NAME.le.10" and the like, as a sample. */
static void
put_latency(const char *name, size_t len, const char *what, int64_t value)
{
	char request[64];

	snprintf(request, sizeof(request), "%.*s", (int)len, name);
	if (strncmp(what, "le.", 3) == 0) {
		printf(DURATION "_bucket{request=");
		ctl_put_label(stdout, request);
		printf(",le=\"");
		ctl_metric_seconds(strtoll(what + 3, NULL, 10));
		printf("\"} %" PRId64 "\n", value);
	} else if (strcmp(what, "count") == 0) {
		printf(DURATION "_bucket{request=");
		ctl_put_label(stdout, request);
		printf(",le=\"+Inf\"} %" PRId64 "\n" DURATION "_count{request=",
		    value);
		ctl_put_label(stdout, request);
		printf("} %" PRId64 "\n", value);
	} else if (strcmp(what, "sum_us") == 0) {
		printf(DURATION "_sum{request=");
		ctl_put_label(stdout, request);
		printf("} ");
		ctl_metric_seconds(value);
		putchar('\n');
	}
}

void
ctl_metric_latencies(const struct ctl_reply *statistics, bool is_openmetrics)
{
	struct ctl_reply walk = *statistics;
	struct ctl_statistics_entry entry;

	walk.offset = 0;
	ctl_metric_head(DURATION, "Time to answer a request, by kind",
	    "histogram", is_openmetrics);
	while (ctl_statistics_next(&walk, CTL_LATENCY_PREFIX, &entry)) {
		const char *dot = strchr(entry.name, '.');

		if (dot != NULL)
			put_latency(entry.name, (size_t)(dot - entry.name),
			    dot + 1, entry.number);
	}
}

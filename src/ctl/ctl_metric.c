/*
 * ctl_metric: names and heads of metrics, and the histograms of latency.
 */
#include "ctl_metric.h"

#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION          "tlsmgr_request_duration_seconds"
#define ROUND_TRIP_PREFIX CTL_SHARED ".round_trip."
#define ROUND_TRIP        "tlsmgr_shared_round_trip_seconds"
/* A number with nine digits, and ".0": OpenMetrics wants a point in it. */
#define SECONDS_SIZE 32

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

static void
format_seconds(char text[SECONDS_SIZE], int64_t microseconds)
{
	char digits[SECONDS_SIZE - sizeof(".0")];

	snprintf(
	    digits, sizeof(digits), "%.9g", (double)microseconds / 1000000);
	snprintf(text, SECONDS_SIZE, "%s%s", digits,
	    strpbrk(digits, ".e") == NULL ? ".0" : "");
}

void
ctl_metric_seconds(int64_t microseconds)
{
	char text[SECONDS_SIZE];

	format_seconds(text, microseconds);
	printf("%s", text);
}

/* The name of a sample, with labels unless they are NULL. */
static void
put_name(const char *metric, const char *suffix, const char *request,
    const char *bound)
{
	printf("%s%s", metric, suffix);
	if (request == NULL && bound == NULL)
		return;
	putchar('{');
	if (request != NULL) {
		printf("request=");
		ctl_put_label(stdout, request);
	}
	if (bound != NULL)
		printf("%sle=\"%s\"", request != NULL ? "," : "", bound);
	putchar('}');
}

/* "le.10" and the like, "count" or "sum_us"; a request, or NULL. */
static void
put_part(
    const char *metric, const char *request, const char *part, int64_t value)
{
	char seconds[SECONDS_SIZE];

	if (strncmp(part, "le.", 3) == 0) {
		format_seconds(seconds, strtoll(part + 3, NULL, 10));
		put_name(metric, "_bucket", request, seconds);
		printf(" %" PRId64 "\n", value);
	} else if (strcmp(part, "count") == 0) {
		put_name(metric, "_bucket", request, "+Inf");
		printf(" %" PRId64 "\n", value);
		put_name(metric, "_count", request, NULL);
		printf(" %" PRId64 "\n", value);
	} else if (strcmp(part, "sum_us") == 0) {
		format_seconds(seconds, value);
		put_name(metric, "_sum", request, NULL);
		printf(" %s\n", seconds);
	}
}

void
ctl_metric_latencies(const struct ctl_reply *statistics, bool is_openmetrics)
{
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_latency latency;
	bool has_head = false;

	while (ctl_statistics_next_latency(&walk, &latency)) {
		if (!has_head)
			ctl_metric_head(DURATION,
			    "Time to answer a request, by kind", "histogram",
			    is_openmetrics);
		has_head = true;
		put_part(
		    DURATION, latency.request, latency.part, latency.number);
	}
}

void
ctl_metric_round_trips(const struct ctl_reply *statistics, bool is_openmetrics)
{
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_entry entry;
	bool has_head = false;

	while (ctl_statistics_next(&walk, ROUND_TRIP_PREFIX, &entry)) {
		if (!has_head)
			ctl_metric_head(ROUND_TRIP,
			    "Time in which the engine answered", "histogram",
			    is_openmetrics);
		has_head = true;
		put_part(ROUND_TRIP, NULL, entry.name, entry.number);
	}
}

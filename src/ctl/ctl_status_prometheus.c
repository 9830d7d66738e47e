/*
 * ctl_status_prometheus: all statistics in Prometheus's text exposition
 * format. Texts become the labels of "info" metrics; numbers are in base
 * units, and their names end as their kind demands.
 */
#include "cache.h"
#include "ctl_metric.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
put_number(const struct ctl_statistic *row, int64_t number)
{
	putchar(' ');
	if (row->kind == CTL_MICROSECONDS)
		ctl_metric_seconds(number);
	else
		printf("%" PRId64, number);
	putchar('\n');
}

/*
 * What is in another metric, or a quantile: those cannot be added up, so there
 * is a histogram.
 */
static bool
is_elsewhere(const struct ctl_statistic *row)
{
	return row->kind == CTL_TEXT ||
	       strncmp(row->name, "latency_", strlen("latency_")) == 0 ||
	       strncmp(row->name, "round_trip_", strlen("round_trip_")) == 0 ||
	       strcmp(row->name, "started_at") == 0;
}

/* One that has no labels. */
static void
put_single(const struct ctl_reply *statistics, const char *scope,
    const char *prefix, const struct ctl_statistic *row, bool is_openmetrics)
{
	char name[CTL_METRIC_NAME_MAX];
	int64_t number;

	if (!ctl_statistics_number(statistics, scope, row->name, &number))
		return;
	ctl_metric_name(name, prefix, row);
	ctl_metric_head(
	    name, row->help, ctl_metric_type(row->kind), is_openmetrics);
	printf("%s", name);
	put_number(row, number);
}

static void
put_caches(const struct ctl_reply *statistics, const struct ctl_statistic *row,
    bool is_openmetrics)
{
	char name[CTL_METRIC_NAME_MAX];
	bool has_head = false;
	int64_t number;

	ctl_metric_name(name, "cache_", row);
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *type = cache_type_name((enum cache_type)i);

		if (!ctl_statistics_number(
			statistics, type, row->name, &number))
			continue;
		if (!has_head)
			ctl_metric_head(name, row->help,
			    ctl_metric_type(row->kind), is_openmetrics);
		has_head = true;
		printf("%s{cache=\"%s\"}", name, type);
		put_number(row, number);
	}
}

/* The texts of a table, as labels. */
static void
put_labels(const struct ctl_reply *statistics, const char *scope,
    const struct ctl_statistic *table, const char *separator)
{
	for (const struct ctl_statistic *row = table; row->name != NULL;
	     row++) {
		const char *text =
		    ctl_statistics_text(statistics, scope, row->name);

		if (row->kind != CTL_TEXT || text == NULL)
			continue;
		printf("%s%s=", separator, row->name);
		ctl_put_label(stdout, text);
		separator = ",";
	}
}

static void
put_info(const struct ctl_reply *statistics, bool is_openmetrics)
{
	ctl_metric_head("tlsmgr_info", "Texts about the daemon, as labels",
	    "gauge", is_openmetrics);
	printf("tlsmgr_info{");
	put_labels(statistics, NULL, ctl_process_statistics, "");
	printf("} 1\n");
	ctl_metric_head("tlsmgr_shared_info",
	    "Texts about what this host shares with others, as labels", "gauge",
	    is_openmetrics);
	printf("tlsmgr_shared_info{");
	put_labels(statistics, CTL_SHARED, ctl_shared_statistics, "");
	printf("} 1\n");
	ctl_metric_head("tlsmgr_cache_info",
	    "Texts about each cache, as labels", "gauge", is_openmetrics);
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *type = cache_type_name((enum cache_type)i);

		printf("tlsmgr_cache_info{cache=\"%s\"", type);
		put_labels(statistics, type, ctl_cache_statistics, ",");
		printf("} 1\n");
	}
}

static void
put_requests(const struct ctl_reply *statistics, bool is_openmetrics)
{
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_entry entry;

	ctl_metric_head("tlsmgr_requests_total", "Requests by kind", "counter",
	    is_openmetrics);
	while (ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry)) {
		printf("tlsmgr_requests_total{request=");
		ctl_put_label(stdout, entry.name);
		printf("} %" PRId64 "\n", entry.number);
	}
}

static void
put_end(bool is_openmetrics)
{
	if (is_openmetrics)
		printf(CTL_METRIC_END);
}

void
ctl_status_prometheus(const struct ctl_reply *statistics, bool is_openmetrics)
{
	if (statistics == NULL) {
		printf(CTL_METRIC_NONE);
		put_end(is_openmetrics);
		return;
	}
	ctl_metric_head(
	    "tlsmgr_up", "The daemon answers", "gauge", is_openmetrics);
	printf("tlsmgr_up 1\n");
	put_info(statistics, is_openmetrics);
	for (const struct ctl_statistic *row = ctl_process_statistics;
	     row->name != NULL; row++)
		if (!is_elsewhere(row))
			put_single(statistics, NULL, "", row, is_openmetrics);
	for (const struct ctl_statistic *row = ctl_shared_statistics;
	     row->name != NULL; row++)
		if (!is_elsewhere(row))
			put_single(statistics, CTL_SHARED, "shared_", row,
			    is_openmetrics);
	for (const struct ctl_statistic *row = ctl_cache_statistics;
	     row->name != NULL; row++)
		if (row->kind != CTL_TEXT)
			put_caches(statistics, row, is_openmetrics);
	put_requests(statistics, is_openmetrics);
	ctl_metric_latencies(statistics, is_openmetrics);
	ctl_metric_round_trips(statistics, is_openmetrics);
	ctl_metric_process(ctl_statistics_get(statistics, NULL, "pid"),
	    ctl_statistics_get(statistics, NULL, "started_at"), is_openmetrics);
	put_end(is_openmetrics);
}

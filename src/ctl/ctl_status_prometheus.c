/*
 * ctl_status_prometheus: all statistics in Prometheus's text exposition
 * format. Texts become the labels of "info" metrics; numbers are in base
 * units, and their names end as their kind demands.
 */
#include "cache.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 128

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

/* "tlsmgr_latency_p50_seconds" of latency_p50_us; "tlsmgr_cache_bytes". */
static void
make_name(char name[NAME_MAX_LEN], const char *prefix,
    const struct ctl_statistic *row)
{
	size_t len = strlen(row->name);

	if (row->kind == CTL_MICROSECONDS && len > 3 &&
	    strcmp(row->name + len - 3, "_us") == 0)
		len -= 3;
	if (row->kind == CTL_BYTES && strcmp(row->name, "bytes") == 0)
		len = 0;
	snprintf(name, NAME_MAX_LEN, "tlsmgr_%s%.*s%s", prefix, (int)len,
	    row->name, kinds[row->kind].suffix + (len == 0 ? 1 : 0));
}

static void
put_head(const char *name, const char *help, const char *type)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
put_number(const struct ctl_statistic *row, int64_t number)
{
	if (row->kind == CTL_MICROSECONDS)
		printf(" %" PRId64 ".%06" PRId64 "\n", number / 1000000,
		    number % 1000000);
	else
		printf(" %" PRId64 "\n", number);
}

/* One that has no labels. */
static void
put_single(const struct ctl_reply *statistics, const char *scope,
    const char *prefix, const struct ctl_statistic *row)
{
	char name[NAME_MAX_LEN];
	int64_t number;

	if (!ctl_statistics_number(statistics, scope, row->name, &number))
		return;
	make_name(name, prefix, row);
	put_head(name, row->help, kinds[row->kind].type);
	printf("%s", name);
	put_number(row, number);
}

static void
put_caches(const struct ctl_reply *statistics, const struct ctl_statistic *row)
{
	char name[NAME_MAX_LEN];
	bool has_head = false;
	int64_t number;

	make_name(name, "cache_", row);
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *type = cache_type_name((enum cache_type)i);

		if (!ctl_statistics_number(
			statistics, type, row->name, &number))
			continue;
		if (!has_head)
			put_head(name, row->help, kinds[row->kind].type);
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
put_info(const struct ctl_reply *statistics)
{
	put_head("tlsmgr_info", "Texts about the daemon, as labels", "gauge");
	printf("tlsmgr_info{");
	put_labels(statistics, NULL, ctl_process_statistics, "");
	printf("} 1\n");
	put_head("tlsmgr_shared_info",
	    "Texts about what this host shares with others, as labels",
	    "gauge");
	printf("tlsmgr_shared_info{");
	put_labels(statistics, CTL_SHARED, ctl_shared_statistics, "");
	printf("} 1\n");
	put_head(
	    "tlsmgr_cache_info", "Texts about each cache, as labels", "gauge");
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *type = cache_type_name((enum cache_type)i);

		printf("tlsmgr_cache_info{cache=\"%s\"", type);
		put_labels(statistics, type, ctl_cache_statistics, ",");
		printf("} 1\n");
	}
}

static void
put_requests(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = *statistics;
	struct ctl_attribute attribute;
	size_t len = strlen(CTL_REQUEST_PREFIX);
	int64_t count;

	walk.offset = 0;
	put_head("tlsmgr_requests_total", "Requests by kind", "counter");
	while (ctl_reply_next(&walk, &attribute)) {
		if (strncmp(attribute.name, CTL_REQUEST_PREFIX, len) != 0 ||
		    ctl_reply_number(attribute.value, &count) != ERROR_NONE)
			continue;
		printf("tlsmgr_requests_total{request=");
		ctl_put_label(stdout, attribute.name + len);
		printf("} %" PRId64 "\n", count);
	}
}

void
ctl_status_prometheus(const struct ctl_reply *statistics)
{
	put_head("tlsmgr_up", "The daemon answers", "gauge");
	printf("tlsmgr_up %d\n", statistics != NULL);
	if (statistics == NULL)
		return;
	put_info(statistics);
	for (const struct ctl_statistic *row = ctl_process_statistics;
	     row->name != NULL; row++)
		if (row->kind != CTL_TEXT)
			put_single(statistics, NULL, "", row);
	for (const struct ctl_statistic *row = ctl_shared_statistics;
	     row->name != NULL; row++)
		if (row->kind != CTL_TEXT)
			put_single(statistics, CTL_SHARED, "shared_", row);
	for (const struct ctl_statistic *row = ctl_cache_statistics;
	     row->name != NULL; row++)
		if (row->kind != CTL_TEXT)
			put_caches(statistics, row);
	put_requests(statistics);
}

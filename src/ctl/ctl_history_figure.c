/*
 * ctl_history_figure: what people want to know of a step. Pure.
 */
#include "cache.h"
#include "ctl_history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY_COUNT "latency.count"
#define LATENCY_LE    "latency.le."

/* A rate of less than this says nothing, and would be the largest of a day. */
#define LEAST_S 10

double
ctl_history_value(const struct ctl_history *history,
    const struct ctl_history_step *step, const char *name)
{
	for (size_t i = 0; i < history->row_count; i++)
		if (strcmp(history->rows[i].name, name) == 0)
			return step->values[i];
	return NAN;
}

static double
value_of_cache(const struct ctl_history *history,
    const struct ctl_history_step *step, const char *cache, const char *name)
{
	char full_name[128];

	snprintf(full_name, sizeof(full_name), "%s.%s", cache, name);
	return ctl_history_value(history, step, full_name);
}

/* Of all caches together. */
static double
sum_of_caches(const struct ctl_history *history,
    const struct ctl_history_step *step, const char *name)
{
	double sum = 0;

	for (int i = 0; i < CACHE_TYPES; i++)
		sum += value_of_cache(
		    history, step, cache_type_name((enum cache_type)i), name);
	return sum;
}

static double
per_second(double count, const struct ctl_history_step *step)
{
	return step->seconds >= LEAST_S ? count / step->seconds : NAN;
}

double
ctl_history_cache_rate(const struct ctl_history *history,
    const struct ctl_history_step *step, const char *cache, const char *name)
{
	return per_second(value_of_cache(history, step, cache, name), step);
}

double
ctl_history_found_share(const struct ctl_history *history,
    const struct ctl_history_step *step, const char *cache)
{
	double lookups = value_of_cache(history, step, cache, "lookups");

	return lookups > 0
	           ? value_of_cache(history, step, cache, "hits") / lookups
	           : NAN;
}

/* Within which so large a share of requests was answered. */
static double
latency_us(const struct ctl_history *history,
    const struct ctl_history_step *step, double share)
{
	double count = ctl_history_value(history, step, LATENCY_COUNT);
	double least = INFINITY, bound;

	if (!(count > 0))
		return NAN;
	for (size_t i = 0; i < history->row_count; i++) {
		if (strncmp(history->rows[i].name, LATENCY_LE,
			strlen(LATENCY_LE)) != 0)
			continue;
		bound =
		    strtod(history->rows[i].name + strlen(LATENCY_LE), NULL);
		if (step->values[i] >= share * count && bound < least)
			least = bound;
	}
	return least;
}

static double
errors(const struct ctl_history *history, const struct ctl_history_step *step)
{
	static const char *const of_process[] = { "complaints",
		"entropy_failures", "exchange_failures", "random_failures" };
	double sum = sum_of_caches(history, step, "failures") +
	             sum_of_caches(history, step, "errors") +
	             sum_of_caches(history, step, "lost");

	for (size_t i = 0; i < sizeof(of_process) / sizeof(of_process[0]); i++)
		sum += ctl_history_value(history, step, of_process[i]);
	return sum;
}

double
ctl_history_figure(const struct ctl_history *history,
    const struct ctl_history_step *step, enum ctl_history_figure figure)
{
	switch (figure) {
	case CTL_HISTORY_REQUESTS:
		return per_second(
		    ctl_history_value(history, step, LATENCY_COUNT), step);
	case CTL_HISTORY_STORES:
		return per_second(
		    sum_of_caches(history, step, "updates"), step);
	case CTL_HISTORY_FOUND_SMTPD:
		return ctl_history_found_share(history, step, "smtpd");
	case CTL_HISTORY_FOUND_SMTP:
		return ctl_history_found_share(history, step, "smtp");
	case CTL_HISTORY_FOUND_LMTP:
		return ctl_history_found_share(history, step, "lmtp");
	case CTL_HISTORY_MEDIAN:
		return latency_us(history, step, 0.5);
	case CTL_HISTORY_99_PERCENT:
		return latency_us(history, step, 0.99);
	case CTL_HISTORY_CLIENTS:
		return ctl_history_value(history, step, "clients");
	case CTL_HISTORY_SESSIONS:
		return sum_of_caches(history, step, "entries");
	case CTL_HISTORY_ERRORS:
		return errors(history, step);
	default:
		return NAN;
	}
}

/*
 * ctl_rates: see its header.
 */
#include "ctl_rates.h"

#include "ctl.h"
#include "ctl_history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_S 60
#define HOUR_S   3600

static void
fill(
    struct ctl_rates *rates, const struct ctl_history *history, int64_t since_s)
{
	struct ctl_history_step sum;

	ctl_history_sum(history, since_s, &sum);
	rates->requests =
	    ctl_history_figure(history, &sum, CTL_HISTORY_REQUESTS);
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *cache = cache_type_name((enum cache_type)i);

		rates->lookups[i] =
		    ctl_history_cache_rate(history, &sum, cache, "lookups");
		rates->stores[i] =
		    ctl_history_cache_rate(history, &sum, cache, "updates");
		rates->found[i] = ctl_history_found_share(history, &sum, cache);
	}
	free(sum.values);
}

void
ctl_rates_ask(
    struct ctl_client *client, int64_t now_s, struct ctl_rates_now *rates)
{
	int64_t minute_s = now_s - now_s % MINUTE_S;
	struct ctl_history history = { .step_s = MINUTE_S };

	if (ctl_knows(client, "history"))
		(void)ctl_history_ask(client, minute_s - HOUR_S, &history);
	fill(&rates->minute, &history, minute_s - MINUTE_S);
	fill(&rates->hour, &history, minute_s - HOUR_S);
	ctl_history_fini(&history);
}

static void
put_number(const char *name, double value, const char *separator)
{
	if (isnan(value))
		printf("\"%s\": null%s", name, separator);
	else
		printf("\"%s\": %.4f%s", name, value, separator);
}

static void
put_period(
    const char *name, const struct ctl_rates *rates, const char *separator)
{
	printf("    \"%s\": {\n      ", name);
	put_number("requests", rates->requests, ",\n      \"caches\": {\n");
	for (int i = 0; i < CACHE_TYPES; i++) {
		printf(
		    "        \"%s\": {", cache_type_name((enum cache_type)i));
		put_number("lookups", rates->lookups[i], ", ");
		put_number("found", rates->found[i], ", ");
		put_number("updates", rates->stores[i], "}");
		printf("%s\n", i + 1 < CACHE_TYPES ? "," : "");
	}
	printf("      }\n    }%s\n", separator);
}

void
ctl_rates_put_json(const struct ctl_rates_now *rates)
{
	printf("  \"rates\": {\n");
	put_period("minute", &rates->minute, ",");
	put_period("hour", &rates->hour, "");
	printf("  }");
}

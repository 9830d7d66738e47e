/*
 * ctl_top_trouble: what of all this needs attention. Owns nothing.
 */
#include "ctl.h"
#include "ctl_statistics.h"
#include "ctl_top.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

struct list {
	char **texts;
	int count;
};

static void __attribute__((format(printf, 2, 3)))
add(struct list *list, const char *fmt, ...)
{
	va_list ap;

	if (list->count == CTL_TOP_TROUBLES)
		return;
	va_start(ap, fmt);
	list->texts[list->count++] = xvasprintf(fmt, ap);
	va_end(ap);
}

static void
find_silence(const struct ctl_top *top, struct list *list)
{
	int64_t silent_s = top->now_s - top->silent_since_s;

	if (top->silence == NULL)
		return;
	add(list, "NO ANSWER for %s: %s",
	    ctl_text_duration(silent_s > 0 ? silent_s : 0).text, top->silence);
}

static void
find_of_process(const struct ctl_top *top, struct list *list)
{
	const char *problem = ctl_top_get_text(top, CTL_SHARED, "problem");
	int64_t ignored = ctl_top_get(top, NULL, "settings_ignored");
	int64_t down_since = ctl_top_get(top, CTL_SHARED, "down_since");

	if (*problem != '\0')
		add(list, "nothing is shared: %s", problem);
	if (down_since > 0)
		add(list, "the engine %s is not used since %s",
		    ctl_top_get_text(top, CTL_SHARED, "server"),
		    ctl_text_time((time_t)down_since).text);
	if (ignored > 0)
		add(list, "%" PRId64 " setting%s ignored: %s", ignored,
		    ignored == 1 ? " is" : "s are",
		    ctl_top_get_text(top, NULL, "first_setting_ignored"));
	if (ctl_top_get(top, NULL, "entropy_answering") == 0)
		add(list, "the entropy source %s does not answer",
		    ctl_top_get_text(top, NULL, "entropy_source"));
	if (ctl_top_get(top, NULL, "random_failures") > 0)
		add(list, "there were no random numbers, %" PRId64 " times",
		    ctl_top_get(top, NULL, "random_failures"));
}

static void
find_unusable_caches(const struct ctl_top *top, struct list *list)
{
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *name = cache_type_name((enum cache_type)i);

		if (ctl_top_get(top, name, "enabled") != 0 &&
		    ctl_top_get(top, name, "cachable") == 0)
			add(list,
			    "the %s cache cannot be used: nothing is stored; "
			    "the log says why",
			    name);
	}
}

static int64_t
last_minute(const struct ctl_top *top, int counter)
{
	double seconds;

	return ctl_top_series_sum(
	    &top->series, counter, CTL_TOP_MINUTE, &seconds);
}

/* What goes on now; counts since the start are for `check`. */
static void
find_failures(const struct ctl_top *top, struct list *list)
{
	int64_t count = last_minute(top, CTL_TOP_COMPLAINTS);

	if (count > 0)
		add(list, "malformed requests in the last minute: %" PRId64,
		    count);
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *name = cache_type_name((enum cache_type)i);

		count = last_minute(top,
		    ctl_top_cache((enum cache_type)i, CTL_TOP_CACHE_FAILURES));
		if (count > 0)
			add(list,
			    "failed requests for %s in the last minute: "
			    "%" PRId64,
			    name, count);
		if (ctl_top_get(top, name, "cachable") != 0 &&
		    ctl_top_get(top, name, "ready") == 0)
			add(list,
			    "the %s cache is still reading what was stored",
			    name);
	}
}

int
ctl_top_find_troubles(
    const struct ctl_top *top, char *troubles[CTL_TOP_TROUBLES])
{
	struct list list = { troubles, 0 };

	find_silence(top, &list);
	if (top->statistics.len == 0)
		return list.count;
	find_unusable_caches(top, &list);
	find_of_process(top, &list);
	find_failures(top, &list);
	return list.count;
}

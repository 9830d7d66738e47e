/*
 * ctl_screen: see its header. Owns nothing.
 */
#include "ctl_screen.h"

#include "ctl_statistics.h"

#include <inttypes.h>
#include <stdio.h>

int64_t
ctl_screen_number(const struct ctl_screen *screen, const char *name)
{
	return ctl_statistics_get(screen->statistics, screen->cache, name);
}

const char *
ctl_screen_text(const struct ctl_screen *screen, const char *name)
{
	const char *text =
	    ctl_statistics_text(screen->statistics, screen->cache, name);

	return text != NULL ? text : "";
}

const char *
ctl_screen_style(const struct ctl_screen *screen, const char *sequence)
{
	return screen->is_coloured ? sequence : "";
}

void
ctl_screen_begin_line(const struct ctl_screen *screen, const char *label)
{
	printf("%s%-*s%s", ctl_screen_style(screen, CTL_SCREEN_BOLD),
	    CTL_SCREEN_LABEL_WIDTH, label,
	    ctl_screen_style(screen, CTL_SCREEN_NORMAL));
}

void
ctl_screen_put_count(const struct ctl_screen *screen, const char *name,
    const char *text, const char *separator)
{
	int64_t count = ctl_screen_number(screen, name);

	printf("%s%" PRId64 " %s%s%s",
	    count > 0 ? ctl_screen_style(screen, CTL_SCREEN_RED) : "", count,
	    text, count > 0 ? ctl_screen_style(screen, CTL_SCREEN_NORMAL) : "",
	    separator);
}

struct ctl_text
ctl_screen_age(const struct ctl_screen *screen, int64_t when_s)
{
	/* A clock that was set back is no reason for an age below 0. */
	return ctl_text_duration(
	    when_s > screen->now_s ? 0 : screen->now_s - when_s);
}

const char *
ctl_screen_shared(const struct ctl_screen *screen, const char *name)
{
	const char *text =
	    ctl_statistics_text(screen->statistics, CTL_SHARED, name);

	return text != NULL ? text : "";
}

int64_t
ctl_screen_shared_number(const struct ctl_screen *screen, const char *name)
{
	return ctl_statistics_get(screen->statistics, CTL_SHARED, name);
}

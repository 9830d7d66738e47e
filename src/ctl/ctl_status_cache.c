/*
 * ctl_status_cache: a session cache, on the screen of `status`.
 */
#include "ctl_screen.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void
put_rate(const char *when, const struct ctl_rates *rates, enum cache_type type)
{
	printf("%s %s/s", when, ctl_text_rate(rates->lookups[type]).text);
	if (!isnan(rates->found[type]))
		printf(", %s found", ctl_text_share(rates->found[type]).text);
}

/* "smtpd cache  btree:/var/lib/postfix/smtpd_scache" and what is amiss. */
static void
put_cache_place(const struct ctl_screen *screen)
{
	char label[32];

	snprintf(label, sizeof(label), "%s cache", screen->cache);
	ctl_screen_begin_line(screen, label);
	if (ctl_screen_number(screen, "enabled") == 0) {
		printf("off, as configured; tickets need none\n");
		return;
	}
	ctl_put_text(stdout, ctl_screen_text(screen, "database"));
	if (ctl_screen_number(screen, "cachable") == 0)
		printf("\n%*s%scannot be used: nothing is stored; the log says "
		       "why%s",
		    CTL_SCREEN_LABEL_WIDTH, "",
		    ctl_screen_style(screen, CTL_SCREEN_RED),
		    ctl_screen_style(screen, CTL_SCREEN_NORMAL));
	else if (ctl_screen_number(screen, "ready") == 0)
		printf(" (still reading what was stored before)");
	printf("\n");
}

static void
put_cache_size(const struct ctl_screen *screen)
{
	int64_t entries = ctl_screen_number(screen, "entries");

	ctl_screen_begin_line(screen, "");
	printf("%" PRId64 " session%s, %s (%s on disk, %s long)", entries,
	    entries == 1 ? "" : "s",
	    ctl_text_bytes(ctl_screen_number(screen, "bytes")).text,
	    ctl_text_bytes(ctl_screen_number(screen, "allocated")).text,
	    ctl_text_bytes(ctl_screen_number(screen, "disk")).text);
	/* Not known yet, right after the start. */
	if (ctl_screen_number(screen, "oldest") > 0)
		printf(", oldest %s",
		    ctl_screen_age(screen, ctl_screen_number(screen, "oldest"))
			.text);
	printf("; kept for %s\n",
	    ctl_text_duration(ctl_screen_number(screen, "timeout")).text);
}

/* What is asked for now, beside all since the start. */
static void
put_cache_rates(const struct ctl_screen *screen)
{
	enum cache_type type;

	if (cache_type_parse(screen->cache, &type) != ERROR_NONE ||
	    isnan(screen->rates->hour.lookups[type]))
		return;
	ctl_screen_begin_line(screen, "");
	put_rate("last minute", &screen->rates->minute, type);
	put_rate("; last hour", &screen->rates->hour, type);
	printf("\n");
}

void
ctl_status_cache(const struct ctl_screen *screen)
{
	int64_t lookups, hits;

	put_cache_place(screen);
	if (ctl_screen_number(screen, "enabled") == 0)
		return;
	put_cache_size(screen);
	lookups = ctl_screen_number(screen, "lookups");
	hits = ctl_screen_number(screen, "hits");
	ctl_screen_begin_line(screen, "");
	printf("%" PRId64 " lookup%s, %s found; %" PRId64 " stored, %" PRId64
	       " deleted, ",
	    lookups, lookups == 1 ? "" : "s",
	    ctl_text_percent(hits, lookups).text,
	    ctl_screen_number(screen, "updates"),
	    ctl_screen_number(screen, "deletes"));
	ctl_screen_put_count(screen, "failures", "failed", "\n");
	put_cache_rates(screen);
	ctl_screen_begin_line(screen, "");
	printf("%" PRId64 " taken over at start; %" PRId64 " expired, ",
	    ctl_screen_number(screen, "retained"),
	    ctl_screen_number(screen, "expired"));
	ctl_screen_put_count(screen, "evicted", "evicted", ", ");
	ctl_screen_put_count(screen, "lost", "lost", ", ");
	ctl_screen_put_count(screen, "errors", "errors", "\n");
}

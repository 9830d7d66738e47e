/*
 * ctl_status_text: the statistics on a screen. What needs attention is red.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_screen.h"
#include "ctl_statistics.h"
#include "ctl_text.h"
#include "minmax.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void
put_process(const struct ctl_screen *screen)
{
	const char *postfix = ctl_screen_text(screen, "postfix_version");

	printf("%stlsmgr ", ctl_screen_style(screen, CTL_SCREEN_BOLD));
	ctl_put_text(stdout, ctl_screen_text(screen, "version"));
	printf("%s", ctl_screen_style(screen, CTL_SCREEN_NORMAL));
	if (*postfix != '\0') {
		printf(" with Postfix ");
		ctl_put_text(stdout, postfix);
	}
	printf(", process %" PRId64 ", up %s since %s\n",
	    ctl_screen_number(screen, "pid"),
	    ctl_screen_age(screen, ctl_screen_number(screen, "started_at"))
		.text,
	    ctl_text_time((time_t)ctl_screen_number(screen, "started_at"))
		.text);
}

/* All kinds of requests together, but for those that look at them. */
static int64_t
count_requests(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = ctl_reply_from_start(statistics);
	struct ctl_statistics_entry entry;
	int64_t sum = 0, next;

	while (ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry))
		if (!ctl_statistics_is_look(entry.name) &&
		    !__builtin_add_overflow(sum, entry.number, &next))
			sum = next;
	return sum;
}

static void
put_rates(const struct ctl_screen *screen)
{
	double minute = screen->rates->minute.requests;

	if (!isnan(minute))
		printf("; %s/s last minute, %s/s last hour",
		    ctl_text_rate(minute).text,
		    ctl_text_rate(screen->rates->hour.requests).text);
	printf("\n");
}

static void
put_clients(const struct ctl_screen *screen)
{
	/* This program is one of them. */
	ctl_screen_begin_line(screen, "Clients");
	printf("%" PRId64 " now, %" PRId64 " at most; ",
	    max_i64(0, ctl_screen_number(screen, "clients") - 1),
	    ctl_screen_number(screen, "client_limit"));
	printf("%" PRId64 " accepted, ",
	    max_i64(0, ctl_screen_number(screen, "accepted") - 1));
	ctl_screen_put_count(screen, "refused", "refused", ", ");
	ctl_screen_put_count(
	    screen, "limit_closes", "closed for the limit", "");
	if (ctl_screen_number(screen, "memory_closes") > 0) {
		printf(", ");
		ctl_screen_put_count(screen, "memory_closes", "for memory", "");
	}
	printf("\n");
	ctl_screen_begin_line(screen, "Requests");
	printf("%" PRId64 ", ", count_requests(screen->statistics));
	ctl_screen_put_count(screen, "complaints", "malformed", "");
	put_rates(screen);
	ctl_screen_begin_line(screen, "Answered in");
	printf("%s (median), ",
	    ctl_text_latency(ctl_screen_number(screen, "latency_p50_us")).text);
	printf("%s (99%%), %s (99.9%%), %s at most\n\n",
	    ctl_text_latency(ctl_screen_number(screen, "latency_p99_us")).text,
	    ctl_text_latency(ctl_screen_number(screen, "latency_p999_us")).text,
	    ctl_text_latency(ctl_screen_number(screen, "latency_max_us")).text);
}

static void
put_ticket_keys(const struct ctl_screen *screen)
{
	const char *file = ctl_screen_text(screen, "ticket_key_file");
	int64_t keys = ctl_screen_number(screen, "ticket_keys"), until_s;

	ctl_screen_begin_line(screen, "Ticket keys");
	if (ctl_screen_number(screen, "ticket_lifetime") == 0) {
		printf("none: smtpd_tls_session_cache_timeout is 0\n");
		return;
	}
	if (keys == 0) {
		printf("none now, the next when it is asked for\n");
	} else {
		until_s =
		    ctl_screen_number(screen, "ticket_key_encrypts_until");
		printf("one in use for %s, the next ",
		    ctl_screen_age(
			screen, ctl_screen_number(screen, "ticket_key_made_at"))
			.text);
		if (until_s > screen->now_s)
			printf("in %s\n",
			    ctl_text_duration(until_s - screen->now_s).text);
		else
			printf("when it is asked for\n");
	}
	ctl_screen_begin_line(screen, "");
	if (ctl_screen_shared_number(screen, "ticket_key") != 0 &&
	    strcmp(ctl_screen_shared(screen, "state"), "secret") == 0) {
		printf("derived from the secret of the group, kept nowhere\n");
		return;
	}
	if (ctl_screen_number(screen, "ticket_key_previous_made_at") != 0)
		printf("one that only decrypts, %s old; ",
		    ctl_screen_age(screen, ctl_screen_number(screen,
					       "ticket_key_previous_made_at"))
			.text);
	printf("%" PRId64 " made, kept in ",
	    ctl_screen_number(screen, "ticket_key_rotations"));
	ctl_put_text(stdout, *file != '\0' ? file : "memory only");
	printf("\n");
}

/* "last 5 min ago" or "never yet"; the verb stands before it. */
static void
put_when(const struct ctl_screen *screen, const char *name)
{
	int64_t when_s = ctl_screen_number(screen, name);

	if (when_s == 0)
		printf("never yet");
	else
		printf("%s ago", ctl_screen_age(screen, when_s).text);
}

static void
put_random(const struct ctl_screen *screen)
{
	const char *file = ctl_screen_text(screen, "exchange_file");
	int64_t reads = ctl_screen_number(screen, "entropy_reads");

	ctl_screen_begin_line(screen, "Entropy");
	ctl_put_text(stdout, ctl_screen_text(screen, "entropy_source"));
	if (ctl_screen_number(screen, "entropy_answering") == 0)
		printf(" %sdoes not answer%s",
		    ctl_screen_style(screen, CTL_SCREEN_RED),
		    ctl_screen_style(screen, CTL_SCREEN_NORMAL));
	printf(", read ");
	put_when(screen, "entropy_read_at");
	printf("; %" PRId64 " read%s, ", reads, reads == 1 ? "" : "s");
	ctl_screen_put_count(screen, "entropy_failures", "failed", "\n");
	ctl_screen_begin_line(screen, "Random bytes");
	printf("%" PRId64 " generated, ",
	    ctl_screen_number(screen, "random_bytes"));
	ctl_screen_put_count(screen, "random_failures", "failures", "\n");
	ctl_screen_begin_line(screen, "Exchange file");
	if (*file == '\0') {
		printf("none\n");
		return;
	}
	ctl_put_text(stdout, file);
	printf(", saved ");
	put_when(screen, "exchange_updated_at");
	printf(", ");
	ctl_screen_put_count(screen, "exchange_failures", "failures", "\n");
}

/* First of all: the rest is not what the files say. */
static void
put_ignored_settings(const struct ctl_screen *screen)
{
	int64_t count = ctl_screen_number(screen, "settings_ignored");

	if (count == 0)
		return;
	printf("%s%" PRId64 " setting%s ignored:%s ",
	    ctl_screen_style(screen, CTL_SCREEN_RED), count,
	    count == 1 ? " is" : "s are",
	    ctl_screen_style(screen, CTL_SCREEN_NORMAL));
	ctl_put_text(stdout, ctl_screen_text(screen, "first_setting_ignored"));
	printf("%s\n\n", count == 1 ? "" : "; more by " CTL_NAME " check");
}

void
ctl_status_text(const struct ctl_reply *statistics,
    const struct ctl_rates_now *rates, int64_t now_s, bool is_coloured)
{
	struct ctl_screen screen = { statistics, rates, NULL, now_s,
		is_coloured };

	ctl_status_shared_problem(&screen);
	put_ignored_settings(&screen);
	put_process(&screen);
	put_clients(&screen);
	for (int i = 0; i < CACHE_TYPES; i++) {
		screen.cache = cache_type_name((enum cache_type)i);
		ctl_status_cache(&screen);
	}
	screen.cache = NULL;
	ctl_status_shared(&screen);
	put_ticket_keys(&screen);
	put_random(&screen);
}

/*
 * ctl_status_shared: what hosts have in common, on the screen of `status`.
 */
#include "ctl_screen.h"
#include "ctl_statistics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* First of all: this host is not one of its group. */
void
ctl_status_shared_problem(const struct ctl_screen *screen)
{
	const char *problem = ctl_screen_shared(screen, "problem");

	if (*problem == '\0')
		return;
	printf("%snothing is shared:%s ",
	    ctl_screen_style(screen, CTL_SCREEN_RED),
	    ctl_screen_style(screen, CTL_SCREEN_NORMAL));
	ctl_put_text(stdout, problem);
	printf("\n\n");
}

static void
put_shared(const struct ctl_screen *screen)
{
	int64_t secrets = ctl_screen_shared_number(screen, "secrets");
	bool is_own = ctl_screen_shared_number(screen, "ticket_key") == 0;

	ctl_screen_begin_line(screen, "Shared");
	if (secrets == 0) {
		printf("nothing with other hosts\n");
		return;
	}
	printf("with the group ");
	ctl_put_text(stdout, ctl_screen_shared(screen, "group"));
	printf(", %" PRId64 " secret%s; ticket keys are %s\n", secrets,
	    secrets == 1 ? "" : "s",
	    is_own ? "this host's own" : "the group's");
	ctl_screen_begin_line(screen, "");
	printf("fingerprints: smtpd ");
	ctl_put_text(stdout, ctl_screen_shared(screen, "fingerprint_smtpd"));
	printf(", smtp ");
	ctl_put_text(stdout, ctl_screen_shared(screen, "fingerprint_smtp"));
	printf(", lmtp ");
	ctl_put_text(stdout, ctl_screen_shared(screen, "fingerprint_lmtp"));
	printf("\n");
}

/* Whether the engine answers, and what it was good for. */
static void
put_engine(const struct ctl_screen *process)
{
	struct ctl_screen shared = *process, *screen = &shared;
	const char *server = ctl_screen_shared(screen, "server");
	int64_t down_since = ctl_screen_shared_number(screen, "down_since");
	int64_t lookups = ctl_screen_shared_number(screen, "lookups");

	if (*server == '\0')
		return;
	screen->cache = CTL_SHARED;
	ctl_screen_begin_line(screen, "Engine");
	ctl_put_text(stdout, server);
	if (down_since != 0)
		printf(" %snot used%s for %s",
		    ctl_screen_style(screen, CTL_SCREEN_RED),
		    ctl_screen_style(screen, CTL_SCREEN_NORMAL),
		    ctl_screen_age(screen, down_since).text);
	printf("; %" PRId64 " lookup%s, %" PRId64 " found, %" PRId64
	       " not in time, %" PRId64 " not made\n",
	    lookups, lookups == 1 ? "" : "s", ctl_screen_number(screen, "hits"),
	    ctl_screen_number(screen, "timeouts"),
	    ctl_screen_number(screen, "skipped"));
	ctl_screen_begin_line(screen, "");
	printf("%" PRId64 " stored, ", ctl_screen_number(screen, "stores"));
	ctl_screen_put_count(screen, "dropped", "dropped", ", ");
	ctl_screen_put_count(screen, "rejected", "rejected", ", ");
	ctl_screen_put_count(screen, "skewed", "skewed", "; ");
	printf("it answers in %s, 99%% in %s\n",
	    ctl_text_latency(ctl_screen_number(screen, "round_trip_p50_us"))
		.text,
	    ctl_text_latency(ctl_screen_number(screen, "round_trip_p99_us"))
		.text);
}

void
ctl_status_shared(const struct ctl_screen *screen)
{
	put_shared(screen);
	put_engine(screen);
}

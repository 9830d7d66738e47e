/*
 * ctl_status_text: the statistics on a screen. What needs attention is red.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_statistics.h"
#include "ctl_text.h"
#include "minmax.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14
#define BOLD        "\033[1m"
#define RED         "\033[1;31m"
#define NORMAL      "\033[0m"

/* What is printed, from where, and how. */
struct screen {
	const struct ctl_reply *statistics;
	const char *cache; /* NULL: of the process */
	int64_t now_s;
	bool is_coloured;
};

static int64_t
get(const struct screen *screen, const char *name)
{
	return ctl_statistics_get(screen->statistics, screen->cache, name);
}

/* Never NULL: a daemon of another version may not say. */
static const char *
get_text(const struct screen *screen, const char *name)
{
	const char *text =
	    ctl_statistics_text(screen->statistics, screen->cache, name);

	return text != NULL ? text : "";
}

static const char *
style(const struct screen *screen, const char *sequence)
{
	return screen->is_coloured ? sequence : "";
}

/* The first line of a paragraph has a label, the others have none. */
static void
begin_line(const struct screen *screen, const char *label)
{
	printf("%s%-*s%s", style(screen, BOLD), LABEL_WIDTH, label,
	    style(screen, NORMAL));
}

/* A count of something that should not happen, and what stands behind it. */
static void
put_count(const struct screen *screen, const char *name, const char *text,
    const char *separator)
{
	int64_t count = get(screen, name);

	printf("%s%" PRId64 " %s%s%s", count > 0 ? style(screen, RED) : "",
	    count, text, count > 0 ? style(screen, NORMAL) : "", separator);
}

static struct ctl_text
age(const struct screen *screen, int64_t when_s)
{
	/* A clock that was set back is no reason for an age below 0. */
	return ctl_text_duration(
	    when_s > screen->now_s ? 0 : screen->now_s - when_s);
}

static void
put_process(const struct screen *screen)
{
	const char *postfix = get_text(screen, "postfix_version");

	printf("%stlsmgr ", style(screen, BOLD));
	ctl_put_text(stdout, get_text(screen, "version"));
	printf("%s", style(screen, NORMAL));
	if (*postfix != '\0') {
		printf(" with Postfix ");
		ctl_put_text(stdout, postfix);
	}
	printf(", process %" PRId64 ", up %s since %s\n\n", get(screen, "pid"),
	    age(screen, get(screen, "started_at")).text,
	    ctl_text_time((time_t)get(screen, "started_at")).text);
}

/* All kinds of requests together, but for the one that looks at them. */
static int64_t
count_requests(const struct ctl_reply *statistics)
{
	struct ctl_reply walk = *statistics;
	struct ctl_attribute attribute;
	int64_t count, sum = 0;

	walk.offset = 0;
	while (ctl_reply_next(&walk, &attribute))
		if (strncmp(attribute.name, CTL_REQUEST_PREFIX,
			strlen(CTL_REQUEST_PREFIX)) == 0 &&
		    strcmp(attribute.name, CTL_REQUEST_PREFIX "stats") != 0 &&
		    ctl_reply_number(attribute.value, &count) == ERROR_NONE &&
		    !__builtin_add_overflow(sum, count, &count))
			sum = count;
	return sum;
}

static void
put_clients(const struct screen *screen)
{
	/* This program is one of them. */
	begin_line(screen, "Clients");
	printf("%" PRId64 " now, %" PRId64 " at most; ",
	    max_i64(0, get(screen, "clients") - 1),
	    get(screen, "client_limit"));
	printf(
	    "%" PRId64 " accepted, ", max_i64(0, get(screen, "accepted") - 1));
	put_count(screen, "refused", "refused", ", ");
	put_count(screen, "limit_closes", "closed for the limit", "\n");
	begin_line(screen, "Requests");
	printf("%" PRId64 ", ", count_requests(screen->statistics));
	put_count(screen, "complaints", "malformed", "\n");
	begin_line(screen, "Answered in");
	printf("%s (median), ",
	    ctl_text_latency(get(screen, "latency_p50_us")).text);
	printf("%s (99%%), %s (99.9%%), %s at most\n\n",
	    ctl_text_latency(get(screen, "latency_p99_us")).text,
	    ctl_text_latency(get(screen, "latency_p999_us")).text,
	    ctl_text_latency(get(screen, "latency_max_us")).text);
}

/* "smtpd cache  btree:/var/lib/postfix/smtpd_scache" and what is amiss. */
static void
put_cache_place(const struct screen *screen)
{
	char label[32];

	snprintf(label, sizeof(label), "%s cache", screen->cache);
	begin_line(screen, label);
	if (get(screen, "enabled") == 0) {
		printf("off, as configured; tickets need none\n");
		return;
	}
	ctl_put_text(stdout, get_text(screen, "database"));
	if (get(screen, "cachable") == 0)
		printf("\n%*s%scannot be used: nothing is stored; the log says "
		       "why%s",
		    LABEL_WIDTH, "", style(screen, RED), style(screen, NORMAL));
	else if (get(screen, "ready") == 0)
		printf(" (still reading what was stored before)");
	printf("\n");
}

static void
put_cache_size(const struct screen *screen)
{
	int64_t entries = get(screen, "entries");

	begin_line(screen, "");
	printf("%" PRId64 " session%s, %s (%s on disk, %s long)", entries,
	    entries == 1 ? "" : "s", ctl_text_bytes(get(screen, "bytes")).text,
	    ctl_text_bytes(get(screen, "allocated")).text,
	    ctl_text_bytes(get(screen, "disk")).text);
	/* Not known yet, right after the start. */
	if (get(screen, "oldest") > 0)
		printf(", oldest %s", age(screen, get(screen, "oldest")).text);
	printf(
	    "; kept for %s\n", ctl_text_duration(get(screen, "timeout")).text);
}

static void
put_cache(const struct screen *screen)
{
	int64_t lookups, hits;

	put_cache_place(screen);
	if (get(screen, "enabled") == 0)
		return;
	put_cache_size(screen);
	lookups = get(screen, "lookups");
	hits = get(screen, "hits");
	begin_line(screen, "");
	printf("%" PRId64 " lookups, %s found; %" PRId64 " stored, %" PRId64
	       " deleted, ",
	    lookups, ctl_text_percent(hits, lookups).text,
	    get(screen, "updates"), get(screen, "deletes"));
	put_count(screen, "failures", "failed", "\n");
	begin_line(screen, "");
	printf("%" PRId64 " taken over at start; %" PRId64 " expired, ",
	    get(screen, "retained"), get(screen, "expired"));
	put_count(screen, "evicted", "evicted", ", ");
	put_count(screen, "lost", "lost", ", ");
	put_count(screen, "errors", "errors", "\n");
}

static const char *
get_shared(const struct screen *screen, const char *name)
{
	const char *text =
	    ctl_statistics_text(screen->statistics, CTL_SHARED, name);

	return text != NULL ? text : "";
}

static int64_t
get_shared_number(const struct screen *screen, const char *name)
{
	return ctl_statistics_get(screen->statistics, CTL_SHARED, name);
}

/* First of all: this host is not one of its group. */
static void
put_shared_problem(const struct screen *screen)
{
	const char *problem = get_shared(screen, "problem");

	if (*problem == '\0')
		return;
	printf("%snothing is shared:%s ", style(screen, RED),
	    style(screen, NORMAL));
	ctl_put_text(stdout, problem);
	printf("\n\n");
}

static void
put_shared(const struct screen *screen)
{
	int64_t secrets = get_shared_number(screen, "secrets");
	bool is_own = get_shared_number(screen, "ticket_key") == 0;

	begin_line(screen, "Shared");
	if (secrets == 0) {
		printf("nothing with other hosts\n");
		return;
	}
	printf("with the group ");
	ctl_put_text(stdout, get_shared(screen, "group"));
	printf(", %" PRId64 " secret%s; ticket keys are %s\n", secrets,
	    secrets == 1 ? "" : "s",
	    is_own ? "this host's own" : "the group's");
	begin_line(screen, "");
	printf("fingerprints: smtpd ");
	ctl_put_text(stdout, get_shared(screen, "fingerprint_smtpd"));
	printf(", smtp ");
	ctl_put_text(stdout, get_shared(screen, "fingerprint_smtp"));
	printf(", lmtp ");
	ctl_put_text(stdout, get_shared(screen, "fingerprint_lmtp"));
	printf("\n");
}

/* Whether the engine answers, and what it was good for. */
static void
put_engine(const struct screen *process)
{
	struct screen shared = *process, *screen = &shared;
	const char *server = get_shared(screen, "server");
	int64_t down_since = get_shared_number(screen, "down_since");

	if (*server == '\0')
		return;
	screen->cache = CTL_SHARED;
	begin_line(screen, "Engine");
	ctl_put_text(stdout, server);
	if (down_since != 0)
		printf(" %snot used%s for %s", style(screen, RED),
		    style(screen, NORMAL), age(screen, down_since).text);
	printf("; %" PRId64 " lookups, %" PRId64 " found, %" PRId64
	       " not in time, %" PRId64 " not made\n",
	    get(screen, "lookups"), get(screen, "hits"),
	    get(screen, "timeouts"), get(screen, "skipped"));
	begin_line(screen, "");
	printf("%" PRId64 " stored, ", get(screen, "stores"));
	put_count(screen, "dropped", "dropped", ", ");
	put_count(screen, "rejected", "rejected", ", ");
	put_count(screen, "skewed", "skewed", "; ");
	printf("it answers in %s, 99%% in %s\n",
	    ctl_text_latency(get(screen, "round_trip_p50_us")).text,
	    ctl_text_latency(get(screen, "round_trip_p99_us")).text);
}

static void
put_ticket_keys(const struct screen *screen)
{
	const char *file = get_text(screen, "ticket_key_file");
	int64_t keys = get(screen, "ticket_keys"), until_s;

	begin_line(screen, "Ticket keys");
	if (get(screen, "ticket_lifetime") == 0) {
		printf("none: smtpd_tls_session_cache_timeout is 0\n");
		return;
	}
	if (keys == 0) {
		printf("none now, the next when it is asked for\n");
	} else {
		until_s = get(screen, "ticket_key_encrypts_until");
		printf("one in use for %s, the next ",
		    age(screen, get(screen, "ticket_key_made_at")).text);
		if (until_s > screen->now_s)
			printf("in %s\n",
			    ctl_text_duration(until_s - screen->now_s).text);
		else
			printf("when it is asked for\n");
	}
	begin_line(screen, "");
	if (get_shared_number(screen, "ticket_key") != 0 &&
	    strcmp(get_shared(screen, "state"), "secret") == 0) {
		printf("derived from the secret of the group, kept nowhere\n");
		return;
	}
	if (keys > 1)
		printf("one that only decrypts, %s old; ",
		    age(screen, get(screen, "ticket_key_previous_made_at"))
			.text);
	printf(
	    "%" PRId64 " made, kept in ", get(screen, "ticket_key_rotations"));
	ctl_put_text(stdout, *file != '\0' ? file : "memory only");
	printf("\n");
}

/* "last 5 min ago" or "never yet"; the verb stands before it. */
static void
put_when(const struct screen *screen, const char *name)
{
	int64_t when_s = get(screen, name);

	if (when_s == 0)
		printf("never yet");
	else
		printf("%s ago", age(screen, when_s).text);
}

static void
put_random(const struct screen *screen)
{
	const char *file = get_text(screen, "exchange_file");

	begin_line(screen, "Entropy");
	ctl_put_text(stdout, get_text(screen, "entropy_source"));
	if (get(screen, "entropy_answering") == 0)
		printf(" %sdoes not answer%s", style(screen, RED),
		    style(screen, NORMAL));
	printf(", read ");
	put_when(screen, "entropy_read_at");
	printf("; %" PRId64 " reads, ", get(screen, "entropy_reads"));
	put_count(screen, "entropy_failures", "failed", "\n");
	begin_line(screen, "Random bytes");
	printf("%" PRId64 " generated, ", get(screen, "random_bytes"));
	put_count(screen, "random_failures", "failures", "\n");
	begin_line(screen, "Exchange file");
	if (*file == '\0') {
		printf("none\n");
		return;
	}
	ctl_put_text(stdout, file);
	printf(", saved ");
	put_when(screen, "exchange_updated_at");
	printf(", ");
	put_count(screen, "exchange_failures", "failures", "\n");
}

/* First of all: the rest is not what the files say. */
static void
put_ignored_settings(const struct screen *screen)
{
	int64_t count = get(screen, "settings_ignored");

	if (count == 0)
		return;
	printf("%s%" PRId64 " setting%s ignored:%s ", style(screen, RED), count,
	    count == 1 ? " is" : "s are", style(screen, NORMAL));
	ctl_put_text(stdout, get_text(screen, "first_setting_ignored"));
	printf("%s\n\n", count == 1 ? "" : "; more by " CTL_NAME " check");
}

void
ctl_status_text(
    const struct ctl_reply *statistics, int64_t now_s, bool is_coloured)
{
	struct screen screen = { statistics, NULL, now_s, is_coloured };

	put_shared_problem(&screen);
	put_ignored_settings(&screen);
	put_process(&screen);
	put_clients(&screen);
	for (int i = 0; i < CACHE_TYPES; i++) {
		screen.cache = cache_type_name((enum cache_type)i);
		put_cache(&screen);
	}
	screen.cache = NULL;
	printf("\n");
	put_shared(&screen);
	put_engine(&screen);
	put_ticket_keys(&screen);
	put_random(&screen);
}

/*
 * ctl_check_running: what `status` calls trouble, with what to do about it. The
 * counts are since the start of the daemon, so a reload ends what was mended.
 */
#include "cache.h"
#include "clock.h"
#include "ctl_check.h"
#include "ctl_statistics.h"

#include <inttypes.h>
#include <string.h>

#define SEE_LOG "see the log of Postfix for tlsmgr, which says why"
/* What was stored before is read again within that time, or slowly. */
#define REPLAY_S 60

/* A count of what should not happen. */
struct trouble {
	const char *name;
	const char *text;
	const char *advice;
};

static const struct trouble process_troubles[] = {
	{ "refused", "clients of other users were refused",
	    "see the log of Postfix for tlsmgr, which names them; only root "
	    "and the mail owner are served" },
	{ "limit_closes", "clients were closed for the limit of clients",
	    "raise tlsmgr_client_limit in tlsmgr.cf, then: postfix reload" },
	{ "memory_closes", "clients were closed for the memory they held",
	    "raise tlsmgr_client_memory in tlsmgr.cf, then: postfix reload" },
	{ "complaints", "requests were malformed",
	    "see the log of Postfix for tlsmgr, which names who sent them" },
	{ "random_failures", "times the random number generator gave nothing",
	    SEE_LOG ", and restart Postfix" },
	{ "exchange_failures", "updates of the exchange file failed", SEE_LOG },
	{ NULL, NULL, NULL },
};

static const struct trouble entropy_troubles[] = {
	{ "entropy_failures", "reads of the entropy source failed",
	    "look at tls_random_source in main.cf; the log says why" },
	{ NULL, NULL, NULL },
};

static const struct trouble cache_troubles[] = {
	{ "failures", "requests could not be carried out", SEE_LOG },
	{ "errors", "reads or writes failed", SEE_LOG "; is the disk full?" },
	{ "lost", "sessions were lost to damage",
	    SEE_LOG "; look at the disk" },
	{ "evicted", "sessions left before their time, to keep within a bound",
	    "the log of Postfix names the bound; raise it in tlsmgr.cf, then: "
	    "postfix reload" },
	{ NULL, NULL, NULL },
};

static const struct trouble engine_troubles[] = {
	{ "dropped", "sessions found no room in the queue to the engine",
	    "see whether the engine is up, near and fast enough" },
	{ "rejected", "records of the engine were not made by this group",
	    "see who else writes to it; compare tlsmgrctl shared on all "
	    "hosts" },
	{ "skewed", "records of the engine were from the future",
	    "set the clocks of all hosts right" },
	{ "errors", "commands were refused by the engine",
	    "see the log of Postfix for tlsmgr, and what its user may do" },
	{ NULL, NULL, NULL },
};

static void
add_counts(struct ctl_check *check, const struct ctl_reply *statistics,
    const char *scope, const struct trouble *troubles)
{
	for (; troubles->name != NULL; troubles++) {
		int64_t count =
		    ctl_statistics_get(statistics, scope, troubles->name);

		if (count > 0)
			ctl_finding_add(&check->findings, CTL_WARNING,
			    troubles->advice,
			    "%s%s%" PRId64 " %s since the daemon started",
			    scope != NULL ? scope : "",
			    scope != NULL ? ": " : "", count, troubles->text);
	}
}

/* What the files say now was reported before, in more detail. */
static void
add_ignored(struct ctl_check *check, const struct ctl_reply *statistics)
{
	const char *first =
	    ctl_statistics_text(statistics, NULL, "first_setting_ignored");
	const char *now = config_first_ignored(check->ctl->config);
	int64_t count =
	    ctl_statistics_get(statistics, NULL, "settings_ignored");

	if (count > 0 && first != NULL &&
	    (now == NULL || strcmp(first, now) != 0))
		ctl_finding_add(&check->findings, CTL_WARNING, "postfix reload",
		    "the daemon ignored %" PRId64 " setting%s at its start, "
		    "the first: %s",
		    count, count == 1 ? "" : "s", first);
}

static void
add_cache(struct ctl_check *check, const struct ctl_reply *statistics,
    const char *type)
{
	const char *database =
	    ctl_statistics_text(statistics, type, "database");
	int64_t started_at = ctl_statistics_get(statistics, NULL, "started_at");

	if (ctl_statistics_get(statistics, type, "enabled") == 0)
		return;
	if (ctl_statistics_get(statistics, type, "cachable") == 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "see the log of Postfix for \"cannot be used\" or \"is "
		    "unavailable\", correct that, then: postfix reload",
		    "%s: the cache %s cannot be used: nothing is stored", type,
		    database != NULL ? database : "");
	else if (ctl_statistics_get(statistics, type, "ready") == 0)
		ctl_finding_add(&check->findings,
		    clock_wall_s() - started_at < REPLAY_S ? CTL_NOTE
							   : CTL_WARNING,
		    "wait; if it does not end, another process has the files: "
		    "see the log of Postfix for tlsmgr",
		    "%s: the daemon is still reading what was stored before",
		    type);
	add_counts(check, statistics, type, cache_troubles);
}

static void
add_entropy(struct ctl_check *check, const struct ctl_reply *statistics)
{
	const char *source =
	    ctl_statistics_text(statistics, NULL, "entropy_source");

	if (source == NULL || *source == '\0')
		return;
	if (ctl_statistics_get(statistics, NULL, "entropy_answering") == 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "look at tls_random_source in main.cf; the log says why",
		    "the entropy source %s does not answer the daemon; the "
		    "system's serves",
		    source);
	add_counts(check, statistics, NULL, entropy_troubles);
}

static void
add_shared(struct ctl_check *check, const struct ctl_reply *statistics)
{
	const char *problem =
	    ctl_statistics_text(statistics, CTL_SHARED, "problem");
	const char *now = check->has_group ? check->group.problem : NULL;

	if (problem != NULL && *problem != '\0' &&
	    (now == NULL || strcmp(problem, now) != 0))
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "correct that, then: postfix reload",
		    "the daemon shares nothing: %s", problem);
	if (ctl_statistics_get(statistics, CTL_SHARED, "secrets") > 0 &&
	    ctl_statistics_get(statistics, NULL, "ticket_lifetime") > 0 &&
	    ctl_statistics_get(statistics, CTL_SHARED, "ticket_key") == 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "see the log of Postfix for \"shared:\"; compare tlsmgrctl "
		    "shared on all hosts",
		    "session ticket keys are this host's own, although it has "
		    "a secret of a group");
	if (ctl_statistics_get(statistics, CTL_SHARED, "down_since") != 0)
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "see whether it runs and can be reached; the log says why "
		    "it was given up",
		    "the engine %s is not used",
		    ctl_statistics_text(statistics, CTL_SHARED, "server"));
	add_counts(check, statistics, CTL_SHARED, engine_troubles);
}

void
ctl_check_running(struct ctl_check *check, const struct ctl_reply *statistics)
{
	add_ignored(check, statistics);
	for (int i = 0; i < CACHE_TYPES; i++)
		add_cache(
		    check, statistics, cache_type_name((enum cache_type)i));
	add_shared(check, statistics);
	add_entropy(check, statistics);
	add_counts(check, statistics, NULL, process_troubles);
}

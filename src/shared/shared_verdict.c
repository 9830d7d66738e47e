/*
 * shared_verdict: the first words of errors, as Valkey and Redis have them.
 */
#include "shared_verdict.h"

static const struct {
	const char *word;
	enum shared_failure failure;
} verdicts[] = {
	{ "READONLY", SHARED_FAILURE_UNFIT },
	{ "LOADING", SHARED_FAILURE_UNFIT },
	{ "MASTERDOWN", SHARED_FAILURE_UNFIT },
	{ "CLUSTERDOWN", SHARED_FAILURE_UNFIT },
	{ "NOREPLICAS", SHARED_FAILURE_UNFIT },
	{ "MOVED", SHARED_FAILURE_CLUSTER },
	{ "ASK", SHARED_FAILURE_CLUSTER },
	{ "NOAUTH", SHARED_FAILURE_ACCESS },
	{ "WRONGPASS", SHARED_FAILURE_ACCESS },
	{ "NOPERM", SHARED_FAILURE_ACCESS },
	{ "OOM", SHARED_FAILURE_STORING },
	{ "MISCONF", SHARED_FAILURE_STORING },
};

static const struct {
	const char *text;
	uint64_t pause_us;
} failures[SHARED_FAILURES] = {
	[SHARED_FAILURE_NONE] = { "refused a command", 0 },
	[SHARED_FAILURE_STORING] = { "stores nothing, lookups go on", 0 },
	[SHARED_FAILURE_CONNECT] = { "cannot be connected to", 0 },
	[SHARED_FAILURE_CLOSED] = { "closed the connection", 0 },
	[SHARED_FAILURE_SLOW] = { "does not answer within", 0 },
	[SHARED_FAILURE_PROTOCOL] = { "sends what is no answer", 0 },
	[SHARED_FAILURE_UNFIT] = { "cannot be used as it is", 0 },
	[SHARED_FAILURE_CLUSTER] = { "is a cluster node: name a proxy, or a "
				     "server that is not in a cluster",
	    0 },
	[SHARED_FAILURE_ACCESS] = { "does not let us in "
				    "(tlsmgr_shared_password_file)",
	    30000000 },
	[SHARED_FAILURE_ERRORS] = { "refuses all commands", 0 },
	[SHARED_FAILURE_RECORDS] = { NULL, 300000000 },
};

enum shared_failure
shared_verdict_of(const struct shared_reply *reply, bool is_to_auth)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (shared_reply_error_is(reply, verdicts[i].word))
			return verdicts[i].failure;
	return is_to_auth ? SHARED_FAILURE_ACCESS : SHARED_FAILURE_NONE;
}

uint64_t
shared_verdict_pause_us(enum shared_failure failure)
{
	return failures[failure].pause_us;
}

const char *
shared_verdict_text(enum shared_failure failure)
{
	return failures[failure].text;
}

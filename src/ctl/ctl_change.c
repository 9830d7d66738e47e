/*
 * ctl_change: the subcommands that have the daemon change something: sessions
 * removed, ticket keys replaced, files written.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_statistics.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* smtpd(8) asks for a key once, and encrypts with it until its time is over. */
#define SERVERS_HAVE_COPIES                                             \
	"Running servers use a copy of the old key until it expires;\n" \
	"\"postfix reload\" replaces them.\n"

static const struct ctl_argument no_arguments[] = { { NULL, NULL } };

/* A statistic from the time of the connection. */
static int64_t
get(const struct ctl_client *client, const char *cache, const char *name)
{
	struct ctl_reply statistics;

	statistics = ctl_client_statistics(client);
	return ctl_statistics_get(&statistics, cache, name);
}

/* One request without arguments. `refused` is printed if the answer is no. */
static int
request(struct ctl_client *client, const char *name, const char *refused)
{
	struct ctl_reply reply;
	int status = ctl_ask(client, name, no_arguments, &reply);

	if (status == CTL_NO)
		ctl_error("%s", refused);
	return status;
}

static int
flush_cache(struct ctl_client *client, const char *cache)
{
	const struct ctl_argument arguments[] = { { "cache_type", cache },
		{ NULL, NULL } };
	struct ctl_reply reply;
	int64_t removed;
	int status;

	if (get(client, cache, "enabled") == 0) {
		printf("%s: there is no cache\n", cache);
		return CTL_OK;
	}
	status = ctl_ask(client, "flush", arguments, &reply);
	if (status == CTL_OK) {
		removed = get(client, cache, "entries");
		printf("%s: %" PRId64 " session%s removed\n", cache, removed,
		    removed == 1 ? "" : "s");
	} else if (status == CTL_NO) {
		ctl_error("the daemon could not empty the %s cache; its log "
			  "says why",
		    cache);
	}
	return status;
}

int
ctl_flush(struct ctl *ctl, char *const operands[])
{
	bool is_all = strcmp(operands[0], "all") == 0;
	struct ctl_client client;
	int status, worst = CTL_OK;

	if (!is_all && !ctl_is_cache_type(operands[0]))
		return CTL_USAGE;
	status = ctl_connect_ours(ctl, &client);
	if (status != CTL_OK)
		return status;
	for (int i = 0; i < CACHE_TYPES; i++) {
		const char *type = cache_type_name((enum cache_type)i);

		if (!is_all && strcmp(type, operands[0]) != 0)
			continue;
		status = flush_cache(&client, type);
		if (status > worst)
			worst = status;
		if (status == CTL_UNREACHABLE)
			break;
	}
	ctl_client_close(&client);
	return worst;
}

/* Postfix's own daemon knows this one too. */
int
ctl_delete(struct ctl *ctl, char *const operands[])
{
	const struct ctl_argument arguments[] = {
		{ "cache_type", operands[0] },
		{ "cache_id", operands[1] },
		{ NULL, NULL },
	};
	struct ctl_client client;
	struct ctl_reply reply;
	int status;

	if (!ctl_is_cache_type(operands[0]) || !ctl_fits_id(operands[1]))
		return CTL_USAGE;
	status = ctl_connect(ctl, &client);
	if (status != CTL_OK)
		return status;
	status = ctl_ask(&client, "delete", arguments, &reply);
	if (status == CTL_OK)
		printf("removed\n");
	else if (status == CTL_NO)
		ctl_error(
		    "the %s cache has no session with that id", operands[0]);
	ctl_client_close(&client);
	return status;
}

/*
 * Keys that follow from a secret alone are replaced on all hosts. Returns
 * CTL_OK where they do not, or says what to do.
 */
static int
check_own_keys(const struct ctl_client *client)
{
	struct ctl_reply statistics = ctl_client_statistics(client);
	const char *state =
	    ctl_statistics_text(&statistics, CTL_SHARED, "state");

	/* With an engine a new key is known to the others within a minute. */
	if (get(client, CTL_SHARED, "ticket_key") == 0 || state == NULL ||
	    strcmp(state, "secret") != 0)
		return CTL_OK;
	ctl_error("the session ticket keys are those of the group %s: to "
		  "replace them, put a new secret into the file of secrets "
		  "on all hosts (see " CTL_NAME " secret, and SEVERAL HOSTS "
		  "in tlsmgr.cf(5)), then: postfix reload",
	    ctl_statistics_text(&statistics, CTL_SHARED, "group"));
	return CTL_NO;
}

/*
 * Connect, and have the daemon replace its ticket keys. Returns CTL_OK, with a
 * client to close, or prints the error and returns another exit status.
 */
static int
replace_keys(struct ctl *ctl, struct ctl_client *client, const char *name,
    const char *failure)
{
	int status = ctl_connect_ours(ctl, client);

	if (status != CTL_OK)
		return status;
	status = check_own_keys(client);
	if (status == CTL_OK)
		status = request(client, name, failure);
	if (status != CTL_OK)
		ctl_client_close(client);
	return status;
}

int
ctl_rotate(struct ctl *ctl, char *const operands[])
{
	struct ctl_client client;
	int status = replace_keys(ctl, &client, "rotate",
	    "the daemon made no new ticket key; its log says why");

	(void)operands;
	if (status != CTL_OK)
		return status;
	printf("New tickets are encrypted with a new key. Those before "
	       "it decrypt for %s at most.\n" SERVERS_HAVE_COPIES,
	    ctl_text_duration(get(&client, NULL, "ticket_lifetime")).text);
	ctl_client_close(&client);
	return CTL_OK;
}

int
ctl_flush_tickets(struct ctl *ctl, char *const operands[])
{
	struct ctl_client client;
	int status = replace_keys(ctl, &client, "flush_tickets",
	    "the daemon did not remove its ticket keys; its log says why");

	(void)operands;
	if (status != CTL_OK)
		return status;
	printf("All session ticket keys are wiped; the next is made "
	       "when it is asked for.\n" SERVERS_HAVE_COPIES);
	ctl_client_close(&client);
	return CTL_OK;
}

int
ctl_save(struct ctl *ctl, char *const operands[])
{
	struct ctl_client client;
	int status = ctl_connect_ours(ctl, &client);

	(void)operands;
	if (status != CTL_OK)
		return status;
	status = request(&client, "save",
	    "something could not be saved; the daemon's log says what");
	if (status == CTL_OK)
		printf("The exchange file and the caches are saved.\n");
	ctl_client_close(&client);
	return status;
}

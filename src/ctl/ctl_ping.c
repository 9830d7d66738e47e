/*
 * ctl_ping: how fast the daemon answers what Postfix asks most cheaply, and
 * which daemon it is that answers.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_text.h"

#include <stdio.h>
#include <stdlib.h>

#define PINGS 20 /* besides the first, which may start the daemon */

static int
compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static int
ping(struct ctl_client *client, uint64_t *latency_us)
{
	static const struct ctl_argument arguments[] = {
		{ "cache_type", "smtpd" },
		{ NULL, NULL },
	};
	uint64_t began_us = clock_monotonic_us();
	struct ctl_reply reply;
	int status = ctl_ask(client, "policy", arguments, &reply);

	*latency_us = clock_monotonic_us() - began_us;
	if (status == CTL_NO)
		ctl_error("the daemon answered with an error");
	return status;
}

static int
ping_all(struct ctl *ctl)
{
	uint64_t first_us, latency_us[PINGS];
	struct ctl_client client;
	int status = ctl_connect(ctl, &client);

	if (status != CTL_OK)
		return status;
	status = ping(&client, &first_us);
	for (int i = 0; i < PINGS && status == CTL_OK; i++)
		status = ping(&client, &latency_us[i]);
	ctl_client_close(&client);
	if (status != CTL_OK)
		return status;
	qsort(latency_us, PINGS, sizeof(latency_us[0]), compare);
	printf("first answer %s, then %d: ",
	    ctl_text_latency((int64_t)first_us).text, PINGS);
	printf("%s at least, ", ctl_text_latency((int64_t)latency_us[0]).text);
	printf("%s median, ",
	    ctl_text_latency((int64_t)latency_us[PINGS / 2]).text);
	printf("%s at most\n",
	    ctl_text_latency((int64_t)latency_us[PINGS - 1]).text);
	return CTL_OK;
}

/* Over a connection of its own: see ctl_client_identify(). */
static int
print_daemon(struct ctl *ctl)
{
	struct ctl_client client;
	enum ctl_daemon daemon;
	char *cause = NULL, *name;
	int status = ctl_connect(ctl, &client);

	if (status != CTL_OK)
		return status;
	if (ctl_client_identify(&client, &daemon, &cause) == ERROR_NONE) {
		name = ctl_daemon_name(&client, daemon);
		ctl_put_text(stdout, name);
		printf(" answers\n");
		free(name);
	} else {
		ctl_error("%s", cause);
		free(cause);
		status = CTL_UNREACHABLE;
	}
	ctl_client_close(&client);
	return status;
}

int
ctl_ping(struct ctl *ctl, char *const operands[])
{
	int status = ping_all(ctl);

	(void)operands;
	return status == CTL_OK ? print_daemon(ctl) : status;
}

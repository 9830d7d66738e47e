/*
 * ctl_ask: how the subcommands talk to the daemon: one connection, requests of
 * a few strings, and one way to say what went wrong.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_statistics.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static int
complain(char *cause)
{
	ctl_error("%s", cause);
	free(cause);
	return CTL_UNREACHABLE;
}

int
ctl_connect(struct ctl *ctl, struct ctl_client *client)
{
	char *queue_directory = ctl_config_value(ctl, "queue_directory");
	char *service = NULL, *cause = NULL;
	int status = CTL_NO;

	if (queue_directory != NULL)
		service = ctl_config_service(ctl);
	if (service != NULL) {
		status = CTL_OK;
		if (ctl_client_open(client, queue_directory, service,
			ctl->timeout_ms, &cause) != ERROR_NONE) {
			status = complain(cause);
			ctl_client_close(client);
		}
	}
	free(queue_directory);
	free(service);
	return status;
}

int
ctl_connect_ours(struct ctl *ctl, struct ctl_client *client)
{
	enum ctl_daemon daemon;
	char *cause = NULL;
	int status = ctl_connect(ctl, client);

	if (status != CTL_OK)
		return status;
	if (ctl_client_identify(client, &daemon, &cause) != ERROR_NONE) {
		ctl_client_close(client);
		return complain(cause);
	}
	if (daemon == CTL_DAEMON_OURS)
		return CTL_OK;
	if (daemon == CTL_DAEMON_OLDER)
		ctl_error("the daemon that runs is older than this program and "
			  "cannot do this; \"postfix reload\" starts the one "
			  "that is installed");
	else
		ctl_error("Postfix's own tlsmgr answers, which cannot do this; "
			  "\"" CTL_NAME " enable\" puts this one in its place");
	ctl_client_close(client);
	return CTL_OTHER;
}

bool
ctl_knows(const struct ctl_client *client, const char *request)
{
	struct ctl_reply statistics = ctl_client_statistics(client);

	return ctl_statistics_has_request(&statistics, request);
}

int
ctl_connect_knowing(
    struct ctl *ctl, const char *request, struct ctl_client *client)
{
	int status = ctl_connect_ours(ctl, client);

	if (status != CTL_OK || ctl_knows(client, request))
		return status;
	ctl_error("the daemon that runs is of a version without %s; \"postfix "
		  "reload\" starts the one that is installed",
	    request);
	ctl_client_close(client);
	return CTL_OTHER;
}

char *
ctl_daemon_name(const struct ctl_client *client, enum ctl_daemon daemon)
{
	struct ctl_reply statistics;
	const char *pid;

	if (daemon == CTL_DAEMON_POSTFIX)
		return xstrdup("Postfix's own tlsmgr");
	if (daemon == CTL_DAEMON_OLDER)
		return xstrdup("an older tlsmgr of this project");
	statistics = ctl_client_statistics(client);
	pid = ctl_statistics_text(&statistics, NULL, "pid");
	return xasprintf("tlsmgr %s (process %s)",
	    ctl_statistics_text(&statistics, NULL, "version"),
	    pid != NULL ? pid : "unknown");
}

int
ctl_ask(struct ctl_client *client, const char *request,
    const struct ctl_argument *argument, struct ctl_reply *reply)
{
	struct buffer message;
	char *cause = NULL;
	enum error error;
	int status;

	buffer_init(&message);
	attr_put_string(&message, "request", request);
	for (; argument->name != NULL; argument++)
		attr_put_string(&message, argument->name, argument->value);
	attr_put_end(&message);
	error = ctl_client_ask(client, &message, reply, &cause);
	buffer_fini(&message);
	if (error != ERROR_NONE)
		return complain(cause);
	if (ctl_reply_status(reply, &status) != ERROR_NONE) {
		ctl_error("the answer to %s makes no sense", request);
		return CTL_UNREACHABLE;
	}
	return status == 0 ? CTL_OK : CTL_NO;
}

void
ctl_refused(struct ctl_reply *reply)
{
	const char *reason = ctl_reply_take(reply, "reason");

	ctl_error("%s",
	    reason != NULL ? reason : "the daemon refused; its log says why");
}

bool
ctl_is_cache_type(const char *name)
{
	enum cache_type type;

	if (cache_type_parse(name, &type) == ERROR_NONE)
		return true;
	ctl_error(
	    "there is no cache \"%s\"; there are smtpd, smtp and lmtp", name);
	return false;
}

bool
ctl_fits_id(const char *text)
{
	size_t len = strlen(text);

	if (len <= ATTR_STRING_MAX)
		return true;
	ctl_error("%.32s...: is %zu bytes long, and no id is longer than %d",
	    text, len, ATTR_STRING_MAX);
	return false;
}

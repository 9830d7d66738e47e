/*
 * ctl_config: the parameters as the running daemon has them, with where each
 * was set: not what the files say now, but what was read at its start.
 */
#include "ctl.h"
#include "ctl_text.h"

#include <stdio.h>
#include <string.h>

/* What "origin" says of a value that nobody set. */
#define DEFAULT_ORIGIN "default"
#define FIXED_ORIGIN   "fixed"

struct parameter {
	const char *name, *value, *origin;
};

static bool
take_parameter(struct ctl_reply *reply, struct parameter *parameter)
{
	parameter->name = ctl_reply_take(reply, "parameter");
	parameter->value = ctl_reply_take(reply, "value");
	parameter->origin = ctl_reply_take(reply, "origin");
	return parameter->name != NULL && parameter->value != NULL &&
	       parameter->origin != NULL;
}

static void
print_row(const struct parameter *parameter)
{
	ctl_put_text(stdout, parameter->name);
	fputs(" = ", stdout);
	ctl_put_text(stdout, parameter->value);
	fputs("  (", stdout);
	ctl_put_text(stdout, parameter->origin);
	fputs(")\n", stdout);
}

static void
print_json(const struct parameter *parameter, bool is_first)
{
	fputs(is_first ? "\n  " : ",\n  ", stdout);
	ctl_put_json(stdout, parameter->name);
	fputs(": {\"value\": ", stdout);
	ctl_put_json(stdout, parameter->value);
	fputs(", \"origin\": ", stdout);
	ctl_put_json(stdout, parameter->origin);
	putchar('}');
}

static int
print_parameters(const struct ctl *ctl, struct ctl_reply *reply)
{
	bool is_json = (ctl->options & CTL_OPTION_JSON) != 0;
	bool is_first = true;
	struct parameter parameter;

	if (is_json)
		putchar('{');
	while (!ctl_reply_is_at_end(reply)) {
		if (!take_parameter(reply, &parameter)) {
			ctl_error("the answer to config makes no sense");
			return CTL_UNREACHABLE;
		}
		if ((ctl->options & CTL_OPTION_CHANGED) != 0 &&
		    (strcmp(parameter.origin, DEFAULT_ORIGIN) == 0 ||
			strcmp(parameter.origin, FIXED_ORIGIN) == 0))
			continue;
		if (is_json)
			print_json(&parameter, is_first);
		else
			print_row(&parameter);
		is_first = false;
	}
	if (is_json)
		puts("\n}");
	return CTL_OK;
}

int
ctl_config(struct ctl *ctl, char *const operands[])
{
	static const struct ctl_argument no_arguments[] = { { NULL, NULL } };
	struct ctl_client client;
	struct ctl_reply reply;
	int status = ctl_connect_ours(ctl, &client);

	(void)operands;
	if (status != CTL_OK)
		return status;
	status = ctl_ask(&client, "config", no_arguments, &reply);
	if (status == CTL_OK)
		status = print_parameters(ctl, &reply);
	else if (status == CTL_NO)
		ctl_error("the daemon would not say; its log says why");
	ctl_client_close(&client);
	return status;
}

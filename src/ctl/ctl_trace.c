/*
 * ctl_trace: what is asked of the session caches and what comes of it, as it
 * happens, until somebody ends it. Never what is in a session.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_text.h"
#include "destination.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Before the next daemon is asked: it may be one that ends at once. */
#define PAUSE_MS 200

struct trace {
	const char *type; /* "": all */
	const char *text;
	bool is_raw; /* ids as they are */
};

struct event {
	const char *pid, *type, *request, *id, *result;
	int64_t time_us, size, duration_us, dropped;
};

/* One operand is a type if there is such a type, or else a text. */
static bool
take_operands(struct trace *trace, char *const operands[])
{
	enum cache_type type;

	if (operands[0] == NULL)
		return true;
	if (operands[1] == NULL &&
	    cache_type_parse(operands[0], &type) != ERROR_NONE) {
		trace->text = operands[0];
		return ctl_fits_id(trace->text);
	}
	trace->type = operands[0];
	if (operands[1] != NULL)
		trace->text = operands[1];
	return ctl_is_cache_type(trace->type) && ctl_fits_id(trace->text);
}

/* False: that is none. */
static bool
take_event(struct ctl_reply *reply, struct event *event)
{
	if (!ctl_reply_take_count(reply, "time_us", &event->time_us))
		return false;
	event->pid = ctl_reply_take(reply, "pid");
	event->type = ctl_reply_take(reply, "cache_type");
	event->request = ctl_reply_take(reply, "request");
	event->id = ctl_reply_take(reply, "cache_id");
	event->result = ctl_reply_take(reply, "result");
	return event->result != NULL && event->pid != NULL &&
	       event->type != NULL && event->request != NULL &&
	       event->id != NULL &&
	       ctl_reply_take_count(reply, "size", &event->size) &&
	       ctl_reply_take_count(
		   reply, "duration_us", &event->duration_us) &&
	       ctl_reply_take_count(reply, "dropped", &event->dropped);
}

/* "13:05:59.000123", local time. */
static void
put_time(int64_t time_us)
{
	time_t when = (time_t)(time_us / 1000000);
	char text[16] = "-";
	struct tm local;

	if (localtime_r(&when, &local) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("%s.%06d", text, (int)(time_us % 1000000));
}

static void
put_padded(const char *text, int width)
{
	ctl_put_text(stdout, text);
	for (int len = (int)strlen(text); len < width; len++)
		putchar(' ');
	putchar(' ');
}

/* Of a server's session the id says more than its beginning would. */
static void
put_identifier(const struct trace *trace, const struct event *event)
{
	char *destination = trace->is_raw || strcmp(event->type, "smtpd") == 0
	                        ? NULL
	                        : destination_text(event->id);

	ctl_put_text(stdout, destination != NULL ? destination : event->id);
	free(destination);
}

static void
put_result(const struct event *event)
{
	const char *plural = event->size == 1 ? "" : "s";

	ctl_put_text(stdout, event->result);
	if (strcmp(event->result, "hit") == 0)
		printf(" of %" PRId64 " byte%s", event->size, plural);
	else if (strcmp(event->result, "stored") == 0)
		printf(" %" PRId64 " byte%s", event->size, plural);
}

static void
print_dropped(int64_t count)
{
	if (count > 0)
		printf("%" PRId64 " event%s dropped: they came faster than "
		       "they were read\n",
		    count, count == 1 ? "" : "s");
}

static void
print_event(const struct trace *trace, const struct event *event)
{
	print_dropped(event->dropped);
	put_time(event->time_us);
	putchar(' ');
	put_padded(event->pid, 7);
	put_padded(event->type, 5);
	put_padded(event->request, 6);
	put_identifier(trace, event);
	printf(": ");
	put_result(event);
	printf(", %" PRId64 " us\n", event->duration_us);
}

/* An event, or that there were some. False: neither. */
static bool
print_list(const struct trace *trace, struct ctl_reply *reply)
{
	struct ctl_reply ahead = *reply;
	struct event event;

	if (ctl_reply_take_count(&ahead, "dropped", &event.dropped))
		print_dropped(event.dropped);
	else if (take_event(reply, &event))
		print_event(trace, &event);
	else
		return false;
	return true;
}

/* CTL_OK when the daemon ends. Otherwise the error was printed. */
static int
print_events(const struct trace *trace, struct ctl_client *client)
{
	struct ctl_reply reply;
	char *cause = NULL;
	enum error error;

	for (;;) {
		/* Nobody waits for what is printed, nor is each line a write.
		 */
		if (!ctl_client_has_more(client) && fflush(stdout) != 0)
			return CTL_NO;
		error = ctl_client_next(client, &reply, &cause);
		if (error != ERROR_NONE)
			break;
		if (!print_list(trace, &reply)) {
			ctl_error("the answer to trace makes no sense");
			return CTL_UNREACHABLE;
		}
	}
	if (error != ERROR_CLOSED)
		ctl_error("%s", cause);
	free(cause);
	return error == ERROR_CLOSED ? CTL_OK : CTL_UNREACHABLE;
}

/* One daemon, from its answer to its end. */
static int
follow(struct ctl *ctl, const struct trace *trace, bool is_first)
{
	const struct ctl_argument arguments[] = {
		{ "cache_type", trace->type },
		{ "filter", trace->text },
		{ NULL, NULL },
	};
	struct ctl_client client;
	struct ctl_reply reply;
	int status = ctl_connect_knowing(ctl, "trace", &client);

	if (status != CTL_OK)
		return status;
	status = ctl_ask(&client, "trace", arguments, &reply);
	if (status == CTL_NO)
		ctl_refused(&reply);
	if (status == CTL_OK) {
		fprintf(stderr, is_first ? "Tracing; Ctrl-C ends it.\n"
					 : "The next daemon is there.\n");
		status = print_events(trace, &client);
	}
	ctl_client_close(&client);
	return status;
}

int
ctl_trace(struct ctl *ctl, char *const operands[])
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	struct trace trace = {
		.type = "",
		.text = "",
		.is_raw = (ctl->options & CTL_OPTION_RAW) != 0,
	};
	int status;

	if (!take_operands(&trace, operands))
		return CTL_USAGE;
	for (bool is_first = true;; is_first = false) {
		status = follow(ctl, &trace, is_first);
		if (status != CTL_OK)
			return status;
		fprintf(stderr, "The daemon ended (a reload?); going on with "
				"the next one.\n");
		nanosleep(&pause, NULL);
	}
}

/*
 * request history: what was counted, minute by minute, a slice at a time.
 * Numbers only.
 */
#include "request.h"

#include "clock.h"
#include "minmax.h"

#include <inttypes.h>
#include <stdio.h>

/* What one slice may take, of time and of the client's memory. */
#define SLICE_US      500
#define SLICE_LEN_MAX (48 * 1024)

/* Digits of the largest value, in bytes, and a space. */
#define VALUE_LEN_MAX 14

_Static_assert(HISTORY_ROWS_MAX *VALUE_LEN_MAX < ATTR_STRING_MAX,
    "the values of a minute are one attribute");
_Static_assert(HISTORY_ROWS_MAX *(sizeof("counter") + HISTORY_NAME_LEN) +
		       HISTORY_ROWS_MAX * VALUE_LEN_MAX + ATTR_STRING_MAX <
		   15 * 1024,
    "names, a path and one more minute keep an answer below 64 kB");

static void
put_rows(const struct history *history, struct buffer *reply)
{
	for (size_t i = 0; i < history->row_count; i++)
		attr_put_string(reply,
		    history->rows[i].kind == HISTORY_COUNTER ? "counter"
							     : "gauge",
		    history->rows[i].name);
}

static void
put_minute(const struct history *history, const struct history_record *record,
    struct buffer *minutes)
{
	char text[HISTORY_ROWS_MAX * VALUE_LEN_MAX + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < history->row_count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%" PRIu64, i > 0 ? " " : "",
		    history_value(history, record, i));
	attr_put_number(
	    minutes, "time", (uint64_t)record->minute * HISTORY_MINUTE_S);
	attr_put_number(minutes, "duration_ms", record->duration_ms);
	attr_put_string(minutes, "values", text);
}

/* From that minute on. Returns the one where to go on; 0: that was all. */
static int64_t
put_minutes(const struct history *history, int64_t minute, int64_t last,
    struct buffer *minutes)
{
	uint64_t end_us = clock_monotonic_us() + SLICE_US;
	const struct history_record *record;

	for (; minute <= last; minute++) {
		record = history_find(history, minute);
		if (record == NULL)
			continue;
		if (minutes->len >= SLICE_LEN_MAX ||
		    (minutes->len > 0 && clock_monotonic_us() >= end_us))
			return minute;
		put_minute(history, record, minutes);
	}
	return 0;
}

static void
history_slice(struct service_call *call, uint64_t since)
{
	const struct service_admin *admin = call->service->admin;
	const char *file;
	const struct history *history = admin->get_history(admin->arg, &file);
	int64_t last = clock_wall_s() / HISTORY_MINUTE_S, next;
	struct buffer minutes;

	buffer_init(&minutes);
	next = put_minutes(history,
	    max_i64((int64_t)(since / HISTORY_MINUTE_S),
		last - HISTORY_MINUTES + 1),
	    last, &minutes);
	attr_put_int(call->reply, "status", STATUS_OK);
	attr_put_number(
	    call->reply, "cursor", (uint64_t)next * HISTORY_MINUTE_S);
	attr_put_string(call->reply, "file", file);
	put_rows(history, call->reply);
	buffer_append(call->reply, buffer_head(&minutes), minutes.len);
	buffer_fini(&minutes);
	service_call_done(call);
}

void
request_history(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	uint64_t since;

	(void)service;
	if (service_get_number(request, "cursor", &since) != ERROR_NONE) {
		service_call_complain(call, "no proper cursor");
		attr_put_int(call->reply, "status", STATUS_FAIL);
		attr_put_number(call->reply, "cursor", 0);
		attr_put_string(call->reply, "file", "");
		service_call_done(call);
		return;
	}
	service_pass_over_rest(request, call);
	history_slice(call, since);
}

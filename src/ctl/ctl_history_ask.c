/*
 * ctl_history_ask: reads the history slice by slice, and groups it. What the
 * answers say is checked: nothing in them is believed.
 */
#include "ctl.h"
#include "ctl_history.h"
#include "ctl_statistics.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_S 60

/* More than any daemon has; the loop has an end. */
#define ROWS_MAX  1000
#define STEPS_MAX 2000

static void
add_row(struct ctl_history *history, const char *name, bool is_counter)
{
	history->rows = xrealloc(
	    history->rows, (history->row_count + 1) * sizeof(history->rows[0]));
	history->rows[history->row_count++] =
	    (struct ctl_history_row){ xstrdup(name), is_counter };
}

static struct ctl_history_step *
add_step(struct ctl_history *history, int64_t time_s)
{
	history->steps = xrealloc(history->steps,
	    (history->step_count + 1) * sizeof(history->steps[0]));
	history->steps[history->step_count] = (struct ctl_history_step){
		.time_s = time_s,
		.values = xcalloc(history->row_count, sizeof(double)),
	};
	return &history->steps[history->step_count++];
}

/* The names, which each slice has; the same in all. */
static bool
take_rows(struct ctl_history *history, struct ctl_reply *reply)
{
	bool is_first = history->row_count == 0;
	size_t count = 0;
	struct ctl_reply ahead = *reply;
	struct ctl_attribute attribute;

	while (ctl_reply_next(&ahead, &attribute)) {
		bool is_counter = strcmp(attribute.name, "counter") == 0;

		if (!is_counter && strcmp(attribute.name, "gauge") != 0)
			break;
		*reply = ahead;
		if (is_first && count < ROWS_MAX)
			add_row(history, attribute.value, is_counter);
		else if (count >= history->row_count ||
			 strcmp(history->rows[count].name, attribute.value) !=
			     0)
			return false;
		count++;
	}
	return count == history->row_count && count > 0;
}

/* "1 2 3", as many as there are rows. */
static bool
parse_values(const char *text, double *values, size_t count)
{
	char *end;

	for (size_t i = 0; i < count; i++) {
		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		values[i] = (double)strtoull(text, &end, 10);
		if (errno != 0 || *end != (i + 1 < count ? ' ' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

/*
 * Times rise, are before the year 10000, and are no further apart than so many
 * minutes are long: a line is printed for each that is missing, too.
 */
static bool
take_minute(struct ctl_history *history, struct ctl_reply *reply)
{
	const char *values;
	bool is_first = history->step_count == 0;
	int64_t first_s = is_first ? 0 : history->steps[0].time_s;
	int64_t last_s =
	    is_first ? -1 : history->steps[history->step_count - 1].time_s;
	int64_t begin_s, duration_ms;
	struct ctl_history_step *step;

	if (!ctl_reply_take_count(reply, "time", &begin_s) ||
	    !ctl_reply_take_count(reply, "duration_ms", &duration_ms) ||
	    (values = ctl_reply_take(reply, "values")) == NULL ||
	    begin_s <= last_s || begin_s >= 253402300800 ||
	    (!is_first && begin_s - first_s >= STEPS_MAX * MINUTE_S) ||
	    history->step_count >= STEPS_MAX)
		return false;
	step = add_step(history, begin_s);
	step->seconds = (double)duration_ms / 1000;
	return parse_values(values, step->values, history->row_count);
}

/* One answer; where to go on is in *cursor, NULL at the end. */
static bool
take_slice(struct ctl_history *history, struct ctl_reply *reply, char **cursor)
{
	const char *next = ctl_reply_take(reply, "cursor");
	const char *file = ctl_reply_take(reply, "file");
	size_t before = history->step_count;

	if (next == NULL || file == NULL || !take_rows(history, reply))
		return false;
	free(history->file);
	history->file = xstrdup(file);
	free(*cursor);
	*cursor = strcmp(next, "0") != 0 ? xstrdup(next) : NULL;
	while (!ctl_reply_is_at_end(reply))
		if (!take_minute(history, reply))
			return false;
	return *cursor == NULL || history->step_count > before;
}

int
ctl_history_ask(
    struct ctl_client *client, int64_t since_s, struct ctl_history *history)
{
	char *cursor =
	    xasprintf("%lld", (long long)(since_s > 0 ? since_s : 0));
	int status = CTL_OK;

	*history = (struct ctl_history){ .step_s = MINUTE_S };
	while (status == CTL_OK && cursor != NULL) {
		const struct ctl_argument arguments[] = {
			{ "cursor", cursor },
			{ NULL, NULL },
		};
		struct ctl_reply reply;

		status = ctl_ask(client, "history", arguments, &reply);
		if (status == CTL_OK && !take_slice(history, &reply, &cursor)) {
			ctl_error("the answer to history makes no sense");
			status = CTL_UNREACHABLE;
		}
	}
	free(cursor);
	if (status == CTL_NO)
		ctl_error("the daemon would not give its history; its log says "
			  "why");
	return status;
}

void
ctl_history_fini(struct ctl_history *history)
{
	for (size_t i = 0; i < history->row_count; i++)
		free(history->rows[i].name);
	for (size_t i = 0; i < history->step_count; i++)
		free(history->steps[i].values);
	free(history->rows);
	free(history->steps);
	free(history->file);
	*history = (struct ctl_history){ .step_s = 0 };
}

int64_t
ctl_history_step_of(int64_t time_s, int64_t step_s)
{
	time_t when = (time_t)time_s;
	struct tm tm;
	int64_t offset_s = 0;

	if (localtime_r(&when, &tm) != NULL)
		offset_s = tm.tm_gmtoff;
	return time_s - (time_s + offset_s) % step_s;
}

static void
add_up(const struct ctl_history *history, struct ctl_history_step *into,
    const struct ctl_history_step *step)
{
	into->seconds += step->seconds;
	for (size_t row = 0; row < history->row_count; row++)
		into->values[row] = history->rows[row].is_counter
		                        ? into->values[row] + step->values[row]
		                        : step->values[row];
}

void
ctl_history_group(const struct ctl_history *history, int64_t step_s,
    struct ctl_history *grouped)
{
	struct ctl_history_step *into = NULL;

	*grouped = (struct ctl_history){
		.file = xstrdup(history->file),
		.step_s = step_s,
	};
	for (size_t i = 0; i < history->row_count; i++)
		add_row(grouped, history->rows[i].name,
		    history->rows[i].is_counter);
	for (size_t i = 0; i < history->step_count; i++) {
		const struct ctl_history_step *step = &history->steps[i];
		int64_t time_s = ctl_history_step_of(step->time_s, step_s);

		if (into == NULL || into->time_s != time_s)
			into = add_step(grouped, time_s);
		add_up(history, into, step);
	}
}

void
ctl_history_sum(const struct ctl_history *history, int64_t since_s,
    struct ctl_history_step *sum)
{
	*sum = (struct ctl_history_step){
		.time_s = since_s,
		.values = xcalloc(history->row_count, sizeof(double)),
	};
	for (size_t i = 0; i < history->step_count; i++)
		if (history->steps[i].time_s >= since_s)
			add_up(history, sum, &history->steps[i]);
}

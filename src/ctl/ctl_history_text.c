/*
 * ctl_history_text: the history on a screen: a line for each step, and a row of
 * small bars for each figure.
 */
#include "ctl_history.h"
#include "ctl_sparkline.h"
#include "ctl_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BARS    60
#define NOTHING "-"

/* How a figure is written. */
enum form {
	FORM_RATE,
	FORM_SHARE,
	FORM_LATENCY,
	FORM_COUNT,
};

static const struct column {
	const char *head; /* above the numbers */
	const char *name; /* beside the bars; NULL: there are none */
	enum ctl_history_figure figure;
	enum form form;
	int width;
} columns[] = {
	{ "Req/s", "Requests/s", CTL_HISTORY_REQUESTS, FORM_RATE, 7 },
	{ "smtpd", "smtpd found", CTL_HISTORY_FOUND_SMTPD, FORM_SHARE, 6 },
	{ "smtp", "smtp found", CTL_HISTORY_FOUND_SMTP, FORM_SHARE, 6 },
	{ "lmtp", "lmtp found", CTL_HISTORY_FOUND_LMTP, FORM_SHARE, 6 },
	{ "Stores/s", "Stores/s", CTL_HISTORY_STORES, FORM_RATE, 9 },
	{ "50%", NULL, CTL_HISTORY_MEDIAN, FORM_LATENCY, 7 },
	{ "99%", "99% within", CTL_HISTORY_99_PERCENT, FORM_LATENCY, 7 },
	{ "Clients", "Clients", CTL_HISTORY_CLIENTS, FORM_COUNT, 8 },
	{ "Sessions", "Sessions", CTL_HISTORY_SESSIONS, FORM_COUNT, 9 },
	{ "Errors", "Errors", CTL_HISTORY_ERRORS, FORM_COUNT, 7 },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* What is not there, or past the last bound, has no number. */
static struct ctl_text
text_of(enum form form, double value)
{
	struct ctl_text result = { NOTHING };

	switch (form) {
	case FORM_RATE:
		return ctl_text_rate(value);
	case FORM_SHARE:
		return ctl_text_share(value);
	case FORM_LATENCY:
		if (isinf(value))
			return (struct ctl_text){ "long" };
		return isnan(value) ? result : ctl_text_latency((int64_t)value);
	default:
		if (!isnan(value))
			snprintf(
			    result.text, sizeof(result.text), "%.0f", value);
		return result;
	}
}

/* "14:05" of a time that has a day before it, too. */
static const char *
clock_of(const struct ctl_text *time)
{
	const char *space = strchr(time->text, ' ');

	return space != NULL ? space + 1 : time->text;
}

static void
put_line(const struct ctl_history *history, const struct ctl_history_step *step,
    int64_t time_s)
{
	struct ctl_text when = ctl_text_time((time_t)time_s);

	printf("%.5s", clock_of(&when));
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%*s", columns[i].width,
		    step != NULL
			? text_of(columns[i].form, ctl_history_figure(history,
						       step, columns[i].figure))
			      .text
			: NOTHING);
	putchar('\n');
}

/* Steps in which nothing was counted are lines, too. */
static void
put_table(const struct ctl_history *history)
{
	int64_t time_s = history->steps[0].time_s;

	printf("%5s", "");
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%*s", columns[i].width, columns[i].head);
	putchar('\n');
	for (size_t i = 0; i < history->step_count; i++) {
		const struct ctl_history_step *step = &history->steps[i];

		for (; time_s < step->time_s; time_s += history->step_s)
			put_line(history, NULL, time_s);
		put_line(history, step, step->time_s);
		/* Not a sum: a day may have an hour more or less. */
		time_s = step->time_s + history->step_s;
	}
}

/* The largest value of the steps that one bar stands for. */
static void
fill_bars(const struct ctl_history *history, const struct column *column,
    double bars[BARS], size_t count)
{
	int64_t first_s = history->steps[0].time_s;
	int64_t span_s = history->steps[history->step_count - 1].time_s -
	                 first_s + history->step_s;
	double value;
	size_t bar;

	for (size_t i = 0; i < BARS; i++)
		bars[i] = NAN;
	for (size_t i = 0; i < history->step_count; i++) {
		bar = (size_t)((history->steps[i].time_s - first_s) *
			       (int64_t)count / span_s);
		value = ctl_history_figure(
		    history, &history->steps[i], column->figure);
		if (isnan(bars[bar]) || value > bars[bar])
			bars[bar] = value;
	}
}

static void
put_bars(const struct ctl_history *history, const struct column *column,
    size_t count, bool is_utf8)
{
	char text[BARS * CTL_SPARKLINE_CHAR_LEN + 1];
	double bars[BARS], largest = NAN;

	fill_bars(history, column, bars, count);
	for (size_t i = 0; i < count; i++)
		if (!isnan(bars[i]) && !(bars[i] <= largest))
			largest = bars[i];
	if (isnan(largest))
		return;
	ctl_sparkline(text, sizeof(text), bars, count, is_utf8);
	printf("%-12s%s %s\n", column->name, text,
	    text_of(column->form, largest).text);
}

void
ctl_history_text(const struct ctl_history *history, int64_t now_s)
{
	int64_t first_s, steps;
	size_t bars;

	if (history->step_count == 0) {
		printf("Nothing was counted in that time.\n");
		return;
	}
	first_s = history->steps[0].time_s;
	printf("%.16s to %.16s, by %s; ", ctl_text_time((time_t)first_s).text,
	    ctl_text_time((time_t)now_s).text,
	    ctl_text_duration(history->step_s).text);
	if (history->file[0] == '\0')
		printf("kept in memory only");
	else
		printf("it outlives a reload");
	printf("\n\n");
	put_table(history);
	putchar('\n');
	steps = (history->steps[history->step_count - 1].time_s - first_s) /
	            history->step_s +
	        1;
	bars = steps < BARS ? (size_t)steps : BARS;
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].name != NULL)
			put_bars(history, &columns[i], bars,
			    ctl_sparkline_is_utf8());
}

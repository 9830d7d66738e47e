/*
 * ctl_history_export: all figures of a history, for programs.
 */
#include "ctl_history.h"
#include "ctl_text.h"

#include <inttypes.h>
#include <stdio.h>

static void
put_step(const struct ctl_history *history, const struct ctl_history_step *step,
    const char *separator)
{
	printf("%s\n    {\"time\": %" PRId64 ", \"seconds\": %.3f", separator,
	    step->time_s, step->seconds);
	for (size_t i = 0; i < history->row_count; i++) {
		printf(", ");
		ctl_put_json(stdout, history->rows[i].name);
		printf(": %.0f", step->values[i]);
	}
	printf("}");
}

void
ctl_history_json(const struct ctl_history *history)
{
	printf("{\n  \"file\": ");
	if (history->file[0] != '\0')
		ctl_put_json(stdout, history->file);
	else
		printf("null");
	printf(
	    ",\n  \"step\": %" PRId64 ",\n  \"figures\": {", history->step_s);
	for (size_t i = 0; i < history->row_count; i++) {
		printf("%s\n    ", i > 0 ? "," : "");
		ctl_put_json(stdout, history->rows[i].name);
		printf(": \"%s\"",
		    history->rows[i].is_counter ? "counter" : "gauge");
	}
	printf("\n  },\n  \"steps\": [");
	for (size_t i = 0; i < history->step_count; i++)
		put_step(history, &history->steps[i], i > 0 ? "," : "");
	printf("\n  ]\n}\n");
}

/* A name could hold anything, if it were not our daemon that answers. */
static void
put_name(const char *name)
{
	putchar(',');
	for (; *name != '\0'; name++)
		putchar(
		    *name > ' ' && *name < 127 && *name != ',' && *name != '"'
			? *name
			: '_');
}

void
ctl_history_csv(const struct ctl_history *history)
{
	printf("time,seconds");
	for (size_t i = 0; i < history->row_count; i++)
		put_name(history->rows[i].name);
	putchar('\n');
	for (size_t i = 0; i < history->step_count; i++) {
		const struct ctl_history_step *step = &history->steps[i];

		printf("%" PRId64 ",%.3f", step->time_s, step->seconds);
		for (size_t row = 0; row < history->row_count; row++)
			printf(",%.0f", step->values[row]);
		putchar('\n');
	}
}

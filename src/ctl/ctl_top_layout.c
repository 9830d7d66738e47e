/*
 * ctl_top_layout: the screen of `top`, from its head to its foot. At 80 by 24
 * nothing that matters is left out; what there is more room for goes to bars,
 * to troubles, and to destinations. Pure.
 */
#include "ctl_sparkline.h"
#include "ctl_top.h"
#include "minmax.h"
#include "xalloc.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TALL         36 /* rows, from which on there is more of all */
#define TROUBLE_ROWS 4  /* where there are so many troubles and rows */

/*
 * Columns of the table of requests: its last second, the average of the last
 * minute, and bars for each second.
 */
enum { COLUMN_NOW = 11, COLUMN_AVERAGE = 19, COLUMN_BARS = 29 };
#define RATE_WIDTH 8

static bool
is_tall(const struct ctl_grid *grid)
{
	return grid->rows >= TALL;
}

static void
put_head(const struct ctl_top *top, struct ctl_grid *grid)
{
	struct ctl_text clock = ctl_top_text_clock(top->now_s);
	int64_t up_s = top->now_s - ctl_top_get(top, NULL, "started_at");
	int64_t clients = max_i64(0, ctl_top_get(top, NULL, "clients") - 1);
	int width = grid->columns - (int)strlen(clock.text) - 2;
	const char *postfix;
	char *text;

	ctl_grid_put_right(
	    grid, 0, 0, grid->columns - 1, CTL_STYLE_BOLD, clock.text);
	if (top->statistics.len == 0) {
		ctl_grid_put(grid, 0, 0, width, CTL_STYLE_BOLD, "tlsmgr");
		return;
	}
	postfix = ctl_top_get_text(top, NULL, "postfix_version");
	text = xasprintf("tlsmgr %s%s%s, process %" PRId64 ", up %s, %" PRId64
			 " client%s",
	    ctl_top_get_text(top, NULL, "version"),
	    *postfix != '\0' ? ", Postfix " : "", postfix,
	    ctl_top_get(top, NULL, "pid"),
	    ctl_text_duration(max_i64(0, up_s)).text, clients,
	    clients == 1 ? "" : "s");
	ctl_grid_put(grid, 0, 0, width, CTL_STYLE_BOLD, text);
	free(text);
}

static int
put_troubles(const struct ctl_top *top, struct ctl_grid *grid, int row)
{
	char *troubles[CTL_TOP_TROUBLES], more[32] = "";
	int count = ctl_top_find_troubles(top, troubles);
	int rows = is_tall(grid) ? TROUBLE_ROWS : 1, width = grid->columns;

	if (count > rows) {
		snprintf(more, sizeof(more), " (+%d)", count - rows);
		width -= (int)strlen(more);
	}
	if (count == 0)
		ctl_grid_put(grid, row++, 0, width, CTL_STYLE_GOOD,
		    top->statistics.len > 0 ? "no trouble is known"
					    : "asking the daemon ...");
	for (int i = 0; i < count; i++) {
		if (i < rows)
			ctl_grid_put(grid, row++, 0,
			    i == rows - 1 ? width : grid->columns,
			    CTL_STYLE_BAD, troubles[i]);
		free(troubles[i]);
	}
	ctl_grid_put_right(
	    grid, row - 1, 0, grid->columns, CTL_STYLE_BAD, more);
	return row;
}

static void
put_bars(const struct ctl_top *top, struct ctl_grid *grid, int row, int column,
    int width, int counter)
{
	double rates[CTL_TOP_STEPS];
	char text[CTL_TOP_STEPS * CTL_SPARKLINE_CHAR_LEN + 1];
	size_t count = (size_t)max_i64(0, min_i64(width, CTL_TOP_STEPS));

	ctl_top_series_rates(&top->series, counter, rates, count);
	ctl_sparkline(text, sizeof(text), rates, count, top->is_utf8);
	ctl_grid_put_utf8(grid, row, column, width, CTL_STYLE_BAR, text);
}

static void
put_kinds(const struct ctl_top *top, struct ctl_grid *grid, int row, int width)
{
	for (int kind = 0; kind < CTL_TOP_KINDS; kind++, row++) {
		int counter = CTL_TOP_REQUESTS + kind;

		ctl_grid_put(grid, row, 0, COLUMN_NOW, CTL_STYLE_NORMAL,
		    ctl_top_kind_names[kind]);
		ctl_grid_put_right(grid, row, COLUMN_NOW, RATE_WIDTH,
		    CTL_STYLE_BOLD,
		    ctl_top_text_rate(
			ctl_top_series_rate(&top->series, counter, 1))
			.text);
		ctl_grid_put_right(grid, row, COLUMN_AVERAGE, RATE_WIDTH,
		    CTL_STYLE_NORMAL,
		    ctl_top_text_rate(ctl_top_series_rate(&top->series, counter,
					  CTL_TOP_MINUTE))
			.text);
		put_bars(
		    top, grid, row, COLUMN_BARS, width - COLUMN_BARS, counter);
	}
}

/* Beneath the kinds, where there is room. */
static void
put_clients(
    const struct ctl_top *top, struct ctl_grid *grid, int row, int width)
{
	char *text = xasprintf("clients    %" PRId64 " of at most %" PRId64
			       ", which hold %s; %" PRId64 " accepted, %" PRId64
			       " refused",
	    max_i64(0, ctl_top_get(top, NULL, "clients") - 1),
	    ctl_top_get(top, NULL, "client_limit"),
	    ctl_text_bytes(ctl_top_get(top, NULL, "client_memory")).text,
	    ctl_top_get(top, NULL, "accepted"),
	    ctl_top_get(top, NULL, "refused"));

	ctl_grid_put(grid, row, 0, width, CTL_STYLE_NORMAL, text);
	free(text);
	text = xasprintf("answered   in %s (median), %s (99%%), %s (99.9%%), "
			 "%s at most, since the start",
	    ctl_text_latency(ctl_top_get(top, NULL, "latency_p50_us")).text,
	    ctl_text_latency(ctl_top_get(top, NULL, "latency_p99_us")).text,
	    ctl_text_latency(ctl_top_get(top, NULL, "latency_p999_us")).text,
	    ctl_text_latency(ctl_top_get(top, NULL, "latency_max_us")).text);
	ctl_grid_put(grid, row + 1, 0, width, CTL_STYLE_NORMAL, text);
	free(text);
}

/* The bounds of what is shown; the last is all the rest. */
static const int few_bounds_us[] = { 20, 50, 100, 500, 5000, INT_MAX };
static const int many_bounds_us[] = { 10, 20, 50, 100, 200, 500, 2000, 10000,
	INT_MAX };

static int64_t
count_up_to(const struct ctl_top *top, int bound_us)
{
	int64_t sum = 0;
	double seconds;

	for (int i = 0; i <= CTL_TOP_BOUNDS; i++)
		if (bound_us == INT_MAX ||
		    (i < CTL_TOP_BOUNDS && ctl_top_bounds_us[i] <= bound_us))
			sum += ctl_top_series_sum(&top->series,
			    CTL_TOP_LATENCIES + i, CTL_TOP_MINUTE, &seconds);
	return sum;
}

static void
put_latency(const struct ctl_top *top, struct ctl_grid *grid, int row,
    int column, const int *bounds_us, int rows)
{
	int64_t all = count_up_to(top, INT_MAX), below = 0, count;
	char label[48];

	for (int i = 0; i < rows; i++, row++) {
		bool is_rest = bounds_us[i] == INT_MAX;

		count = count_up_to(top, bounds_us[i]);
		snprintf(label, sizeof(label), "%s",
		    is_rest ? "longer" : ctl_text_latency(bounds_us[i]).text);
		ctl_grid_put_right(
		    grid, row, column, 7, CTL_STYLE_NORMAL, label);
		ctl_grid_put_right(grid, row, column + 7, 8, CTL_STYLE_BOLD,
		    ctl_text_percent(count - below, all).text);
		if (all > 0)
			ctl_grid_put_share(grid, row, column + 16,
			    grid->columns - column - 16,
			    (double)(count - below) / (double)all,
			    top->is_utf8);
		below = count;
	}
}

static void
put_title(struct ctl_grid *grid, int row, int column)
{
	ctl_grid_put(grid, row, 0, grid->columns, CTL_STYLE_TITLE, "REQUESTS");
	ctl_grid_put_right(
	    grid, row, COLUMN_NOW, RATE_WIDTH, CTL_STYLE_TITLE, "now/s");
	ctl_grid_put_right(
	    grid, row, COLUMN_AVERAGE, RATE_WIDTH, CTL_STYLE_TITLE, "avg/s");
	ctl_grid_put(grid, row, COLUMN_BARS, column - COLUMN_BARS,
	    CTL_STYLE_TITLE, "second by second");
	ctl_grid_put(grid, row, column, grid->columns - column, CTL_STYLE_TITLE,
	    "ANSWERED WITHIN (1 min)");
}

int
ctl_top_put_requests(const struct ctl_top *top, struct ctl_grid *grid, int row)
{
	int column = grid->columns * 3 / 5 + 1, rows = CTL_TOP_KINDS;

	ctl_grid_fill(grid, row, CTL_STYLE_TITLE);
	put_title(grid, row++, column);
	put_kinds(top, grid, row, column - 1);
	if (is_tall(grid)) {
		rows = sizeof(many_bounds_us) / sizeof(many_bounds_us[0]);
		put_latency(top, grid, row, column, many_bounds_us, rows);
		put_clients(top, grid, row + CTL_TOP_KINDS + 1, column - 1);
	} else {
		put_latency(top, grid, row, column, few_bounds_us, rows);
	}
	return row + rows;
}

static void
put_foot(const struct ctl_top *top, struct ctl_grid *grid)
{
	int row = grid->rows - 1, column;

	if (!top->is_live)
		return;
	ctl_grid_fill(grid, row, CTL_STYLE_TITLE);
	column = ctl_grid_put(grid, row, 0, grid->columns, CTL_STYLE_TITLE,
	    "q quit   p pause   s sort by: ");
	ctl_grid_put(grid, row, column, grid->columns - column, CTL_STYLE_TITLE,
	    ctl_top_order_names[top->order]);
	if (top->is_paused)
		ctl_grid_put_right(grid, row, 0, grid->columns, CTL_STYLE_BAD,
		    "PAUSED, p goes on");
}

void
ctl_top_layout(const struct ctl_top *top, struct ctl_grid *grid)
{
	int row, end = grid->rows - (top->is_live ? 1 : 0);
	int gap = is_tall(grid) ? 1 : 0;

	put_head(top, grid);
	row = put_troubles(top, grid, 1) + gap;
	row = ctl_top_put_requests(top, grid, row) + gap;
	row = ctl_top_put_caches(top, grid, row) + gap;
	ctl_top_put_destinations(top, grid, row, end);
	put_foot(top, grid);
}

/*
 * ctl_top_caches: of the screen of `top`, the part of the caches, of what
 * hosts share, and of the ticket keys. Pure.
 */
#include "ctl_statistics.h"
#include "ctl_top.h"
#include "minmax.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 8
#define PLACE_WIDTH 20 /* with less it is left out */

/* Columns at whose right ends the numbers stand. */
static const struct {
	const char *title;
	int width;
} columns[] = {
	{ "sessions", 9 },
	{ "size", 8 },
	{ "lookups/s", 10 },
	{ "found", 8 },
	{ "(all)", 8 },
	{ "stored/s", 9 },
	{ "evicted", 9 },
	{ "failed", 8 },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void
put_title(struct ctl_grid *grid, int row)
{
	int column = LABEL_WIDTH;

	ctl_grid_fill(grid, row, CTL_STYLE_TITLE);
	ctl_grid_put(grid, row, 0, LABEL_WIDTH, CTL_STYLE_TITLE, "CACHES");
	for (size_t i = 0; i < COLUMNS; i++) {
		ctl_grid_put_right(grid, row, column, columns[i].width,
		    CTL_STYLE_TITLE, columns[i].title);
		column += columns[i].width;
	}
	if (grid->columns - column >= PLACE_WIDTH)
		ctl_grid_put(grid, row, column + 2, grid->columns - column - 2,
		    CTL_STYLE_TITLE, "oldest; where");
}

static struct ctl_text
rate(const struct ctl_top *top, enum cache_type type,
    enum ctl_top_cache_counter counter)
{
	return ctl_top_text_rate(ctl_top_series_rate(
	    &top->series, ctl_top_cache(type, counter), CTL_TOP_MINUTE));
}

static struct ctl_text
found(const struct ctl_top *top, enum cache_type type)
{
	double seconds;
	int64_t lookups = ctl_top_series_sum(&top->series,
	    ctl_top_cache(type, CTL_TOP_CACHE_LOOKUPS), CTL_TOP_MINUTE,
	    &seconds);

	return ctl_text_percent(ctl_top_series_sum(&top->series,
				    ctl_top_cache(type, CTL_TOP_CACHE_HITS),
				    CTL_TOP_MINUTE, &seconds),
	    lookups);
}

static void
put_place(const struct ctl_top *top, struct ctl_grid *grid, int row, int column,
    const char *name)
{
	int64_t oldest = ctl_top_get(top, name, "oldest");
	char *text = xasprintf("%s; %s",
	    oldest > 0 ? ctl_text_duration(max_i64(0, top->now_s - oldest)).text
		       : "-",
	    ctl_top_get_text(top, name, "database"));

	ctl_grid_put(
	    grid, row, column, grid->columns - column, CTL_STYLE_NORMAL, text);
	free(text);
}

static void
put_numbers(const struct ctl_top *top, struct ctl_grid *grid, int row,
    enum cache_type type)
{
	const char *name = cache_type_name(type);
	int64_t failed = ctl_top_get(top, name, "failures");
	int64_t lookups = ctl_top_get(top, name, "lookups");
	int64_t hits = ctl_top_get(top, name, "hits");
	const struct ctl_text texts[COLUMNS] = {
		ctl_top_text_count(ctl_top_get(top, name, "entries")),
		ctl_text_bytes(ctl_top_get(top, name, "bytes")),
		rate(top, type, CTL_TOP_CACHE_LOOKUPS),
		found(top, type),
		ctl_text_percent(hits, lookups),
		rate(top, type, CTL_TOP_CACHE_UPDATES),
		ctl_top_text_count(ctl_top_get(top, name, "evicted")),
		ctl_top_text_count(failed),
	};
	int column = LABEL_WIDTH;

	for (size_t i = 0; i < COLUMNS; i++) {
		bool is_bad = i == COLUMNS - 1 && failed > 0;

		ctl_grid_put_right(grid, row, column, columns[i].width,
		    is_bad ? CTL_STYLE_BAD : CTL_STYLE_NORMAL, texts[i].text);
		column += columns[i].width;
	}
	if (grid->columns - column >= PLACE_WIDTH)
		put_place(top, grid, row, column + 2, name);
}

static void
put_cache(const struct ctl_top *top, struct ctl_grid *grid, int row,
    enum cache_type type)
{
	const char *name = cache_type_name(type);
	int width = grid->columns - LABEL_WIDTH;

	ctl_grid_put(grid, row, 0, LABEL_WIDTH, CTL_STYLE_BOLD, name);
	if (top->statistics.len == 0)
		return;
	if (ctl_top_get(top, name, "enabled") == 0)
		ctl_grid_put(grid, row, LABEL_WIDTH, width, CTL_STYLE_DIM,
		    "off, as configured; tickets need none");
	else if (ctl_top_get(top, name, "cachable") == 0)
		ctl_grid_put(grid, row, LABEL_WIDTH, width, CTL_STYLE_BAD,
		    "cannot be used: nothing is stored; the log says why");
	else
		put_numbers(top, grid, row, type);
}

static char *
describe_engine(const struct ctl_top *top)
{
	double seconds;
	int64_t lookups = ctl_top_series_sum(
	    &top->series, CTL_TOP_ENGINE_LOOKUPS, CTL_TOP_MINUTE, &seconds);
	int64_t hits = ctl_top_series_sum(
	    &top->series, CTL_TOP_ENGINE_HITS, CTL_TOP_MINUTE, &seconds);

	return xasprintf("%s %s, %s lookups/s, %s found, 99%% in %s, queue %s",
	    ctl_top_get_text(top, CTL_SHARED, "server"),
	    ctl_top_get_text(top, CTL_SHARED, "state"),
	    ctl_top_text_rate(ctl_top_series_rate(&top->series,
				  CTL_TOP_ENGINE_LOOKUPS, CTL_TOP_MINUTE))
		.text,
	    ctl_text_percent(hits, lookups).text,
	    ctl_text_latency(ctl_top_get(top, CTL_SHARED, "round_trip_p99_us"))
		.text,
	    ctl_text_bytes(ctl_top_get(top, CTL_SHARED, "queue")).text);
}

/* What hosts share; no row where that is nothing. */
static int
put_shared(const struct ctl_top *top, struct ctl_grid *grid, int row)
{
	const char *state = ctl_top_get_text(top, CTL_SHARED, "state");
	const char *group = ctl_top_get_text(top, CTL_SHARED, "group");
	bool is_down = ctl_top_get(top, CTL_SHARED, "down_since") > 0 ||
	               strcmp(state, "failed") == 0;
	char *text;

	if (*state == '\0' || strcmp(state, "off") == 0)
		return row;
	ctl_grid_put(grid, row, 0, LABEL_WIDTH, CTL_STYLE_BOLD, "shared");
	if (*ctl_top_get_text(top, CTL_SHARED, "server") != '\0')
		text = describe_engine(top);
	else if (is_down)
		text = xstrdup("nothing");
	else
		text = xasprintf("ticket keys, with the group %s", group);
	ctl_grid_put(grid, row, LABEL_WIDTH, grid->columns - LABEL_WIDTH,
	    is_down ? CTL_STYLE_BAD : CTL_STYLE_NORMAL, text);
	free(text);
	return row + 1;
}

static char *
describe_keys(const struct ctl_top *top)
{
	int64_t keys = ctl_top_get(top, NULL, "ticket_keys");
	int64_t previous =
	    ctl_top_get(top, NULL, "ticket_key_previous_made_at");
	int64_t until = ctl_top_get(top, NULL, "ticket_key_encrypts_until");
	char *older, *text;

	if (ctl_top_get(top, NULL, "ticket_lifetime") == 0)
		return xstrdup("none: smtpd_tls_session_cache_timeout is 0");
	if (keys == 0)
		return xstrdup("no key now, the next when it is asked for");
	older = keys < 2 ? xstrdup("none before it")
	                 : xasprintf("%" PRId64 " before it, of %s", keys - 1,
			       ctl_top_text_clock(previous).text);
	text = xasprintf("key of %s%s encrypts until %s; %s",
	    ctl_top_text_clock(ctl_top_get(top, NULL, "ticket_key_made_at"))
		.text,
	    ctl_top_get(top, CTL_SHARED, "ticket_key") != 0 ? " (the group's)"
							    : "",
	    ctl_top_text_clock(until).text, older);
	free(older);
	return text;
}

static int
put_keys(const struct ctl_top *top, struct ctl_grid *grid, int row)
{
	char *text;

	ctl_grid_put(grid, row, 0, LABEL_WIDTH, CTL_STYLE_BOLD, "tickets");
	if (top->statistics.len > 0) {
		text = describe_keys(top);
		ctl_grid_put(grid, row, LABEL_WIDTH,
		    grid->columns - LABEL_WIDTH, CTL_STYLE_NORMAL, text);
		free(text);
	}
	return row + 1;
}

int
ctl_top_put_caches(const struct ctl_top *top, struct ctl_grid *grid, int row)
{
	put_title(grid, row++);
	for (int i = 0; i < CACHE_TYPES; i++)
		put_cache(top, grid, row++, (enum cache_type)i);
	row = put_shared(top, grid, row);
	return put_keys(top, grid, row);
}

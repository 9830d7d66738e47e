/*
 * ctl_top_ranking: of the screen of `top`, the part of the busiest
 * destinations. Pure.
 */
#include "cache.h"
#include "ctl_top.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdio.h>
#include <string.h>

/* At the right of each row; those behind are there where there is something. */
static const struct {
	const char *title;
	int width;
	int order; /* of enum ctl_top_order; none: -1 */
} columns[] = {
	{ "lookups", 9, CTL_TOP_BY_LOOKUPS },
	{ "hits", 8, CTL_TOP_BY_HITS },
	{ "found", 7, -1 },
	{ "stores", 8, CTL_TOP_BY_STORES },
	{ "unseen", 7, -1 },
};

#define COLUMNS     (sizeof(columns) / sizeof(columns[0]))
#define CACHE_WIDTH 5
/* A wide screen has a bar for each, and names need no more than this. */
#define NAME_WIDTH 76
#define BAR_WIDTH  10 /* at least */

/* What stands where, on this screen. */
struct table {
	size_t count;    /* of columns */
	int name_column; /* behind the cache, where there are two */
	int numbers_column;
	int bars_column;
	int64_t largest; /* of what it is sorted by */
};

static int64_t
key_of(const struct ctl_top *top, const struct ctl_top_destination *destination)
{
	if (top->order == CTL_TOP_BY_HITS)
		return destination->hits;
	return top->order == CTL_TOP_BY_STORES ? destination->stores
	                                       : destination->lookups;
}

static void
plan(struct table *table, const struct ctl_top *top, size_t rows,
    int screen_width)
{
	int width = 0;

	*table = (struct table){ .count = COLUMNS - 1, .largest = 1 };
	for (size_t i = 0; i < top->destinations.count; i++) {
		const struct ctl_top_destination *destination =
		    &top->destinations.list[i];

		table->largest =
		    max_i64(table->largest, key_of(top, destination));
		if (i < rows && destination->error > 0)
			table->count = COLUMNS;
	}
	for (size_t i = 0; i < table->count; i++)
		width += columns[i].width;
	if (ctl_top_get(top, "lmtp", "enabled") != 0)
		table->name_column = CACHE_WIDTH;
	table->numbers_column = (int)min_i64(NAME_WIDTH, screen_width - width);
	table->bars_column = table->numbers_column + width + 2;
}

/* The key in use is marked. */
static void
put_title(const struct table *table, const struct ctl_top *top,
    struct ctl_grid *grid, int row)
{
	int column = table->numbers_column;
	char text[96];

	ctl_grid_fill(grid, row, CTL_STYLE_TITLE);
	snprintf(text, sizeof(text), "%sDESTINATIONS, of the last %s",
	    top->order == CTL_TOP_BY_NAME ? "*" : "",
	    ctl_text_duration(top->destinations.age_s).text);
	ctl_grid_put(grid, row, 0, column, CTL_STYLE_TITLE, text);
	for (size_t i = 0; i < table->count; i++) {
		snprintf(text, sizeof(text), "%s%s",
		    columns[i].order == (int)top->order ? "*" : "",
		    columns[i].title);
		ctl_grid_put_right(
		    grid, row, column, columns[i].width, CTL_STYLE_TITLE, text);
		column += columns[i].width;
	}
}

static void
put_numbers(const struct table *table, struct ctl_grid *grid, int row,
    const struct ctl_top_destination *destination)
{
	const struct ctl_text texts[COLUMNS] = {
		ctl_top_text_count(destination->lookups),
		ctl_top_text_count(destination->hits),
		ctl_text_percent(destination->hits, destination->lookups),
		ctl_top_text_count(destination->stores),
		ctl_top_text_count(destination->error),
	};
	int column = table->numbers_column;

	for (size_t i = 0; i < table->count; i++) {
		if (i < COLUMNS - 1 || destination->error > 0)
			ctl_grid_put_right(grid, row, column, columns[i].width,
			    CTL_STYLE_NORMAL, texts[i].text);
		column += columns[i].width;
	}
}

static void
put_row(const struct table *table, const struct ctl_top *top,
    struct ctl_grid *grid, int row,
    const struct ctl_top_destination *destination)
{
	int bar_width = grid->columns - table->bars_column;

	ctl_grid_put(grid, row, 0, table->name_column, CTL_STYLE_DIM,
	    destination->cache);
	ctl_grid_put_ends(grid, row, table->name_column,
	    table->numbers_column - table->name_column, CTL_STYLE_NORMAL,
	    destination->name);
	put_numbers(table, grid, row, destination);
	if (bar_width >= BAR_WIDTH)
		ctl_grid_put_share(grid, row, table->bars_column, bar_width,
		    (double)key_of(top, destination) / (double)table->largest,
		    top->is_utf8);
}

void
ctl_top_put_destinations(
    const struct ctl_top *top, struct ctl_grid *grid, int row, int end)
{
	const struct ctl_top_destinations *all = &top->destinations;
	struct table table;

	if (row >= end)
		return;
	plan(&table, top, (size_t)(end - row - 1), grid->columns);
	put_title(&table, top, grid, row++);
	if (all->count == 0 && row < end)
		ctl_grid_put(grid, row, 0, grid->columns, CTL_STYLE_DIM,
		    top->statistics.len == 0 || ctl_top_counts_destinations(top)
			? "none so far of the client side (smtp, lmtp)"
			: "not counted by a daemon of this version");
	for (size_t i = 0; i < all->count && row < end; i++)
		put_row(&table, top, grid, row++, &all->list[i]);
}

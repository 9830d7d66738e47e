/*
 * ctl_grid: see its header. Owns the cells.
 */
#include "ctl_grid.h"

#include "ctl_text.h"
#include "utf8.h"
#include "xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "..."
#define EIGHTHS  8

/* The escape sequences of ANSI terminals: ECMA-48, SGR. */
static const char *const sequences[CTL_STYLES] = {
	[CTL_STYLE_BOLD] = "\033[1m",
	[CTL_STYLE_DIM] = "\033[2m",
	[CTL_STYLE_TITLE] = "\033[7m",
	[CTL_STYLE_BAR] = "\033[36m",
	[CTL_STYLE_GOOD] = "\033[32m",
	[CTL_STYLE_BAD] = "\033[1;31m",
};

void
ctl_grid_init(struct ctl_grid *grid, int rows, int columns)
{
	size_t count;

	grid->rows = rows > 0 ? rows : 1;
	grid->columns = columns > 0 ? columns : 1;
	count = (size_t)grid->rows * (size_t)grid->columns;
	grid->cells = xcalloc(count, sizeof(*grid->cells));
	for (size_t i = 0; i < count; i++)
		grid->cells[i].bytes[0] = ' ';
}

void
ctl_grid_fini(struct ctl_grid *grid)
{
	free(grid->cells);
	grid->cells = NULL;
}

/* That is in the grid. */
static struct ctl_cell *
cell_at(const struct ctl_grid *grid, int row, int column)
{
	return &grid->cells[(size_t)row * (size_t)grid->columns +
			    (size_t)column];
}

static bool
is_inside(const struct ctl_grid *grid, int row, int column)
{
	return row >= 0 && row < grid->rows && column >= 0 &&
	       column < grid->columns;
}

static void
put_character(struct ctl_grid *grid, int row, int column, enum ctl_style style,
    const char *bytes, size_t len)
{
	struct ctl_cell *cell;

	if (!is_inside(grid, row, column) || len > sizeof(cell->bytes))
		return;
	cell = cell_at(grid, row, column);
	memset(cell->bytes, 0, sizeof(cell->bytes));
	memcpy(cell->bytes, bytes, len);
	cell->style = (unsigned char)style;
}

void
ctl_grid_fill(struct ctl_grid *grid, int row, enum ctl_style style)
{
	for (int column = 0; column < grid->columns; column++)
		if (is_inside(grid, row, column))
			cell_at(grid, row, column)->style =
			    (unsigned char)style;
}

/* For the caller to free. */
static char *
make_printable(const char *text)
{
	char *printable = xmalloc(4 * strlen(text) + 1), *out = printable;

	*out = '\0';
	for (; *text != '\0'; text++)
		out += ctl_text_byte(out, *text);
	return printable;
}

/* The last of what there is room for is dots, where that is not all. */
static void
cut(char *text, int width)
{
	size_t room = width > 0 ? (size_t)width : 0;

	if (strlen(text) <= room)
		return;
	text[room] = '\0';
	if (room > strlen(ELLIPSIS))
		memcpy(
		    text + room - strlen(ELLIPSIS), ELLIPSIS, strlen(ELLIPSIS));
}

static int
put_printable(struct ctl_grid *grid, int row, int column, enum ctl_style style,
    const char *text)
{
	for (; *text != '\0'; text++)
		put_character(grid, row, column++, style, text, 1);
	return column;
}

/* The same in the middle. */
static void
cut_middle(char *text, int width)
{
	size_t len = strlen(text), room = width > 0 ? (size_t)width : 0, tail;

	if (len <= room || room < strlen(ELLIPSIS) + 2) {
		cut(text, width);
		return;
	}
	tail = (room - strlen(ELLIPSIS)) / 2;
	memmove(text + room - tail, text + len - tail, tail + 1);
	memcpy(
	    text + room - tail - strlen(ELLIPSIS), ELLIPSIS, strlen(ELLIPSIS));
}

/* The text, made to fit by one of the two. */
static int
put_cut(struct ctl_grid *grid, int row, int column, int width,
    enum ctl_style style, const char *text, void (*fit)(char *, int))
{
	char *printable = make_printable(text);

	fit(printable, width);
	column = put_printable(grid, row, column, style, printable);
	free(printable);
	return column;
}

int
ctl_grid_put(struct ctl_grid *grid, int row, int column, int width,
    enum ctl_style style, const char *text)
{
	return put_cut(grid, row, column, width, style, text, cut);
}

int
ctl_grid_put_ends(struct ctl_grid *grid, int row, int column, int width,
    enum ctl_style style, const char *text)
{
	return put_cut(grid, row, column, width, style, text, cut_middle);
}

void
ctl_grid_put_right(struct ctl_grid *grid, int row, int column, int width,
    enum ctl_style style, const char *text)
{
	char *printable = make_printable(text);

	cut(printable, width);
	column += width - (int)strlen(printable);
	put_printable(grid, row, column, style, printable);
	free(printable);
}

int
ctl_grid_put_utf8(struct ctl_grid *grid, int row, int column, int width,
    enum ctl_style style, const char *text)
{
	uint32_t code;
	size_t len;

	for (; width > 0 && *text != '\0'; width--, text += len) {
		len = utf8_decode(text, &code);
		if (len == 0)
			break;
		put_character(grid, row, column++, style, text, len);
	}
	return column;
}

void
ctl_grid_put_share(struct ctl_grid *grid, int row, int column, int width,
    double share, bool is_utf8)
{
	static const char *const blocks[EIGHTHS] = { "", "\u258f", "\u258e",
		"\u258d", "\u258c", "\u258b", "\u258a", "\u2589" };
	int eighths = (int)(share * width * EIGHTHS + 0.5);

	/* What there is at all is seen. */
	if (share > 0 && eighths < (is_utf8 ? 1 : EIGHTHS))
		eighths = is_utf8 ? 1 : EIGHTHS;
	if (eighths > width * EIGHTHS)
		eighths = width * EIGHTHS;
	for (; eighths >= EIGHTHS; eighths -= EIGHTHS)
		column = ctl_grid_put_utf8(grid, row, column, 1, CTL_STYLE_BAR,
		    is_utf8 ? "\u2588" : "#");
	if (is_utf8 && eighths > 0)
		ctl_grid_put_utf8(
		    grid, row, column, 1, CTL_STYLE_BAR, blocks[eighths]);
}

/* How many cells of a row are no spaces at its end. */
static int
used_columns(const struct ctl_grid *grid, int row, bool is_coloured)
{
	int columns = grid->columns;

	while (columns > 0) {
		const struct ctl_cell *cell = cell_at(grid, row, columns - 1);

		if (strcmp(cell->bytes, " ") != 0 ||
		    (is_coloured && cell->style == CTL_STYLE_TITLE))
			break;
		columns--;
	}
	return columns;
}

static void
print_row(const struct ctl_grid *grid, int row, FILE *out, bool is_coloured)
{
	int columns = used_columns(grid, row, is_coloured);
	unsigned char style = CTL_STYLE_NORMAL;

	for (int column = 0; column < columns; column++) {
		const struct ctl_cell *cell = cell_at(grid, row, column);

		if (is_coloured && cell->style != style) {
			style = cell->style;
			fprintf(out, "\033[0m%s",
			    sequences[style] != NULL ? sequences[style] : "");
		}
		fprintf(out, "%.4s", cell->bytes);
	}
	fputs(style != CTL_STYLE_NORMAL ? "\033[0m\n" : "\n", out);
}

void
ctl_grid_print(const struct ctl_grid *grid, FILE *out, bool is_coloured)
{
	int rows = grid->rows;

	while (rows > 0 && used_columns(grid, rows - 1, is_coloured) == 0)
		rows--;
	for (int row = 0; row < rows; row++)
		print_row(grid, row, out, is_coloured);
}

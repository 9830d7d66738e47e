/*
 * ctl_grid: a screen of characters in memory, of any size. What is put outside
 * of it is not put. Pure: it knows no terminal.
 */
#ifndef CTL_GRID_H
#define CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum ctl_style {
	CTL_STYLE_NORMAL,
	CTL_STYLE_BOLD,
	CTL_STYLE_DIM,
	CTL_STYLE_TITLE, /* of a part of the screen: reversed */
	CTL_STYLE_BAR,   /* of a diagram */
	CTL_STYLE_GOOD,
	CTL_STYLE_BAD,
	CTL_STYLES,
};

struct ctl_cell {
	char bytes[4]; /* of one character, in UTF-8; the rest NUL */
	unsigned char style;
};

struct ctl_grid {
	int rows, columns;
	struct ctl_cell *cells; /* owned; row after row */
};

/* Of spaces; at least 1 by 1. Pair with ctl_grid_fini(). */
void ctl_grid_init(struct ctl_grid *, int rows, int columns);
void ctl_grid_fini(struct ctl_grid *);

/* All of a row gets this style. */
void ctl_grid_fill(struct ctl_grid *, int row, enum ctl_style);

/*
 * Any bytes, in `width` columns, as by ctl_put_text(). What is too long ends in
 * "...". Returns the column behind it.
 */
int ctl_grid_put(struct ctl_grid *, int row, int column, int width,
    enum ctl_style, const char *text);
/* The same, but of what is too long the middle is left out. */
int ctl_grid_put_ends(struct ctl_grid *, int row, int column, int width,
    enum ctl_style, const char *text);
/* The same at the right end of these columns. */
void ctl_grid_put_right(struct ctl_grid *, int row, int column, int width,
    enum ctl_style, const char *text);
/*
 * UTF-8 of this program's own, of characters that are one column wide. Returns
 * the column behind it.
 */
int ctl_grid_put_utf8(struct ctl_grid *, int row, int column, int width,
    enum ctl_style, const char *text);
/* A bar of that share of the width, 0 to 1; of eighths in UTF-8, or of "#". */
void ctl_grid_put_share(struct ctl_grid *, int row, int column, int width,
    double share, bool is_utf8);

/*
 * Line by line, without spaces at the ends of lines, nor empty lines at the
 * end; with ANSI sequences for styles, or none.
 */
void ctl_grid_print(const struct ctl_grid *, FILE *, bool is_coloured);

#endif

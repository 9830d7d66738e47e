/*
 * ctl_terminal: all that knows of ncurses. Owns the terminal while it is open.
 */
#include "ctl_terminal.h"

#include "xalloc.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool
ctl_terminal_size(int *rows, int *columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 ||
	    size.ws_col == 0)
		return false;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return true;
}

#ifdef HAVE_NCURSES

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of colours; those before are attributes alone. */
enum { PAIR_BAR = 1, PAIR_GOOD, PAIR_BAD };

static SCREEN *screen;
static bool has_colours, is_utf8;

/* Each style on this terminal. */
static attr_t
attributes_of(unsigned char style)
{
	switch (style) {
	case CTL_STYLE_BOLD:
		return A_BOLD;
	case CTL_STYLE_DIM:
		return A_DIM;
	case CTL_STYLE_TITLE:
		return A_REVERSE;
	case CTL_STYLE_BAR:
		return has_colours ? COLOR_PAIR(PAIR_BAR) : A_NORMAL;
	case CTL_STYLE_GOOD:
		return has_colours ? COLOR_PAIR(PAIR_GOOD) : A_NORMAL;
	case CTL_STYLE_BAD:
		return A_BOLD |
		       (has_colours ? COLOR_PAIR(PAIR_BAD) : A_REVERSE);
	default:
		return A_NORMAL;
	}
}

static void
begin_colours(bool is_coloured)
{
	has_colours = is_coloured && has_colors() && start_color() == OK;
	if (!has_colours)
		return;
	use_default_colors();
	init_pair(PAIR_BAR, COLOR_CYAN, -1);
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
}

enum error
ctl_terminal_open(bool is_coloured, char **cause)
{
	const char *name;

	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
		*cause = xstrdup("this needs a terminal; without one: --once");
		return ERROR_NOT_FOUND;
	}
	setlocale(LC_CTYPE, "");
	name = getenv("TERM");
	is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* initscr() would end the process where it fails. */
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		*cause = xasprintf("there is no description of the terminal "
				   "%s; set TERM, or use --once",
		    name != NULL && *name != '\0' ? name : "(no TERM)");
		return ERROR_NOT_FOUND;
	}
	atexit(ctl_terminal_close);
	begin_colours(is_coloured);
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	return ERROR_NONE;
}

void
ctl_terminal_close(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

bool
ctl_terminal_is_utf8(void)
{
	return is_utf8;
}

void
ctl_terminal_show(const struct ctl_grid *grid)
{
	erase();
	for (int row = 0; row < grid->rows; row++) {
		const struct ctl_cell *cell =
		    &grid->cells[(size_t)row * (size_t)grid->columns];

		move(row, 0);
		for (int column = 0; column < grid->columns; column++, cell++) {
			attrset(attributes_of(cell->style));
			addnstr(cell->bytes,
			    (int)strnlen(cell->bytes, sizeof(cell->bytes)));
		}
	}
	attrset(A_NORMAL);
	refresh();
}

int
ctl_terminal_key(void)
{
	int key = getch();

	/* What a terminal shows after that, nobody knows: all is sent again. */
	if (key == KEY_RESIZE)
		clearok(curscr, TRUE);
	return key != ERR ? key : 0;
}

#else

enum error
ctl_terminal_open(bool is_coloured, char **cause)
{
	(void)is_coloured;
	*cause = xstrdup("this program was built without ncurses, which the "
			 "screen needs; --once prints one");
	return ERROR_NOT_FOUND;
}

void
ctl_terminal_close(void)
{
}

bool
ctl_terminal_is_utf8(void)
{
	return false;
}

void
ctl_terminal_show(const struct ctl_grid *grid)
{
	(void)grid;
}

int
ctl_terminal_key(void)
{
	return 0;
}

#endif

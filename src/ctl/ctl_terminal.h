/*
 * ctl_terminal: a screen and keys. Only ctl_terminal.c knows ncurses, and is
 * built without where there is none; then all but the size is missing.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "ctl_grid.h"
#include "error.h"

#include <stdbool.h>

/*
 * Take over the terminal of standard input and output, until the end of the
 * process at the latest. ERROR_NOT_FOUND: there is none that can do this, or
 * this program was built without; what is wrong is in *cause, for the caller
 * to free.
 */
enum error ctl_terminal_open(bool is_coloured, char **cause);
/* As it was before; nothing to do where it was not taken over. */
void ctl_terminal_close(void);

/* Of the terminal of standard output; false: it is none, or does not say. */
bool ctl_terminal_size(int *rows, int *columns);

/* Can it show UTF-8? Only while it is open. */
bool ctl_terminal_is_utf8(void);
/* A grid of the terminal's size; changes alone are sent. */
void ctl_terminal_show(const struct ctl_grid *);
/* A key that was pressed; 0: none. Does not wait. */
int ctl_terminal_key(void);

#endif

/*
 * ctl_in_place: what is printed again and again, at the same place of a
 * terminal, and no more of it than there is room for.
 */
#ifndef CTL_IN_PLACE_H
#define CTL_IN_PLACE_H

#include <stdbool.h>
#include <stdio.h>

struct ctl_in_place {
	FILE *printed; /* owned, between begin and end */
	int terminal;  /* owned, the same */
};

/*
 * From now on standard output is kept. False: it is not, for lack of a file,
 * and there is nothing to end.
 */
bool ctl_in_place_begin(struct ctl_in_place *);
/*
 * Show it from the top of the terminal on. Lines that are too long are cut;
 * where there are too many, empty ones go first, and then those at the end.
 */
void ctl_in_place_end(struct ctl_in_place *);

/* The same of a file, to another, for so many rows and columns. */
void ctl_in_place_fit(FILE *from, FILE *to, int rows, int columns);

#endif

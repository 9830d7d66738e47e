/*
 * config_piece: a piece of a value, taken apart from its front. For
 * config_expand.c only.
 */
#ifndef CONFIG_PIECE_H
#define CONFIG_PIECE_H

#include <stdbool.h>
#include <stddef.h>

/* Text that need not end with NUL; borrowed. */
struct piece {
	const char *text;
	size_t len;
};

/* Drop so many bytes from the front. */
void piece_skip(struct piece *, size_t len);

/* Drop what is white space in a macro from the front. */
void piece_skip_blanks(struct piece *);

/* Is `text` at its front? */
bool piece_starts_with(struct piece, const char *text);

/* Take a name off the front; it may be empty. */
struct piece piece_take_name(struct piece *);

/*
 * Take what is inside a pair of brackets, { or (, off the front; pairs of the
 * same kind nest. False: the other bracket is missing.
 */
bool piece_take_bracketed(struct piece *, struct piece *inside);

#endif

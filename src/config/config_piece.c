/*
 * config_piece: see its header. Copies nothing.
 */
#include "config_piece.h"

#include <ctype.h>
#include <string.h>

void
piece_skip(struct piece *piece, size_t len)
{
	piece->text += len;
	piece->len -= len;
}

/* A blank inside of a macro; not all that isspace(3) knows. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
piece_skip_blanks(struct piece *piece)
{
	while (piece->len > 0 && is_blank(*piece->text))
		piece_skip(piece, 1);
}

bool
piece_starts_with(struct piece piece, const char *text)
{
	size_t len = strlen(text);

	return piece.len >= len && memcmp(piece.text, text, len) == 0;
}

struct piece
piece_take_name(struct piece *piece)
{
	struct piece name = { piece->text, 0 };

	while (name.len < piece->len &&
	       (isalnum((unsigned char)name.text[name.len]) ||
		   name.text[name.len] == '_'))
		name.len++;
	piece_skip(piece, name.len);
	return name;
}

bool
piece_take_bracketed(struct piece *piece, struct piece *inside)
{
	char open = *piece->text, close = open == '{' ? '}' : ')';
	unsigned depth = 0;

	for (size_t i = 0; i < piece->len; i++) {
		if (piece->text[i] == open)
			depth++;
		else if (piece->text[i] == close && --depth == 0) {
			*inside = (struct piece){ piece->text + 1, i - 1 };
			piece_skip(piece, i + 1);
			return true;
		}
	}
	return false;
}

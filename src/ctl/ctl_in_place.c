/*
 * ctl_in_place: see its header. Owns a temporary file.
 */
#include "ctl_in_place.h"

#include "ctl_terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS    24
#define COLUMNS 80

/* Home, then clear from there to the end. */
#define START_OF_SCREEN "\033[H\033[J"

bool
ctl_in_place_begin(struct ctl_in_place *place)
{
	fflush(stdout);
	place->printed = tmpfile();
	if (place->printed == NULL)
		return false;
	place->terminal = dup(STDOUT_FILENO);
	if (place->terminal >= 0 &&
	    dup2(fileno(place->printed), STDOUT_FILENO) >= 0)
		return true;
	if (place->terminal >= 0)
		close(place->terminal);
	fclose(place->printed);
	return false;
}

static int
count_lines(FILE *from)
{
	int byte, count = 0;

	rewind(from);
	while ((byte = getc(from)) != EOF)
		count += byte == '\n';
	rewind(from);
	return count;
}

/*
 * The line up to its last column; all sequences for colours, which take none,
 * so that what is cut ends none too late.
 */
static void
put_cut(const char *line, FILE *to, int columns)
{
	bool is_sequence = false;

	for (; *line != '\0' && *line != '\n'; line++) {
		bool begins = *line == '\033';
		bool goes_on = ((unsigned char)*line & 0xc0) == 0x80;

		is_sequence |= begins;
		if (!is_sequence && !goes_on)
			columns--;
		if (is_sequence || columns >= 0)
			putc(*line, to);
		if (is_sequence && *line == 'm')
			is_sequence = false;
	}
}

void
ctl_in_place_fit(FILE *from, FILE *to, int rows, int columns)
{
	int excess = count_lines(from) - rows, shown = 0;
	char *line = NULL;
	size_t size = 0;

	while (shown < rows && getline(&line, &size, from) > 0) {
		if (excess > 0 && strcmp(line, "\n") == 0) {
			excess--;
			continue;
		}
		/* One behind the last line would scroll. */
		if (shown++ > 0)
			putc('\n', to);
		put_cut(line, to, columns);
	}
	free(line);
}

void
ctl_in_place_end(struct ctl_in_place *place)
{
	int rows = ROWS, columns = COLUMNS;

	fflush(stdout);
	dup2(place->terminal, STDOUT_FILENO);
	close(place->terminal);
	ctl_terminal_size(&rows, &columns);
	fputs(START_OF_SCREEN, stdout);
	ctl_in_place_fit(place->printed, stdout, rows, columns);
	fclose(place->printed);
}

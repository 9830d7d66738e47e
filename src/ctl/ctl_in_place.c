/*
 * ctl_in_place: see its header. Owns a temporary file.
 */
#include "ctl_in_place.h"

#include "ctl_terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS 24

/* Home, then clear from there to the end; no wrapping until the end. */
#define BEGIN "\033[H\033[J\033[?7l"
#define END   "\033[?7h"

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

void
ctl_in_place_fit(FILE *from, FILE *to, int rows)
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
		line[strcspn(line, "\n")] = '\0';
		fprintf(to, "%s%s", shown > 0 ? "\n" : "", line);
		shown++;
	}
	free(line);
}

void
ctl_in_place_end(struct ctl_in_place *place)
{
	int rows = ROWS, columns;

	fflush(stdout);
	dup2(place->terminal, STDOUT_FILENO);
	close(place->terminal);
	ctl_terminal_size(&rows, &columns);
	fputs(BEGIN, stdout);
	ctl_in_place_fit(place->printed, stdout, rows);
	fputs(END, stdout);
	fclose(place->printed);
}

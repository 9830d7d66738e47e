/*
 * journal_window: the memory of those that read on: a piece of the file each.
 */
#include "journal_private.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static void
window_fini(struct journal_window *window)
{
	if (window->data != NULL)
		explicit_bzero(window->data, window->size);
	free(window->data);
	*window = (struct journal_window){ 0 };
}

void
journal_windows_fini(struct journal *journal)
{
	for (int i = 0; i < JOURNAL_READERS; i++)
		window_fini(&journal->windows[i]);
}

void
journal_windows_forget(struct journal *journal)
{
	for (int i = 0; i < JOURNAL_READERS; i++)
		journal->windows[i].len = 0;
}

/* A record larger than the window gets one of its size, for as long as used. */
void
journal_window_resize(struct journal_window *window, size_t size)
{
	if (window->size == size)
		return;
	window_fini(window);
	window->data = xmalloc(size);
	window->size = size;
}

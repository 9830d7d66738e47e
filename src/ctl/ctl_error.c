/*
 * ctl_error: what is wrong, on standard error. What it quotes may come from
 * anywhere, so it is made harmless for a terminal.
 */
#include "ctl.h"
#include "ctl_text.h"
#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool
ctl_is_root(void)
{
	if (geteuid() == 0)
		return true;
	ctl_error("nothing was changed: be root");
	return false;
}

void
ctl_error(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	/* So that both come in order where they go to the same place. */
	fflush(stdout);
	fputs(CTL_NAME ": ", stderr);
	ctl_put_text(stderr, text);
	putc('\n', stderr);
	free(text);
}

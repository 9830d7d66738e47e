/*
 * ctl_finding: prints a finding in two lines. What it quotes may come from
 * anywhere, so it is made harmless for a terminal.
 */
#include "ctl_finding.h"

#include "ctl_text.h"
#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *word;
	const char *colour;
} levels[CTL_LEVELS] = {
	[CTL_GOOD] = { "ok", "\033[32m" },
	[CTL_NOTE] = { "note", "" },
	[CTL_WARNING] = { "warning", "\033[1;33m" },
	[CTL_PROBLEM] = { "PROBLEM", "\033[1;31m" },
};

#define NORMAL "\033[0m"
#define INDENT 9

void
ctl_finding_add(struct ctl_findings *findings, enum ctl_level level,
    const char *advice, const char *fmt, ...)
{
	bool is_coloured = findings->is_coloured;
	va_list ap;
	char *text;

	findings->counts[level]++;
	if (findings->is_quiet && level < CTL_WARNING)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	printf("%s%-*s%s", is_coloured ? levels[level].colour : "", INDENT,
	    levels[level].word, is_coloured ? NORMAL : "");
	ctl_put_text(stdout, text);
	putchar('\n');
	if (advice != NULL) {
		printf("%*sDo: ", INDENT, "");
		ctl_put_text(stdout, advice);
		putchar('\n');
	}
	free(text);
}

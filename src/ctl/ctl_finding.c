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
	const char *name; /* in JSON */
	const char *colour;
} levels[CTL_LEVELS] = {
	[CTL_GOOD] = { "ok", "ok", "\033[32m" },
	[CTL_NOTE] = { "note", "note", "" },
	[CTL_WARNING] = { "warning", "warning", "\033[1;33m" },
	[CTL_PROBLEM] = { "PROBLEM", "problem", "\033[1;31m" },
};

#define NORMAL "\033[0m"
#define INDENT 9

static void
print_json(
    enum ctl_level level, const char *advice, const char *text, bool is_first)
{
	printf("%s\n    {\"level\": \"%s\", \"finding\": ", is_first ? "" : ",",
	    levels[level].name);
	ctl_put_json(stdout, text);
	printf(", \"do\": ");
	if (advice != NULL)
		ctl_put_json(stdout, advice);
	else
		printf("null");
	printf("}");
}

static void
print_lines(enum ctl_level level, const char *advice, const char *text,
    bool is_coloured)
{
	printf("%s%-*s%s", is_coloured ? levels[level].colour : "", INDENT,
	    levels[level].word, is_coloured ? NORMAL : "");
	ctl_put_text(stdout, text);
	putchar('\n');
	if (advice != NULL) {
		printf("%*sDo: ", INDENT, "");
		ctl_put_text(stdout, advice);
		putchar('\n');
	}
}

void
ctl_finding_add(struct ctl_findings *findings, enum ctl_level level,
    const char *advice, const char *fmt, ...)
{
	bool is_first = true;
	va_list ap;
	char *text;

	for (int i = 0; i < CTL_LEVELS; i++)
		is_first = is_first && findings->counts[i] == 0;
	findings->counts[level]++;
	if (findings->is_quiet && level < CTL_WARNING)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	if (findings->is_json)
		print_json(level, advice, text, is_first);
	else
		print_lines(level, advice, text, findings->is_coloured);
	free(text);
}

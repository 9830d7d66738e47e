/*
 * problems: the list of problems of a config as one text, "warning: TEXT\n" or
 * "ignored: TEXT\n" each.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include "config.h"

#include <stdio.h>
#include <string.h>

static char problems_text[64 * 1024];

static inline void
problems_collect(void *arg, enum config_severity severity, const char *text)
{
	size_t len = strlen(problems_text);

	(void)arg;
	snprintf(problems_text + len, sizeof(problems_text) - len, "%s: %s\n",
	    severity == CONFIG_IGNORED ? "ignored" : "warning", text);
}

/* Good until the next call. */
static inline const char *
problems_of(const struct config *listed)
{
	problems_text[0] = '\0';
	config_each_problem(listed, problems_collect, NULL);
	return problems_text;
}

#endif

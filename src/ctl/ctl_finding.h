/*
 * ctl_finding: a line on what is right, or may be wrong, with what to do; or an
 * object in JSON.
 */
#ifndef CTL_FINDING_H
#define CTL_FINDING_H

#include <stdbool.h>

enum ctl_level {
	CTL_GOOD,
	CTL_NOTE,    /* as it may be */
	CTL_WARNING, /* the daemon serves, but not as it should */
	CTL_PROBLEM, /* it would not start, or not be understood */
	CTL_LEVELS,
};

struct ctl_findings {
	bool is_coloured;
	bool is_json;  /* objects in an array that is begun and ended outside */
	bool is_quiet; /* print only what matters: warnings and problems */
	unsigned counts[CTL_LEVELS];
};

/*
 * Count a finding and print it. `advice` (borrowed) is what to do, or NULL
 * where there is nothing.
 */
void ctl_finding_add(struct ctl_findings *, enum ctl_level, const char *advice,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif

/*
 * ctl_screen: how the parts of `tlsmgrctl status` get at statistics and put
 * them on a screen. What needs attention is red.
 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include "ctl_rates.h"
#include "ctl_reply.h"
#include "ctl_text.h"

#include <stdbool.h>
#include <stdint.h>

#define CTL_SCREEN_LABEL_WIDTH 14
#define CTL_SCREEN_BOLD        "\033[1m"
#define CTL_SCREEN_RED         "\033[1;31m"
#define CTL_SCREEN_NORMAL      "\033[0m"

/* What is printed, from where, and how. */
struct ctl_screen {
	const struct ctl_reply *statistics;
	const struct ctl_rates_now *rates;
	const char *cache; /* NULL: of the process */
	int64_t now_s;
	bool is_coloured;
};

/* A statistic; 0, or "", where a daemon of another version does not say. */
int64_t ctl_screen_number(const struct ctl_screen *, const char *name);
const char *ctl_screen_text(const struct ctl_screen *, const char *name);
/* The same of what hosts have in common, whatever screen->cache is. */
int64_t ctl_screen_shared_number(const struct ctl_screen *, const char *name);
const char *ctl_screen_shared(const struct ctl_screen *, const char *name);

/* The sequence where there is colour, or nothing. */
const char *ctl_screen_style(const struct ctl_screen *, const char *sequence);
/* The first line of a paragraph has a label, the others have none. */
void ctl_screen_begin_line(const struct ctl_screen *, const char *label);
/* A count of something that should not happen, and what stands behind it. */
void ctl_screen_put_count(const struct ctl_screen *, const char *name,
    const char *text, const char *separator);
/* How long ago that was. */
struct ctl_text ctl_screen_age(const struct ctl_screen *, int64_t when_s);

/* The paragraph of screen->cache. */
void ctl_status_cache(const struct ctl_screen *);
/*
 * First of all: this host is not one of its group. And later what it shares,
 * whether the engine answers, and what it was good for.
 */
void ctl_status_shared_problem(const struct ctl_screen *);
void ctl_status_shared(const struct ctl_screen *);

#endif

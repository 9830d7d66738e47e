/*
 * ctl_top: what `top` knows, and how that becomes a screen. Who asks fills it
 * in (ctl_top_feed, ctl_top), who shows it reads it (ctl_top_layout and its
 * parts); neither knows the other, nor a terminal.
 */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "buffer.h"
#include "ctl_grid.h"
#include "ctl_text.h"
#include "ctl_top_destinations.h"
#include "ctl_top_series.h"

#include <stdbool.h>
#include <stdint.h>

struct ctl_top {
	struct buffer statistics; /* the last answer; empty: none yet */
	struct ctl_top_series series;
	struct ctl_top_destinations destinations; /* in order */
	enum ctl_top_order order;
	char *silence; /* why there is no answer; owned; NULL: there is one */
	int64_t silent_since_s; /* 0: there was one, but for a moment */
	int64_t now_s;          /* wall clock, as is the one before */
	bool is_paused;
	bool is_live; /* keys do something */
	bool is_utf8; /* so may be what is shown */
};

/* Without anything; pair with ctl_top_fini(). */
void ctl_top_init(struct ctl_top *);
void ctl_top_fini(struct ctl_top *);
/*
 * An answer to `stats`, at that time (monotonic); is copied. ERROR_PROTOCOL: it
 * is none, and nothing has changed.
 */
enum error ctl_top_take_statistics(
    struct ctl_top *, const struct ctl_reply *, uint64_t at_us);
/* Put them in place of those before; owned from then on. */
void ctl_top_take_destinations(
    struct ctl_top *, const struct ctl_top_destinations *);
void ctl_top_set_order(struct ctl_top *, enum ctl_top_order);
/* The daemon does not answer, for that reason, owned from now on; NULL: does.
 */
void ctl_top_set_silence(struct ctl_top *, char *reason);

/* Of the last answer: as in ctl_statistics.h, but never NULL. */
int64_t ctl_top_get(
    const struct ctl_top *, const char *scope, const char *name);
const char *ctl_top_get_text(
    const struct ctl_top *, const char *scope, const char *name);

/*
 * Does the daemon count destinations? One of 1.0 does not, and would log and
 * count who asks for them. And does it of that cache?
 */
bool ctl_top_counts_destinations(const struct ctl_top *);
bool ctl_top_has_destinations(const struct ctl_top *, const char *cache);

/* "1.2", "123", "45k": of a rate, "-" of a negative one. */
struct ctl_text ctl_top_text_rate(double);
/* "12345", "1234k", "12M": no more than seven characters. */
struct ctl_text ctl_top_text_count(int64_t);
/* "03:12:45" */
struct ctl_text ctl_top_text_clock(int64_t when_s);

/* How many steps back is "the last minute". */
#define CTL_TOP_MINUTE 60

/*
 * What needs attention, most of all first; for the caller to free. Returns how
 * many, at most CTL_TOP_TROUBLES.
 */
#define CTL_TOP_TROUBLES 16
int ctl_top_find_troubles(
    const struct ctl_top *, char *troubles[CTL_TOP_TROUBLES]);

/* The whole screen, whatever its size. */
void ctl_top_layout(const struct ctl_top *, struct ctl_grid *);
/* Parts of it, from that row on; they return the row behind them. */
int ctl_top_put_requests(const struct ctl_top *, struct ctl_grid *, int row);
int ctl_top_put_caches(const struct ctl_top *, struct ctl_grid *, int row);
/* Up to the row `end`, which is not theirs. */
void ctl_top_put_destinations(
    const struct ctl_top *, struct ctl_grid *, int row, int end);

#endif

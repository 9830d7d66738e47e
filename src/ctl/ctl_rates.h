/*
 * ctl_rates: what is asked for at present, beside the totals since the start.
 */
#ifndef CTL_RATES_H
#define CTL_RATES_H

#include "cache.h"
#include "ctl_client.h"

/* Each is a number for each second, or a share from 0 to 1; NAN: nothing. */
struct ctl_rates {
	double requests; /* of Postfix */
	double lookups[CACHE_TYPES], found[CACHE_TYPES], stores[CACHE_TYPES];
};

/* Of this minute and the one before, and of the last hour. */
struct ctl_rates_now {
	struct ctl_rates minute, hour;
};

/*
 * Ask a daemon that was identified. All is NAN where it has no history.
 */
void ctl_rates_ask(struct ctl_client *, int64_t now_s, struct ctl_rates_now *);

/* The member "rates" of an object of JSON, without what is around it. */
void ctl_rates_put_json(const struct ctl_rates_now *);

#endif

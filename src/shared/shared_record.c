/* shared_record: judges the records that an engine returns. */
#include "shared_private.h"

#include "clock.h"
#include "shared_ring.h"

#include <inttypes.h>

/* This many in a row are tampering or damage, not chance. */
#define REJECTED_MAX 10

#define SKEW_WARN_PERIOD_S 3600

static void
reject(struct shared *shared)
{
	shared->counters.rejected++;
	if (++shared->rejected_in_row < REJECTED_MAX)
		return;
	shared->rejected_in_row = 0;
	log_warning("shared: %d records in a row cannot be opened (tampering, "
		    "or damage in the engine); pausing for 300 s",
	    REJECTED_MAX);
	shared_link_give_up(&shared->link, SHARED_FAILURE_RECORDS, "");
}

static bool
is_from_ahead(struct shared *shared, int64_t ahead_s, int64_t timeout_s)
{
	if (ahead_s <= shared_ticket_key_skew_s(timeout_s))
		return false;
	shared->counters.skewed++;
	if (log_limit_allows(&shared->skew_limit, SKEW_WARN_PERIOD_S))
		log_warning("shared: a record from %" PRId64
			    " s ahead; check the clocks",
		    ahead_s);
	return true;
}

/* False: the group did not seal it, or it cannot be of that kind. */
static bool
decrypt(struct shared_seal *seal, enum shared_kind kind,
    const struct shared_name *name, const unsigned char *record, size_t len,
    struct shared_plain *plain)
{
	return shared_seal_decrypt(seal, name, record, len, plain) ==
	           ERROR_NONE &&
	       (kind != SHARED_KIND_TICKET_KEY ||
		   plain->len == SHARED_RING_VALUE_LEN);
}

/* Is it of a time at which it counts? */
static bool
is_timely(struct shared *shared, enum shared_side side, enum shared_kind kind,
    int64_t put_at)
{
	int64_t timeout_s = shared->config.group->config.sides[side].timeout_s;
	int64_t age_s = (int64_t)clock_wall_s() - put_at;

	if (is_from_ahead(shared, -age_s, timeout_s))
		return false;
	/* Of a ticket key it is the epoch that counts. */
	return kind != SHARED_KIND_SESSION || age_s <= timeout_s;
}

enum error
shared_record_open(struct shared *shared, enum shared_side side,
    unsigned secret, enum shared_kind kind, const struct shared_name *name,
    const unsigned char *record, size_t len, struct shared_plain *plain)
{
	struct shared_seal *seal = shared->seals[side][secret];
	bool is_open = decrypt(seal, kind, name, record, len, plain);

	if (!is_open)
		reject(shared);
	else
		shared->rejected_in_row = 0;
	if (is_open && is_timely(shared, side, kind, plain->put_at))
		return ERROR_NONE;
	shared_seal_wipe(seal);
	*plain = (struct shared_plain){ .value = NULL };
	return ERROR_NOT_FOUND;
}

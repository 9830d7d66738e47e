/*
 * store_shared: local first, then the group. All but the three requests is the
 * local store's business.
 *
 * What the group knew is put into the local store with the time at which it
 * was put first. That store expires in the order in which entries came: one
 * that was old when it came is kept for at most another timeout, and never
 * served in it.
 */
#include "store_shared.h"

#include "clock.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

struct store_shared {
	struct store base;
	struct store *local; /* owned */
	struct shared *shared;
	enum shared_side side;
	int64_t timeout_s;
	unsigned lookups; /* that will be called back */
	bool is_closed;   /* and freed with the last of them */
};

struct lookup {
	struct store_shared *store;
	store_get_fn *done; /* NULL: it was called */
	void *arg;
	size_t key_len;
	char key[]; /* a copy: the answer may come later */
};

static struct store_shared *
from_base(struct store *base)
{
	return (struct store_shared *)base;
}

static enum error
start(struct store *base)
{
	struct store *local = from_base(base)->local;

	return local->ops->start(local);
}

/* Called once. */
static void
answer(struct lookup *lookup, enum error error, const void *value, size_t len,
    time_t put_at)
{
	store_get_fn *done = lookup->done;

	lookup->done = NULL;
	if (done != NULL)
		done(lookup->arg, error, value, len, put_at);
}

/* What the local store has is as new, or newer. */
struct comparison {
	time_t put_at;
	bool is_known;
};

static void
compare_cb(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	struct comparison *comparison = arg;

	(void)value;
	(void)len;
	comparison->is_known =
	    error == ERROR_NONE && put_at >= comparison->put_at;
}

static void
ignore_cb(void *arg, enum error error)
{
	(void)arg;
	(void)error;
}

/* Keep it here too, unless this host has a newer one by now. */
static void
keep(struct lookup *lookup, const void *value, size_t len, time_t put_at)
{
	struct store_shared *store = lookup->store;
	struct store *local = store->local;
	struct comparison comparison = { .put_at = put_at };

	if (store->is_closed || shared_is_removed(store->shared, store->side,
				    lookup->key, lookup->key_len))
		return;
	local->ops->get(
	    local, lookup->key, lookup->key_len, compare_cb, &comparison);
	if (!comparison.is_known)
		local->ops->put(local, lookup->key, lookup->key_len, value, len,
		    put_at, ignore_cb, NULL);
}

static void
free_if_over(struct store_shared *store)
{
	if (store->is_closed && store->lookups == 0)
		free(store);
}

static void
shared_cb(void *arg, enum error error, const void *value, size_t len,
    time_t put_at, bool is_last)
{
	struct lookup *lookup = arg;
	struct store_shared *store = lookup->store;

	if (error == ERROR_NONE)
		keep(lookup, value, len, put_at);
	answer(lookup, error, value, len, put_at);
	if (!is_last)
		return;
	store->lookups--;
	free(lookup);
	free_if_over(store);
}

static void
local_cb(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	struct lookup *lookup = arg;
	struct store_shared *store = lookup->store;

	if (error == ERROR_NONE &&
	    !store_is_expired(put_at, clock_wall_s(), store->timeout_s)) {
		answer(lookup, error, value, len, put_at);
		store->lookups--;
		free(lookup);
		return;
	}
	shared_get(store->shared, store->side, lookup->key, lookup->key_len,
	    shared_cb, lookup);
}

static void
get(struct store *base, const char *key, size_t key_len, store_get_fn *done,
    void *arg)
{
	struct store_shared *store = from_base(base);
	struct lookup *lookup = xmalloc(sizeof(*lookup) + key_len);

	*lookup = (struct lookup){
		.store = store, .done = done, .arg = arg, .key_len = key_len
	};
	memcpy(lookup->key, key, key_len);
	store->lookups++;
	store->local->ops->get(store->local, key, key_len, local_cb, lookup);
}

static void
put(struct store *base, const char *key, size_t key_len, const void *value,
    size_t len, time_t now, store_done_fn *done, void *arg)
{
	struct store_shared *store = from_base(base);

	store->local->ops->put(
	    store->local, key, key_len, value, len, now, done, arg);
	shared_put(store->shared, store->side, key, key_len, value, len, now);
}

static void
remove_entry(struct store *base, const char *key, size_t key_len,
    store_done_fn *done, void *arg)
{
	struct store_shared *store = from_base(base);

	store->local->ops->remove(store->local, key, key_len, done, arg);
	shared_remove(store->shared, store->side, key, key_len);
}

static void
clear(struct store *base, store_done_fn *done, void *arg)
{
	struct store *local = from_base(base)->local;

	local->ops->clear(local, done, arg);
}

static enum error
each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *callback, void *arg)
{
	struct store *local = from_base(base)->local;

	return local->ops->each(
	    local, cursor, budget_us, is_complete, callback, arg);
}

static uint64_t
maintain(struct store *base, time_t now, uint64_t budget_us)
{
	struct store *local = from_base(base)->local;

	return local->ops->maintain(local, now, budget_us);
}

static enum error
save(struct store *base, bool durable)
{
	struct store *local = from_base(base)->local;

	return local->ops->save(local, durable);
}

static enum error
write_out(struct store *base)
{
	struct store *local = from_base(base)->local;

	return local->ops->write_out(local);
}

static bool
is_usable(const struct store *base)
{
	const struct store *local = ((const struct store_shared *)base)->local;

	return local->ops->is_usable(local);
}

static void
statistics(const struct store *base, struct store_statistics *statistics)
{
	const struct store *local = ((const struct store_shared *)base)->local;

	local->ops->statistics(local, statistics);
}

static void
close_store(struct store *base)
{
	struct store_shared *store = from_base(base);

	store->local->ops->close(store->local);
	store->local = NULL;
	store->is_closed = true;
	free_if_over(store);
}

static const struct store_ops store_shared_ops = {
	.start = start,
	.get = get,
	.put = put,
	.remove = remove_entry,
	.clear = clear,
	.each = each,
	.maintain = maintain,
	.save = save,
	.write_out = write_out,
	.is_usable = is_usable,
	.statistics = statistics,
	.close = close_store,
};

struct store *
store_shared_new(struct store *local, struct shared *shared,
    enum shared_side side, int64_t timeout_s)
{
	struct store_shared *store = xcalloc(1, sizeof(*store));

	*store = (struct store_shared){ .base = { &store_shared_ops },
		.local = local,
		.shared = shared,
		.side = side,
		.timeout_s = timeout_s };
	return &store->base;
}

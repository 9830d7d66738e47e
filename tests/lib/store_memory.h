/*
 * store_memory: a store in an array, for tests of what lies above stores. It
 * can be told to fail, and to answer later, as a store on a network would.
 * Included once, by the test's only file.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include "store.h"

#include <stdlib.h>
#include <string.h>

#define STORE_MEMORY_MAX 16

struct store_memory {
	struct store base;
	struct {
		char key[64];
		size_t key_len; /* and one; 0: free */
		unsigned char value[4096];
		size_t len;
		time_t put_at;
	} entries[STORE_MEMORY_MAX];
	enum error failure; /* what every request answers, if not NONE */
	bool is_late;       /* put and remove answer in store_memory_answer() */
	store_done_fn *late_done;
	void *late_arg;
	enum error late_error;
	unsigned closed;
};

static inline int
store_memory_find(struct store_memory *store, const char *key, size_t len)
{
	for (int i = 0; i < STORE_MEMORY_MAX; i++)
		if (store->entries[i].key_len == len + 1 &&
		    memcmp(store->entries[i].key, key, len) == 0)
			return i;
	return -1;
}

static inline void
store_memory_done(struct store_memory *store, enum error error,
    store_done_fn *done, void *arg)
{
	if (!store->is_late) {
		done(arg, error);
		return;
	}
	store->late_done = done;
	store->late_arg = arg;
	store->late_error = error;
}

/* The answer that was held back. */
static inline void
store_memory_answer(struct store_memory *store)
{
	store_done_fn *done = store->late_done;

	store->late_done = NULL;
	done(store->late_arg, store->late_error);
}

static inline void
store_memory_get(struct store *base, const char *key, size_t key_len,
    store_get_fn *done, void *arg)
{
	struct store_memory *store = (struct store_memory *)base;
	int i = store_memory_find(store, key, key_len);

	if (store->failure != ERROR_NONE)
		done(arg, store->failure, NULL, 0, 0);
	else if (i < 0)
		done(arg, ERROR_NOT_FOUND, NULL, 0, 0);
	else
		done(arg, ERROR_NONE, store->entries[i].value,
		    store->entries[i].len, store->entries[i].put_at);
}

static inline void
store_memory_put(struct store *base, const char *key, size_t key_len,
    const void *value, size_t len, time_t now, store_done_fn *done, void *arg)
{
	struct store_memory *store = (struct store_memory *)base;
	int i = store_memory_find(store, key, key_len);

	enum error error = store->failure;

	for (int j = 0; i < 0 && j < STORE_MEMORY_MAX; j++)
		if (store->entries[j].key_len == 0)
			i = j;
	if (error == ERROR_NONE &&
	    (i < 0 || key_len > sizeof(store->entries[i].key) ||
		len > sizeof(store->entries[i].value)))
		error = ERROR_NO_SPACE;
	if (error == ERROR_NONE) {
		memcpy(store->entries[i].key, key, key_len);
		store->entries[i].key_len = key_len + 1;
		if (len > 0)
			memcpy(store->entries[i].value, value, len);
		store->entries[i].len = len;
		store->entries[i].put_at = now;
	}
	store_memory_done(store, error, done, arg);
}

static inline void
store_memory_remove(struct store *base, const char *key, size_t key_len,
    store_done_fn *done, void *arg)
{
	struct store_memory *store = (struct store_memory *)base;
	int i = store_memory_find(store, key, key_len);
	enum error error = store->failure;

	if (error == ERROR_NONE && i < 0)
		error = ERROR_NOT_FOUND;
	if (error == ERROR_NONE)
		store->entries[i].key_len = 0;
	store_memory_done(store, error, done, arg);
}

static inline void
store_memory_clear(struct store *base, store_done_fn *done, void *arg)
{
	struct store_memory *store = (struct store_memory *)base;

	for (int i = 0; i < STORE_MEMORY_MAX; i++)
		store->entries[i].key_len = 0;
	store_memory_done(store, store->failure, done, arg);
}

static inline enum error
store_memory_each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *each, void *arg)
{
	const struct store_memory *store = (struct store_memory *)base;

	(void)budget_us;
	*is_complete = true;
	while (*cursor < STORE_MEMORY_MAX) {
		size_t i = (size_t)(*cursor)++;

		if (store->entries[i].key_len != 0 &&
		    !each(arg, store->entries[i].key,
			store->entries[i].key_len - 1, store->entries[i].len,
			store->entries[i].put_at))
			return store->failure;
	}
	*cursor = 0;
	return store->failure;
}

static inline enum error
store_memory_write_out(struct store *base)
{
	return ((const struct store_memory *)base)->failure;
}

static inline uint64_t
store_memory_maintain(struct store *base, time_t now, uint64_t budget_us)
{
	(void)base;
	(void)now;
	(void)budget_us;
	return UINT64_MAX;
}

static inline bool
store_memory_is_usable(const struct store *base)
{
	return ((const struct store_memory *)base)->failure == ERROR_NONE;
}

static inline void
store_memory_statistics(
    const struct store *base, struct store_statistics *statistics)
{
	const struct store_memory *store = (const struct store_memory *)base;

	*statistics = (struct store_statistics){ .is_ready = true };
	for (int i = 0; i < STORE_MEMORY_MAX; i++)
		statistics->entries += store->entries[i].key_len != 0;
}

static inline void
store_memory_close(struct store *base)
{
	((struct store_memory *)base)->closed++;
}

static const struct store_ops store_memory_ops = {
	.get = store_memory_get,
	.put = store_memory_put,
	.remove = store_memory_remove,
	.clear = store_memory_clear,
	.each = store_memory_each,
	.write_out = store_memory_write_out,
	.maintain = store_memory_maintain,
	.is_usable = store_memory_is_usable,
	.statistics = store_memory_statistics,
	.close = store_memory_close,
};

#endif

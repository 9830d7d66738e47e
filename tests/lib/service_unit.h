/*
 * service_unit: a service for unit tests: over a store in memory, with a daemon
 * that only remembers what administrators asked it for. Included once, after
 * cmocka.h, by the test's only file.
 *
 * The cache smtpd is the store; smtp is enabled but could not be opened; lmtp
 * is not enabled.
 */
#ifndef SERVICE_UNIT_H
#define SERVICE_UNIT_H

#include "prng.h"
#include "service.h"

#include "store_memory.h"
#include "unit.h"

static struct store_memory store;
static struct cache caches[CACHE_TYPES];
static struct ticket_keys ticket_keys;
static struct service service;
static struct history history; /* the test's to fill */

/* What the daemon was asked to do, and what comes of it. */
static struct {
	unsigned wipes, saves;
	int log_level;
	unsigned minutes;
	enum error result;
} asked;

static inline void
service_unit_put_statistics(void *arg, struct buffer *out)
{
	(void)arg;
	attr_put_number(out, "answer", 42);
}

static inline void
service_unit_put_parameters(void *arg, struct buffer *out)
{
	(void)arg;
	attr_put_string(out, "parameter", "all");
}

static inline const struct history *
service_unit_get_history(void *arg, const char **file)
{
	(void)arg;
	*file = "/run/x";
	return &history;
}

static inline enum error
service_unit_wipe_ticket_keys(void *arg)
{
	(void)arg;
	asked.wipes++;
	return asked.result;
}

static inline enum error
service_unit_save(void *arg)
{
	(void)arg;
	asked.saves++;
	return asked.result;
}

static inline time_t
service_unit_raise_log_level(void *arg, int by, unsigned minutes)
{
	(void)arg;
	asked.log_level = by;
	asked.minutes = minutes;
	return by == 0 ? 0 : 1700000000;
}

static inline void
service_unit_wake(void *arg)
{
	(void)arg;
}

static inline void
service_unit_ignore(void *arg, enum error error)
{
	(void)arg;
	(void)error;
}

/* An entry of the cache smtpd. */
static inline void
service_unit_put(const char *id, const void *session, size_t len, time_t put_at)
{
	store_memory_put(&store.base, id, strlen(id), session, len, put_at,
	    service_unit_ignore, NULL);
}

static inline int
service_unit_setup(void **state)
{
	static const struct service_admin admin = {
		.put_statistics = service_unit_put_statistics,
		.put_parameters = service_unit_put_parameters,
		.get_history = service_unit_get_history,
		.wipe_ticket_keys = service_unit_wipe_ticket_keys,
		.save = service_unit_save,
		.raise_log_level = service_unit_raise_log_level,
	};

	memset(&store, 0, sizeof(store));
	memset(&asked, 0, sizeof(asked));
	store.base.ops = &store_memory_ops;
	for (int i = 0; i < CACHE_TYPES; i++) {
		cache_init(&caches[i], (enum cache_type)i, 3600);
		caches[i].wake = service_unit_wake;
	}
	caches[CACHE_SMTPD].database = strdup("test:x");
	caches[CACHE_SMTPD].store = &store.base;
	caches[CACHE_SMTP].database = strdup("test:failed");
	ticket_keys_init(&ticket_keys, 3600);
	service_init(&service, caches, &ticket_keys);
	service_set_admin(&service, &admin);
	history_init(&history);
	return unit_setup(state);
}

static inline int
service_unit_teardown(void **state)
{
	service_fini(&service);
	history_fini(&history);
	ticket_keys_fini(&ticket_keys);
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_fini(&caches[i]);
	prng_fini();
	return unit_teardown(state);
}

#endif

/*
 * shared_unit: two hosts of a group, each with its own engine connection and a
 * store in an array, for tests of shared and store_shared. An engine of this
 * test takes one connection at a time, so both talk to engines that have the
 * same entries: see give_to_b(). Included once, after cmocka.h.
 */
#ifndef SHARED_UNIT_H
#define SHARED_UNIT_H

#include "clock.h"
#include "loop.h"
#include "shared.h"
#include "store_shared.h"

#include "unit.h"

#include "memory_engine.h"
#include "store_memory.h"
#include "turn_until.h"

#define TIMEOUT_S  3600
#define DEADLINE_S 1 /* of lookups; only a moved clock comes to its end */

struct unit_host {
	struct memory_engine engine;
	struct shared_group group;
	struct shared *shared;
	struct store_memory local;
	struct store *store;
	unsigned ups;
	char servers[4 * PATH_MAX];
};

static struct loop *loop;
static struct loop_timer tick;
static struct unit_host a, b;

/* What the last lookup or change was answered. */
static struct {
	unsigned count;
	enum error error;
	unsigned char value[4096];
	size_t len;
	time_t put_at;
} got;

static inline void
tick_cb(void *arg)
{
	loop_timer_set(&tick, 1000);
}

static inline void
got_cb(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	got.count++;
	got.error = error;
	got.len = len;
	got.put_at = put_at;
	if (len > 0)
		memcpy(got.value, value, len);
}

static inline void
done_cb(void *arg, enum error error)
{
	got.count++;
	got.error = error;
}

static inline void
up_cb(void *arg)
{
	((struct unit_host *)arg)->ups++;
}

static inline void
turn(void)
{
	struct unit_host *hosts[] = { &a, &b };

	for (int i = 0; i < 2; i++) {
		if (hosts[i]->shared == NULL)
			continue;
		shared_turn(hosts[i]->shared);
		if (hosts[i]->engine.base.listen_fd >= 0)
			memory_engine_poll(&hosts[i]->engine);
	}
	loop_run_once(loop);
}

static inline struct shared_statistics
statistics_of(const struct unit_host *host)
{
	struct shared_statistics statistics;

	shared_statistics(host->shared, &statistics);
	return statistics;
}

static inline bool
is_up(const struct unit_host *host)
{
	return strcmp(statistics_of(host).state, "up") == 0;
}

/* Secrets are numbers; the second one is 0 where there is none. */
static inline void
make_group(struct unit_host *host, unsigned char first, unsigned char second)
{
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 7 };
	struct shared_group *group = &host->group;

	*group = (struct shared_group){ .config = { .group = "postfix",
					    .servers = host->servers } };
	group->secrets.count = second != 0 ? 2 : 1;
	group->secrets.keys[0][0] = first;
	group->secrets.keys[1][0] = second;
	for (int side = 0; side < SHARED_SIDES; side++) {
		group->config.sides[side].timeout_s = TIMEOUT_S;
		shared_context_make(&group->contexts[side], "postfix",
		    shared_side_names[side], TIMEOUT_S, digest);
		for (unsigned i = 0; i < group->secrets.count; i++)
			shared_context_fingerprint(&group->contexts[side],
			    group->secrets.keys[i],
			    group->fingerprints[side][i]);
	}
}

static inline struct shared_config
make_config(struct unit_host *host)
{
	snprintf(host->servers, sizeof(host->servers), "unix:%s",
	    host->engine.base.path);
	return (struct shared_config){
		.group = &host->group,
		.sides = { true, true, false },
		.has_ticket_keys = true,
		.lookup_ms = DEADLINE_S * 1000,
		.value_max = 4000,
		.queue_size = 65536,
		.refresh_s = 10,
		.up = up_cb,
		.arg = host,
	};
}

static inline void
start_host(struct unit_host *host, const struct shared_config *config)
{
	host->local.base.ops = &store_memory_ops;
	host->shared = shared_new(config);
	assert_non_null(host->shared);
	host->store = store_shared_new(
	    &host->local.base, host->shared, SHARED_SMTPD, TIMEOUT_S);
	shared_start(host->shared, loop);
}

static inline void
stop_host(struct unit_host *host)
{
	if (host->shared == NULL)
		return;
	host->store->ops->close(host->store);
	shared_free(host->shared);
	host->shared = NULL;
}

static inline void
start_both(void)
{
	struct shared_config config = make_config(&a);

	start_host(&a, &config);
	config = make_config(&b);
	start_host(&b, &config);
	turn_until(is_up(&a) && is_up(&b));
}

/* What the engine of one has, that of the other has too. */
static inline void
give_to_b(void)
{
	memcpy(b.engine.entries, a.engine.entries, sizeof(a.engine.entries));
}

static inline void
put(struct unit_host *host, const char *key, const char *value)
{
	host->store->ops->put(host->store, key, strlen(key), value,
	    strlen(value), clock_wall_s(), done_cb, NULL);
}

/* The same, and wait until its engine has it. */
static inline void
put_and_send(struct unit_host *host, const char *key, const char *value)
{
	uint64_t before = statistics_of(host).stores;

	put(host, key, value);
	turn_until(statistics_of(host).stores > before);
}

/* Both hosts, and a session of the first that the engines of both have. */
static inline void
start_with_session(void)
{
	start_both();
	put_and_send(&a, "id", "session");
	give_to_b();
}

static inline void
remove_key(struct unit_host *host, const char *key)
{
	host->store->ops->remove(host->store, key, strlen(key), done_cb, NULL);
}

/* Ask, and wait for the answer. */
static inline bool
finds(struct unit_host *host, const char *key, const char *value)
{
	unsigned before = got.count;

	host->store->ops->get(host->store, key, strlen(key), got_cb, NULL);
	turn_until(got.count > before);
	assert_int_equal(got.count, before + 1);
	if (got.error != ERROR_NONE)
		return false;
	assert_int_equal(got.len, strlen(value));
	assert_memory_equal(got.value, value, got.len);
	return true;
}

static inline int
setup(void **state)
{
	int result = unit_setup(state);

	loop = loop_new();
	loop_timer_init(&tick, loop, tick_cb, NULL);
	tick_cb(NULL);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&got, 0, sizeof(got));
	pretend_engine_start(&a.engine.base, "a");
	pretend_engine_start(&b.engine.base, "b");
	make_group(&a, 1, 0);
	make_group(&b, 1, 0);
	return result;
}

static inline int
teardown(void **state)
{
	stop_host(&a);
	stop_host(&b);
	pretend_engine_stop(&a.engine.base);
	pretend_engine_stop(&b.engine.base);
	loop_timer_fini(&tick);
	loop_free(loop);
	return unit_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

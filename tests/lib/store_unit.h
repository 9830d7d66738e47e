/*
 * store_unit: a store on files of the test's own, and requests to it. Included
 * after unit.h, by the test's only file.
 */
#ifndef STORE_UNIT_H
#define STORE_UNIT_H

#include "clock.h"
#include "store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORE_UNIT_BUDGET_US 1000000

static struct store_config config;

/* What the last request came to. */
static struct {
	enum error error;
	unsigned char value[STORE_VALUE_MAX];
	size_t len;
	time_t put_at;
} last;

/* A configuration to begin with. */
static inline int
store_unit_setup(void **state)
{
	config = (struct store_config){
		.name = "smtpd",
		.kind = store_kind_find("btree"),
		.timeout_s = 3600,
		.memory = 4 << 20,
		.persist = true,
		.start_budget_us = STORE_UNIT_BUDGET_US,
		.hash_key = "not so random",
	};
	return unit_setup(state);
}

/* Open what `config` says, in the test's directory; to be started. */
static inline struct store *
store_unit_open(void)
{
	struct store *store = NULL;
	char *cause = NULL;

	config.path = unit_path("cache");
	assert_int_equal(
	    config.kind->ops->open(&config, &store, &cause), ERROR_NONE);
	return store;
}

/* Let it do all that is due now. */
static inline void
store_unit_maintain(struct store *store)
{
	for (int i = 0; i < 1000; i++)
		if (store->ops->maintain(
			store, clock_wall_s(), STORE_UNIT_BUDGET_US) != 0)
			return;
	fail_msg("there is no end to it");
}

static inline void
store_unit_get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	last.error = error;
	last.len = len;
	last.put_at = put_at;
	if (len > 0)
		memcpy(last.value, value, len);
}

static inline void
store_unit_done(void *arg, enum error error)
{
	last.error = error;
}

static inline enum error
get(struct store *store, const char *key)
{
	store->ops->get(store, key, strlen(key), store_unit_get_done, NULL);
	return last.error;
}

static inline enum error
put_bytes(struct store *store, const char *key, const void *value, size_t len)
{
	store->ops->put(store, key, strlen(key), value, len, clock_wall_s(),
	    store_unit_done, NULL);
	return last.error;
}

static inline enum error
put(struct store *store, const char *key, const char *value)
{
	return put_bytes(store, key, value, strlen(value));
}

static inline enum error
take_out(struct store *store, const char *key)
{
	store->ops->remove(store, key, strlen(key), store_unit_done, NULL);
	return last.error;
}

static inline enum error
clear(struct store *store)
{
	store->ops->clear(store, store_unit_done, NULL);
	return last.error;
}

static inline struct store_statistics
statistics(struct store *store)
{
	struct store_statistics result;

	store->ops->statistics(store, &result);
	return result;
}

static inline struct store *
open_store(void)
{
	struct store *store = store_unit_open();

	assert_int_equal(store->ops->start(store), ERROR_NONE);
	return store;
}

static inline void
close_store(struct store *store)
{
	assert_int_equal(store->ops->save(store, false), ERROR_NONE);
	store->ops->close(store);
}

static inline void
put_many(struct store *store, int from, int to)
{
	char key[32], value[64];

	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		snprintf(value, sizeof(value), "value of %d", i);
		assert_int_equal(put(store, key, value), ERROR_NONE);
	}
}

/* How many of them are there; each that is must be right. */
static inline int
count_many(struct store *store, int from, int to)
{
	char key[32], value[64];
	int count = 0;

	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		snprintf(value, sizeof(value), "value of %d", i);
		if (get(store, key) != ERROR_NONE)
			continue;
		assert_int_equal(last.len, strlen(value));
		assert_memory_equal(last.value, value, last.len);
		count++;
	}
	return count;
}

/* Run in a child that is killed at its end. */
static inline void
in_killed_child(void (*run)(struct store *))
{
	struct store *store;
	int wait_status;
	pid_t pid = fork();

	if (pid == 0) {
		store = open_store();
		run(store);
		kill(getpid(), SIGKILL);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFSIGNALED(wait_status));
}

/* For `each`: counts what put_many() stored. */
static inline bool
count_one(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	(void)put_at;
	assert_in_range(key_len, 5, 9);
	assert_memory_equal(key, "key-", 4);
	assert_in_range(value_len, 10, 14);
	++*(int *)arg;
	return true;
}

#endif

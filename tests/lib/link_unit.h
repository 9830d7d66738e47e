/*
 * link_unit: a link to a pretend engine, and a clock that is moved, for the
 * tests of shared_link. Included once, after cmocka.h, by the test's only file.
 */
#ifndef LINK_UNIT_H
#define LINK_UNIT_H

#include "shared_link.h"

#include "clock.h"
#include "unit.h"

#include "pretend_engine.h"
#include "turn_until.h"

/* Long enough that only a moved clock comes to its end. */
#define DEADLINE_S 1000

static struct loop *loop;
static struct loop_timer tick;
static struct pretend_engine engine, other;
static struct shared_servers servers;
static struct shared_link the_link;
static unsigned changes;

struct answers {
	unsigned count;
	enum error errors[64];
	char value[64];
};

static struct answers answers;

static inline void
answer_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	struct answers *to = arg;

	to->errors[to->count++ % 64] = error;
	if (error == ERROR_NONE && value != NULL)
		snprintf(to->value, sizeof(to->value), "%.*s", (int)len,
		    (const char *)value);
}

static inline void
changed_cb(void *arg)
{
	changes++;
}

static inline void
tick_cb(void *arg)
{
	loop_timer_set(&tick, 1000);
}

static inline void
turn(void)
{
	shared_link_flush(&the_link);
	pretend_engine_poll(&engine);
	if (other.listen_fd >= 0)
		pretend_engine_poll(&other);
	loop_run_once(loop);
}

/* The next command that it gets is this. */
static inline void
expect_at(struct pretend_engine *at, const char *start)
{
	char words[4096];

	turn_until(pretend_engine_command(at, words, sizeof(words)));
	if (strncmp(words, start, strlen(start)) != 0)
		fail_msg("got \"%s\", expected \"%s\"", words, start);
}

static inline void
expect(const char *start)
{
	expect_at(&engine, start);
}

static inline void
say(const char *bytes)
{
	pretend_engine_say(&engine, bytes, strlen(bytes));
}

/* Give the probe back that was stored. */
static inline void
answer_probe(struct pretend_engine *at)
{
	char set[512], get[512], name[300], value[300], reply[400];

	turn_until(pretend_engine_command(at, set, sizeof(set)));
	assert_int_equal(sscanf(set, "SET %299s %299s", name, value), 2);
	assert_true(strncmp(name, "tlsmgr:tag:probe:", 17) == 0);
	assert_int_equal(strlen(name), 17 + 16);
	assert_non_null(strstr(set, " PX 10000"));
	pretend_engine_say(at, "+OK\r\n", 5);
	turn_until(pretend_engine_command(at, get, sizeof(get)));
	snprintf(set, sizeof(set), "GET %s", name);
	assert_string_equal(get, set);
	snprintf(reply, sizeof(reply), "$%zu\r\n%s\r\n", strlen(value), value);
	pretend_engine_say(at, reply, strlen(reply));
}

static inline void
start_with(const char *list, const char *user, const char *password)
{
	const struct shared_link_config config = {
		.servers = &servers,
		.user = user,
		.password = password,
		.probe_prefix = "tlsmgr:tag:probe:",
		.deadline_us = DEADLINE_S * UINT64_C(1000000),
		.reply_max = 8192,
		.bytes_max = 100000,
		.changed = changed_cb,
	};
	char *cause = NULL;

	assert_int_equal(
	    shared_servers_parse(&servers, list, &cause), ERROR_NONE);
	shared_link_init(&the_link, &config);
	shared_link_start(&the_link, loop);
}

static inline void
start(void)
{
	char list[3 * PATH_MAX];

	snprintf(list, sizeof(list), "unix:%s", engine.path);
	start_with(list, NULL, NULL);
}

static inline void
start_up(void)
{
	start();
	answer_probe(&engine);
	turn_until(the_link.state == SHARED_LINK_UP);
}

static inline enum error
send_command(enum shared_verb verb, const char *name, const char *value)
{
	const struct shared_command command = { .verb = verb,
		.name = name,
		.value = value,
		.len = value != NULL ? strlen(value) : 0,
		.ttl_ms = 2500 };

	return shared_link_send(&the_link, &command, answer_cb, &answers);
}

static inline void
expect_answers(unsigned count, enum error last)
{
	turn_until(answers.count >= count);
	assert_int_equal(answers.count, count);
	assert_int_equal(answers.errors[count - 1], last);
}

static inline int
setup(void **state)
{
	int result = unit_setup(state);

	loop = loop_new();
	loop_timer_init(&tick, loop, tick_cb, NULL);
	tick_cb(NULL);
	other.listen_fd = other.fd = -1;
	pretend_engine_start(&engine, "engine");
	memset(&answers, 0, sizeof(answers));
	changes = 0;
	return result;
}

static inline int
teardown(void **state)
{
	shared_link_fini(&the_link);
	shared_servers_fini(&servers);
	pretend_engine_stop(&engine);
	if (other.listen_fd >= 0)
		pretend_engine_stop(&other);
	loop_timer_fini(&tick);
	loop_free(loop);
	return unit_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

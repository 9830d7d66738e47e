/*
 * Unit tests of shared_link: what an engine says that it should not, and what
 * it refuses. Covers shared_verdict.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link_unit.h"

/* What an engine says that asked for nothing, or for something else. */
static const struct {
	enum shared_verb verb;
	const char *reply;
} improper[] = {
	{ SHARED_GET, "+OK\r\n" },
	{ SHARED_GET, ":1\r\n" },
	{ SHARED_GET, "*1\r\n$1\r\na\r\n" },
	{ SHARED_GET, "*2147483647\r\n" },
	{ SHARED_GET, "garbage\r\n" },
	{ SHARED_SET, "$2\r\nOK\r\n" },
	{ SHARED_SET, "$-1\r\n" },
	{ SHARED_SET, ":1\r\n" },
	{ SHARED_DEL, "+OK\r\n" },
	{ SHARED_DEL, "$-1\r\n" },
	{ SHARED_DEL, ":1\r\n:1\r\n" },
	{ SHARED_GET, "$-1\r\n+OK\r\n" },
};

static void
an_improper_answer_ends_the_connection(void **state)
{
	for (size_t i = 0; i < sizeof(improper) / sizeof(improper[0]); i++) {
		start_up();
		unit_log_clear();
		send_command(improper[i].verb, "a",
		    improper[i].verb == SHARED_SET ? "v" : NULL);
		shared_link_flush(&the_link);
		pretend_engine_poll(&engine);
		say(improper[i].reply);
		turn_until(the_link.state == SHARED_LINK_DOWN);
		assert_true(unit_log_has("sends what is no answer"));
		pretend_engine_hang_up(&engine);
		shared_link_fini(&the_link);
		shared_servers_fini(&servers);
	}
}

static void
a_reply_that_never_ends_ends_the_connection(void **state)
{
	static const char more[1000] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

	start_up();
	send_command(SHARED_GET, "a", NULL);
	expect("GET");
	say("$999999999\r\n");
	for (int i = 0; i < 10 && the_link.state == SHARED_LINK_UP; i++) {
		if (engine.fd >= 0)
			(void)send(engine.fd, more, sizeof(more), MSG_NOSIGNAL);
		turn();
	}
	assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	expect_answers(1, ERROR_CLOSED);
}

/* What becomes of a SET, and when it is tried again at the earliest. */
static const struct {
	const char *reply;
	enum error error;
	bool is_down;
	unsigned wait_s;
	const char *warning;
} errors[] = {
	{ "-READONLY You can't write\r\n", ERROR_CLOSED, true, 0, "READONLY" },
	{ "-LOADING Redis is loading\r\n", ERROR_CLOSED, true, 0, "LOADING" },
	{ "-MASTERDOWN Link\r\n", ERROR_CLOSED, true, 0, "MASTERDOWN" },
	{ "-CLUSTERDOWN x\r\n", ERROR_CLOSED, true, 0, "CLUSTERDOWN" },
	{ "-NOREPLICAS Not enough good replicas to write.\r\n", ERROR_CLOSED,
	    true, 0, "NOREPLICAS" },
	{ "-MOVED 3999 127.0.0.1:6381\r\n", ERROR_CLOSED, true, 0,
	    "is a cluster node: name a proxy" },
	{ "-ASK 3999 127.0.0.1:6381\r\n", ERROR_CLOSED, true, 0,
	    "is a cluster node: name a proxy" },
	{ "-NOAUTH Authentication required.\r\n", ERROR_CLOSED, true, 30,
	    "NOAUTH" },
	{ "-NOPERM this user has no permissions\r\n", ERROR_CLOSED, true, 30,
	    "NOPERM this user" },
	{ "-OOM command not allowed\r\n", ERROR_NO_SPACE, false, 0,
	    "stores nothing, lookups go on: OOM" },
	{ "-MISCONF Redis is configured\r\n", ERROR_NO_SPACE, false, 0,
	    "stores nothing, lookups go on: MISCONF" },
	{ "-BUSY Redis is busy\r\n", ERROR_IO, false, 0, NULL },
	{ "-TRYAGAIN x\r\n", ERROR_IO, false, 0, NULL },
	{ "-ERR syntax error\r\n", ERROR_IO, false, 0, NULL },
	{ "-\r\n", ERROR_IO, false, 0, NULL },
};

static void
errors_of_the_engine_have_their_consequences(void **state)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		start_up();
		unit_log_clear();
		memset(&answers, 0, sizeof(answers));
		send_command(SHARED_SET, "a", "v");
		expect("SET a");
		say(errors[i].reply);
		expect_answers(1, errors[i].error);
		assert_int_equal(
		    the_link.state == SHARED_LINK_DOWN, errors[i].is_down);
		if (errors[i].warning != NULL)
			assert_true(unit_log_has(errors[i].warning));
		else
			assert_int_equal(unit_log_complaints(), 0);
		if (errors[i].wait_s > 0)
			assert_true(the_link.due_us - clock_monotonic_us() >
				    (errors[i].wait_s - 1) * 1000000);
		else if (errors[i].is_down)
			assert_true(
			    the_link.due_us - clock_monotonic_us() < 1000000);
		pretend_engine_hang_up(&engine);
		shared_link_fini(&the_link);
		shared_servers_fini(&servers);
	}
}

static void
ten_refused_commands_in_a_row_are_enough(void **state)
{
	start_up();
	for (unsigned i = 1; i <= 10; i++) {
		assert_int_equal(the_link.state, SHARED_LINK_UP);
		send_command(SHARED_SET, "a", "v");
		expect("SET a");
		say("-ERR no\r\n");
		expect_answers(i, i < 10 ? ERROR_IO : ERROR_CLOSED);
	}
	assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	assert_true(unit_log_has("refuses all commands: ERR no"));
}

/* Whatever it repeats of what it was told. */
static void
no_password_and_no_record_gets_into_the_log(void **state)
{
	char list[3 * PATH_MAX];

	snprintf(list, sizeof(list), "unix:%s", engine.path);
	start_with(list, "tlsmgr", "correct-horse");
	expect("AUTH tlsmgr correct-horse");
	say("-ERR AUTH tlsmgr correct-horse is nonsense\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_true(unit_log_has("does not let us in"));
	assert_false(unit_log_has("horse"));
	pretend_engine_hang_up(&engine);
	shared_link_fini(&the_link);
	shared_servers_fini(&servers);
	start();
	expect("SET tlsmgr:");
	say("-ERR unknown command 'SET', with args beginning with: 'tlsmgr:a' "
	    "'record'\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_true(unit_log_has("refuses all commands: ERR unknown command"));
	assert_false(unit_log_has("record"));
}

/* A replica that begins to load says so to whatever it is asked. */
static void
an_error_to_auth_is_not_always_about_the_password(void **state)
{
	char list[3 * PATH_MAX];

	snprintf(list, sizeof(list), "unix:%s", engine.path);
	start_with(list, NULL, "correct-horse");
	expect("AUTH correct-horse");
	say("-LOADING Redis is loading the dataset in memory\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_true(unit_log_has("cannot be used as it is: LOADING"));
	assert_true(the_link.due_us - clock_monotonic_us() < 1000000);
}

/* Of a full one lookups go on, however many sessions it refuses. */
static void
one_that_stores_nothing_is_not_given_up_for_one_error_more(void **state)
{
	start_up();
	for (unsigned i = 1; i <= 20; i++) {
		send_command(SHARED_SET, "a", "v");
		expect("SET a");
		say(i < 20 ? "-OOM command not allowed\r\n" : "-ERR no\r\n");
		expect_answers(i, i < 20 ? ERROR_NO_SPACE : ERROR_IO);
	}
	assert_int_equal(the_link.state, SHARED_LINK_UP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_improper_answer_ends_the_connection),
		TEST(a_reply_that_never_ends_ends_the_connection),
		TEST(errors_of_the_engine_have_their_consequences),
		TEST(ten_refused_commands_in_a_row_are_enough),
		TEST(no_password_and_no_record_gets_into_the_log),
		TEST(an_error_to_auth_is_not_always_about_the_password),
		TEST(
		    one_that_stores_nothing_is_not_given_up_for_one_error_more),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of shared_link, with a pretend engine and a clock that is moved.
 * Covers shared_link_probe.c and shared_link_failure.c, and shared_pipeline.c
 * over a socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link_unit.h"

static void
it_is_up_when_the_engine_gave_back_what_it_stored(void **state)
{
	start();
	assert_string_equal(shared_link_state_name(&the_link), "connecting");
	assert_int_equal(send_command(SHARED_GET, "a", NULL), ERROR_CLOSED);
	answer_probe(&engine);
	turn_until(the_link.state == SHARED_LINK_UP);
	assert_int_equal(changes, 1);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
a_password_comes_first_with_a_user_or_without(void **state)
{
	char list[3 * PATH_MAX];

	snprintf(list, sizeof(list), "unix:%s", engine.path);
	start_with(list, "tlsmgr", "very secret");
	expect("AUTH tlsmgr very secret");
	say("+OK\r\n");
	answer_probe(&engine);
	turn_until(the_link.state == SHARED_LINK_UP);
	shared_link_fini(&the_link);
	shared_servers_fini(&servers);
	start_with(list, NULL, "p");
	expect("AUTH p");
	say("-WRONGPASS invalid\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_true(unit_log_has("WRONGPASS invalid"));
	assert_false(unit_log_has("very secret"));
	assert_true(the_link.due_us - clock_monotonic_us() > 29000000);
}

static void
a_full_engine_is_up_and_one_that_gives_back_another_probe_is_not(void **state)
{
	start();
	expect("SET");
	say("-OOM command not allowed\r\n");
	expect("GET");
	say("$-1\r\n");
	turn_until(the_link.state == SHARED_LINK_UP);
	assert_true(unit_log_has("stores nothing, lookups go on: OOM"));
	shared_link_fini(&the_link);
	shared_servers_fini(&servers);
	start();
	expect("SET");
	say("+OK\r\n");
	expect("GET");
	say("$16\r\n0123456789abcdef\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_true(unit_log_has("sends what is no answer"));
}

static void
commands_go_out_together_and_are_answered_in_order(void **state)
{
	start_up();
	send_command(SHARED_GET, "a", NULL);
	send_command(SHARED_SET, "b", "value");
	send_command(SHARED_DEL, "c", NULL);
	send_command(SHARED_GET, "d", NULL);
	shared_link_flush(&the_link);
	pretend_engine_poll(&engine);
	assert_non_null(strstr(engine.received, "GET"));
	assert_non_null(strstr(engine.received, "DEL"));
	expect("GET a");
	expect("SET b value PX 2500");
	expect("DEL c");
	expect("GET d");
	say("$5\r\nhello\r\n+OK\r\n:1\r\n$-1\r\n");
	expect_answers(4, ERROR_NOT_FOUND);
	for (int i = 0; i < 3; i++)
		assert_int_equal(answers.errors[i], ERROR_NONE);
	assert_string_equal(answers.value, "hello");
	assert_int_equal(the_link.pipeline.bytes, 0);
}

static void
a_lookup_past_its_deadline_is_late_and_its_answer_comes_after(void **state)
{
	start_up();
	send_command(SHARED_GET, "a", NULL);
	send_command(SHARED_SET, "b", "value");
	expect("GET");
	clock_advance(DEADLINE_S - 1);
	shared_link_wake(&the_link);
	assert_int_equal(answers.count, 0);
	clock_advance(1);
	shared_link_wake(&the_link);
	expect_answers(1, ERROR_TIMED_OUT);
	assert_int_equal(the_link.state, SHARED_LINK_UP);
	say("$2\r\nhi\r\n+OK\r\n");
	expect_answers(3, ERROR_NONE);
	assert_string_equal(answers.value, "hi");
}

static void
an_answer_that_is_there_at_the_deadline_is_in_time(void **state)
{
	start_up();
	send_command(SHARED_GET, "a", NULL);
	expect("GET");
	say("$2\r\nhi\r\n");
	clock_advance(DEADLINE_S + 1);
	shared_link_wake(&the_link);
	expect_answers(1, ERROR_NONE);
}

static void
three_deadlines_in_a_row_end_the_wait_for_all(void **state)
{
	start_up();
	for (int i = 0; i < 5; i++)
		send_command(SHARED_GET, "a", NULL);
	send_command(SHARED_SET, "b", "value");
	shared_link_flush(&the_link);
	clock_advance(DEADLINE_S);
	shared_link_wake(&the_link);
	assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	/* Three twice, and the rest once. */
	assert_int_equal(answers.count, 3 + 6);
	for (unsigned i = 0; i < answers.count; i++)
		assert_int_equal(
		    answers.errors[i], i < 3 ? ERROR_TIMED_OUT : ERROR_CLOSED);
	assert_int_equal(changes, 2);
	assert_true(unit_log_has("does not answer within"));
	assert_int_equal(send_command(SHARED_GET, "a", NULL), ERROR_CLOSED);
}

static void
the_next_server_of_the_list_is_tried(void **state)
{
	char list[3 * PATH_MAX];

	pretend_engine_start(&other, "other");
	snprintf(
	    list, sizeof(list), "unix:%s, unix:%s", engine.path, other.path);
	start_with(list, NULL, NULL);
	expect("SET");
	say("-READONLY You can't write against a read only replica.\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	answer_probe(&other); /* within real time: 0.15 s at most */
	turn_until(the_link.state == SHARED_LINK_UP);
	assert_string_equal(
	    shared_link_server(&the_link), servers.list[1].text);
	assert_int_equal(unit_log_complaints(), 1);
}

static void
one_that_is_not_there_is_warned_of_once_and_tried_ever_less_often(void **state)
{
	pretend_engine_stop(&engine);
	start();
	assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	for (int i = 0; i < 50; i++) {
		clock_advance(46);
		shared_link_wake(&the_link);
		assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	}
	assert_int_equal(the_link.statistics.connects, 51);
	assert_true(the_link.due_us - clock_monotonic_us() >= 14000000);
	assert_true(the_link.due_us - clock_monotonic_us() <= 45000000);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("cannot be connected to: No such file"));
	assert_int_equal(changes, 0);
}

/* Have it try again, and hang up on it. */
static void
try_again(unsigned after_s)
{
	unsigned before = engine.accepted;

	clock_advance(after_s);
	shared_link_wake(&the_link);
	turn_until(engine.accepted > before);
	pretend_engine_hang_up(&engine);
	turn_until(the_link.state == SHARED_LINK_DOWN);
}

/* The second one begins in the minute in which the first was warned of. */
static void
an_outage_that_lasts_is_warned_of_whatever_was_before_it(void **state)
{
	start_up();
	pretend_engine_hang_up(&engine);
	turn_until(the_link.state == SHARED_LINK_DOWN);
	clock_advance(1);
	answer_probe(&engine);
	turn_until(the_link.state == SHARED_LINK_UP);
	pretend_engine_hang_up(&engine);
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_int_equal(unit_log_complaints(), 1);
	try_again(60);
	assert_int_equal(unit_log_complaints(), 2);
	try_again(60);
	assert_int_equal(unit_log_complaints(), 2);
}

static void
one_that_accepts_and_is_silent_is_never_up(void **state)
{
	start();
	expect("SET");
	clock_advance(DEADLINE_S);
	shared_link_wake(&the_link);
	assert_int_equal(the_link.state, SHARED_LINK_DOWN);
	assert_int_equal(changes, 0);
	assert_true(unit_log_has("does not answer within"));
}

static void
one_that_hangs_up_is_noticed_at_once(void **state)
{
	start_up();
	send_command(SHARED_GET, "a", NULL);
	shared_link_flush(&the_link);
	pretend_engine_hang_up(&engine);
	turn_until(the_link.state == SHARED_LINK_DOWN);
	expect_answers(1, ERROR_CLOSED);
	assert_true(unit_log_has("closed the connection"));
	clock_advance(1);
	shared_link_wake(&the_link);
	answer_probe(&engine);
	turn_until(the_link.state == SHARED_LINK_UP);
	assert_int_equal(changes, 3);
}

static void
what_is_not_answered_is_bounded_and_leaves_room_for_lookups(void **state)
{
	char value[30001];
	unsigned sent = 0;

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	start_up();
	assert_int_equal(shared_link_room(&the_link), 65536);
	while (shared_link_room(&the_link) > 0)
		assert_int_equal(
		    send_command(SHARED_SET, "a", value), ERROR_NONE),
		    sent++;
	assert_int_equal(sent, 3);
	assert_int_equal(send_command(SHARED_SET, "a", value), ERROR_NO_SPACE);
	assert_int_equal(send_command(SHARED_GET, "a", NULL), ERROR_NONE);
	for (unsigned i = 0; i < sent; i++) {
		char words[40000];

		turn_until(
		    pretend_engine_command(&engine, words, sizeof(words)));
		say("+OK\r\n");
	}
	turn_until(answers.count == sent);
	assert_int_equal(shared_link_room(&the_link), 65536);
}

static void
pause_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	answer_cb(&answers, error, value, len);
	if (error == ERROR_NONE)
		shared_link_give_up(&the_link, SHARED_FAILURE_RECORDS, "");
}

static void
whoever_is_called_back_may_end_the_connection(void **state)
{
	const struct shared_command command = { .verb = SHARED_GET,
		.name = "a" };

	start_up();
	for (int i = 0; i < 3; i++)
		shared_link_send(&the_link, &command, pause_cb, NULL);
	expect("GET");
	say("$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
	turn_until(the_link.state == SHARED_LINK_DOWN);
	assert_int_equal(answers.count, 3);
	assert_int_equal(answers.errors[0], ERROR_NONE);
	assert_int_equal(answers.errors[1], ERROR_CLOSED);
	assert_int_equal(answers.errors[2], ERROR_CLOSED);
	assert_true(the_link.due_us - clock_monotonic_us() > 299000000);
}

static void
without_a_server_it_is_off(void **state)
{
	start_with("", NULL, NULL);
	assert_string_equal(shared_link_state_name(&the_link), "off");
	assert_string_equal(shared_link_server(&the_link), "");
	assert_int_equal(send_command(SHARED_GET, "a", NULL), ERROR_CLOSED);
	shared_link_flush(&the_link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_up_when_the_engine_gave_back_what_it_stored),
		TEST(a_password_comes_first_with_a_user_or_without),
		TEST(
		    a_full_engine_is_up_and_one_that_gives_back_another_probe_is_not),
		TEST(commands_go_out_together_and_are_answered_in_order),
		TEST(
		    a_lookup_past_its_deadline_is_late_and_its_answer_comes_after),
		TEST(an_answer_that_is_there_at_the_deadline_is_in_time),
		TEST(three_deadlines_in_a_row_end_the_wait_for_all),
		TEST(the_next_server_of_the_list_is_tried),
		TEST(
		    one_that_is_not_there_is_warned_of_once_and_tried_ever_less_often),
		TEST(an_outage_that_lasts_is_warned_of_whatever_was_before_it),
		TEST(one_that_accepts_and_is_silent_is_never_up),
		TEST(one_that_hangs_up_is_noticed_at_once),
		TEST(
		    what_is_not_answered_is_bounded_and_leaves_room_for_lookups),
		TEST(whoever_is_called_back_may_end_the_connection),
		TEST(without_a_server_it_is_off),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

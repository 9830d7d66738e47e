/*
 * Unit tests of the request for the history, a slice at a time, and of the
 * figures of a service that are kept in one. Covers service_latency.c.
 */
#include "clock.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "service_unit.h"

static struct service_call call;
static struct buffer reply;
static bool is_done;

static void
call_done(struct service_call *done)
{
	is_done = done == &call;
}

static int
setup(void **state)
{
	int result = service_unit_setup(state);

	call = (struct service_call){ .reply = &reply, .done = call_done };
	history_add_row(&history, "one", HISTORY_COUNTER);
	history_add_row(&history, "two", HISTORY_GAUGE);
	return result;
}

static int
teardown(void **state)
{
	buffer_fini(&reply);
	return service_unit_teardown(state);
}

static char answer[64 * 1024 + 1];

/* One request, with a bar for each NUL, as in the answer. */
static const char *
ask(const char *text)
{
	unsigned char data[1024];
	struct attr_reader reader;
	struct attr_list list;
	size_t len = strlen(text), used;

	for (size_t i = 0; i < len; i++)
		data[i] = text[i] == '|' ? '\0' : (unsigned char)text[i];
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, data, len, &used), ERROR_NONE);
	attr_list_init(&list, &reader, data);
	is_done = false;
	(void)service_begin(&service, &list, &call);
	service_run(&list, &call);
	assert_true(is_done);
	assert_true(reply.len < sizeof(answer));
	for (size_t i = 0; i < reply.len; i++) {
		answer[i] = (char)buffer_head(&reply)[i];
		if (answer[i] == '\0')
			answer[i] = '|';
	}
	answer[reply.len] = '\0';
	buffer_clear(&reply, 0);
	return answer;
}

/* A minute that was so many before this one. */
static void
record(int64_t minutes_ago, uint64_t value)
{
	static uint64_t monotonic_us = 1000000;
	time_t then = clock_wall_s() - minutes_ago * HISTORY_MINUTE_S;
	const uint64_t before[HISTORY_ROWS_MAX] = { 0 };
	uint64_t after[HISTORY_ROWS_MAX];

	for (size_t i = 0; i < HISTORY_ROWS_MAX; i++)
		after[i] = value;
	history_look(&history, then, monotonic_us, before);
	monotonic_us += 60000000;
	history_look(&history, then, monotonic_us, after);
	history.has_begun = false;
}

#define HEAD "file|/run/x|counter|one|gauge|two|"

static void
history_is_what_the_rows_are_and_each_minute(void **state)
{
	long long minute = clock_wall_s() / 60;
	char wanted[256];

	assert_string_equal(
	    ask("request|history|cursor|0||"), "status|0|cursor|0|" HEAD "|");
	record(10, 7);
	record(3, 8);
	snprintf(wanted, sizeof(wanted),
	    "status|0|cursor|0|" HEAD "time|%lld|duration_ms|60000|values|7 7|"
	    "time|%lld|duration_ms|60000|values|8 8||",
	    60 * (minute - 10), 60 * (minute - 3));
	assert_string_equal(ask("request|history|cursor|0||"), wanted);
	assert_int_equal(service.complaint_count, 0);
}

static void
history_begins_at_the_cursor_and_ends_now(void **state)
{
	long long minute = clock_wall_s() / 60;
	char request[64];

	record(10, 7);
	record(3, 8);
	record(-2, 9);
	snprintf(request, sizeof(request), "request|history|cursor|%lld||",
	    60 * (minute - 4));
	ask(request);
	assert_null(strstr(answer, "|7 7|"));
	assert_non_null(strstr(answer, "|8 8|"));
	/* What a clock that was ahead has left is for later. */
	assert_null(strstr(answer, "|9 9|"));
	clock_advance(180);
	assert_non_null(strstr(ask(request), "|9 9|"));
	ask("request|history|cursor|18446744073709551615||");
	assert_string_equal(answer, "status|0|cursor|0|" HEAD "|");
}

static void
a_full_history_comes_in_slices_each_minute_once(void **state)
{
	char request[64];
	unsigned long long cursor = 0, time_s, last = 0;
	unsigned slices = 0, minutes = 0;

	for (int i = 2; i < HISTORY_ROWS_MAX; i++)
		history_add_row(
		    &history, "a.name.of.thirty.characters...", HISTORY_BYTES);
	for (int i = 0; i < HISTORY_MINUTES; i++)
		record(i, UINT64_MAX);
	do {
		snprintf(request, sizeof(request),
		    "request|history|cursor|%llu||", cursor);
		ask(request);
		assert_int_equal(
		    sscanf(answer, "status|0|cursor|%llu|", &cursor), 1);
		for (const char *at = answer;
		     (at = strstr(at, "|time|")) != NULL; at++) {
			assert_int_equal(sscanf(at, "|time|%llu|", &time_s), 1);
			assert_true(time_s > last);
			last = time_s;
			minutes++;
		}
		slices++;
	} while (cursor != 0);
	assert_in_range(minutes, HISTORY_MINUTES - 1, HISTORY_MINUTES);
	assert_true(slices > 20);
}

static void
a_cursor_that_is_none_fails(void **state)
{
	static const char *const bad[] = { "request|history||",
		"request|history|cursor|||", "request|history|cursor|-1||",
		"request|history|cursor|x||", "request|history|since|0||",
		"request|history|cursor|18446744073709551616||" };

	record(0, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_string_equal(
		    ask(bad[i]), "status|4294967294|cursor|0|file|||");
		assert_int_equal(service.complaint_count, i + 1);
	}
}

/* The value of that name, of the last service_each_figure(). */
static const char *wanted_figure;
static uint64_t found;

static void
figure(void *arg, const char *name, uint64_t value)
{
	if (strcmp(name, wanted_figure) == 0)
		found = value;
}

static void
expect_figure(const char *name, uint64_t value)
{
	wanted_figure = name;
	found = UINT64_MAX;
	service_each_figure(&service, figure, NULL);
	assert_int_equal(found, value);
}

static void
figures_are_of_all_requests_and_times_of_those_of_postfix(void **state)
{
	ask("request|policy|cache_type|smtpd||");
	ask("request|seed|size|1||");
	service_note_latency(&service, 15);
	ask("request|stats||");
	ask("request|what||");
	service_note_latency(&service, 6000000);
	expect_figure("request.policy", 1);
	expect_figure("request.stats", 1);
	expect_figure("request.unknown", 1);
	expect_figure("latency.le.10", 0);
	expect_figure("latency.le.20", 2);
	expect_figure("latency.le.5000000", 2);
	expect_figure("latency.count", 3);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(history_is_what_the_rows_are_and_each_minute),
		TEST(history_begins_at_the_cursor_and_ends_now),
		TEST(a_full_history_comes_in_slices_each_minute_once),
		TEST(a_cursor_that_is_none_fails),
		TEST(figures_are_of_all_requests_and_times_of_those_of_postfix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

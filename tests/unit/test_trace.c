/*
 * Unit tests of what root alone may ask: a trace, its filter and its bounds;
 * and more in the log. Covers trace.c, request_trace.c and request_verbose.c.
 */
#include "trace.h"

#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service_unit.h"

/* Lists are written with a bar for each NUL. */
#define BEGUN      "status|0|reason|||"
#define ALL        "request|trace|cache_type||filter|||"
#define OF(type)   "request|trace|cache_type|" type "|filter|||"
#define WITH(text) "request|trace|cache_type||filter|" text "||"

/* Somebody who asks, and what was answered. */
struct side {
	struct service_call call;
	struct buffer reply;
	unsigned done, more;
};

static struct side client, tracers[TRACE_TRACERS_MAX + 1];

static struct side *
side_of(struct service_call *call)
{
	return (struct side *)((char *)call - offsetof(struct side, call));
}

static void
done(struct service_call *call)
{
	side_of(call)->done++;
}

static void
more(struct service_call *call)
{
	side_of(call)->more++;
}

static void
side_init(struct side *side, uid_t uid)
{
	*side = (struct side){
		.call = {
			.peer = { .pid = 123, .uid = uid },
			.reply = &side->reply,
			.done = done,
			.more = more,
		},
	};
}

static int
setup(void **state)
{
	side_init(&client, 7);
	for (size_t i = 0; i <= TRACE_TRACERS_MAX; i++)
		side_init(&tracers[i], 0);
	return service_unit_setup(state);
}

static int
teardown(void **state)
{
	buffer_fini(&client.reply);
	for (size_t i = 0; i <= TRACE_TRACERS_MAX; i++) {
		if (tracers[i].call.service != NULL)
			service_stop(&tracers[i].call);
		buffer_fini(&tracers[i].reply);
	}
	assert_int_equal(service.tracer_count, 0);
	return service_unit_teardown(state);
}

/* The request's bytes are gone when this returns. */
static void
ask(struct side *side, const char *text)
{
	size_t len = strlen(text), used;
	unsigned char *data = malloc(len);
	struct attr_reader reader;
	struct attr_list list;

	for (size_t i = 0; i < len; i++)
		data[i] = text[i] == '|' ? '\0' : (unsigned char)text[i];
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, data, len, &used), ERROR_NONE);
	attr_list_init(&list, &reader, data);
	(void)service_begin(&service, &list, &side->call);
	service_run(&list, &side->call);
	memset(data, 'x', len);
	free(data);
}

/* What was answered so far, which is then forgotten. */
static const char *
take(struct side *side)
{
	static char text[2 * TRACE_PENDING_MAX];
	size_t len = side->reply.len;

	assert_true(len < sizeof(text));
	for (size_t i = 0; i < len; i++) {
		char c = (char)buffer_head(&side->reply)[i];

		text[i] = c == '\0' ? '|' : c;
	}
	text[len] = '\0';
	buffer_clear(&side->reply, 0);
	return text;
}

/* Does the tracer have one event, and is it this one? */
static void
expect_event(struct side *tracer, const char *wanted)
{
	const char *text = take(tracer), *at = strstr(text, "|pid|");

	assert_non_null(at);
	assert_memory_equal(text, "time_us|", 8);
	assert_memory_equal(at + 1, wanted, strlen(wanted));
	at += 1 + strlen(wanted);
	assert_memory_equal(at, "duration_us|", 12);
	at = strstr(at, "||");
	assert_non_null(at);
	assert_string_equal(at, "||");
}

#define EVENT(type, request, id, result, size)                         \
	"pid|123|cache_type|" type "|request|" request "|cache_id|" id \
	"|result|" result "|size|" size "|"

static void
begin(struct side *tracer, const char *request)
{
	ask(tracer, request);
	assert_string_equal(take(tracer), BEGUN);
	assert_int_equal(tracer->more, 1);
	assert_int_equal(tracer->done, 0);
}

static void
a_trace_tells_what_was_asked_and_what_came_of_it(void **state)
{
	struct side *tracer = &tracers[0];

	begin(tracer, ALL);
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	expect_event(tracer, EVENT("smtpd", "lookup", "x", "miss", "0"));
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|x|session|aGk=||");
	expect_event(tracer, EVENT("smtpd", "update", "x", "stored", "2"));
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	expect_event(tracer, EVENT("smtpd", "lookup", "x", "hit", "2"));
	ask(&client, "request|delete|cache_type|smtpd|cache_id|x||");
	expect_event(tracer, EVENT("smtpd", "delete", "x", "deleted", "0"));
	ask(&client, "request|delete|cache_type|smtpd|cache_id|x||");
	expect_event(tracer, EVENT("smtpd", "delete", "x", "absent", "0"));
	ask(&client, "request|lookup|cache_type|lmtp|cache_id|x||");
	expect_event(
	    tracer, EVENT("lmtp", "lookup", "x", "error: not enabled", "0"));
	assert_int_equal(client.done, 6);
}

static void
a_trace_never_has_what_is_in_a_session(void **state)
{
	begin(&tracers[0], ALL);
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|x|session|c2VjcmV0||");
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	take(&client);
	assert_null(strstr(take(&tracers[0]), "c2VjcmV0"));
}

static void
a_trace_has_what_its_filter_lets_pass(void **state)
{
	begin(&tracers[0], OF("smtpd"));
	begin(&tracers[1], WITH("example.com"));
	begin(
	    &tracers[2], "request|trace|cache_type|smtpd|filter|example.com||");
	ask(&client,
	    "request|lookup|cache_type|lmtp|cache_id|mx.example.com||");
	assert_string_equal(take(&tracers[0]), "");
	expect_event(&tracers[1], EVENT("lmtp", "lookup", "mx.example.com",
				      "error: not enabled", "0"));
	assert_string_equal(take(&tracers[2]), "");
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|y||");
	expect_event(&tracers[0], EVENT("smtpd", "lookup", "y", "miss", "0"));
	assert_string_equal(take(&tracers[1]), "");
	assert_string_equal(take(&tracers[2]), "");
}

/* The store answers later: by then the request's bytes are others'. */
static void
an_event_is_made_at_the_answer(void **state)
{
	begin(&tracers[0], ALL);
	store.is_late = true;
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|late|session|aGk=||");
	assert_string_equal(take(&tracers[0]), "");
	clock_advance(2);
	store_memory_answer(&store);
	assert_int_equal(client.done, 1);
	assert_non_null(strstr(take(&tracers[0]),
	    EVENT("smtpd", "update", "late", "stored", "2") "duration_us|200"));
}

/* One that came too late, and one that has gone. */
static void
who_traces_at_the_answer_is_told(void **state)
{
	begin(&tracers[0], ALL);
	store.is_late = true;
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|x|session|aGk=||");
	service_stop(&tracers[0].call);
	begin(&tracers[1], ALL);
	store_memory_answer(&store);
	assert_string_equal(take(&tracers[0]), "");
	expect_event(&tracers[1], EVENT("smtpd", "update", "x", "stored", "2"));
	assert_null(client.call.event);
}

static void
nothing_is_kept_while_nobody_traces_it(void **state)
{
	store.is_late = true;
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|x|session|aGk=||");
	assert_null(client.call.event);
	store_memory_answer(&store);
	begin(&tracers[0], WITH("other"));
	ask(&client,
	    "request|update|cache_type|smtpd|cache_id|x|session|aGk=||");
	assert_null(client.call.event);
	store_memory_answer(&store);
}

static void
what_a_tracer_does_not_take_is_bounded_and_the_rest_counted(void **state)
{
	struct side *tracer = &tracers[0];
	unsigned told;
	char wanted[64];

	begin(tracer, ALL);
	for (int i = 0; i < 2000; i++) {
		ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
		take(&client);
	}
	told = tracer->more - 1;
	assert_true(told > 100 && told < 2000);
	assert_true(tracer->reply.len > TRACE_PENDING_MAX);
	assert_true(tracer->reply.len < TRACE_PENDING_MAX + 512);
	assert_null(strstr(take(tracer), "dropped|1"));
	/* The next that gets through says how many did not. */
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	snprintf(wanted, sizeof(wanted), "|dropped|%u||", 2000 - told);
	assert_non_null(strstr(take(tracer), wanted));
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	assert_non_null(strstr(take(tracer), "|dropped|0||"));
	assert_int_equal(client.done, 2002);
}

static void
who_has_taken_all_is_told_at_once_what_it_missed(void **state)
{
	struct side *tracer = &tracers[0];
	char wanted[64];

	begin(tracer, ALL);
	for (int i = 0; i < 2000; i++) {
		ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
		take(&client);
	}
	take(tracer);
	snprintf(
	    wanted, sizeof(wanted), "dropped|%u||", 2000 - (tracer->more - 1));
	service_taken(&tracer->call);
	assert_string_equal(take(tracer), wanted);
	service_taken(&tracer->call);
	assert_string_equal(take(tracer), "");
	ask(&client, "request|lookup|cache_type|smtpd|cache_id|x||");
	assert_non_null(strstr(take(tracer), "|dropped|0||"));
}

static void
there_are_so_many_traces_and_no_more(void **state)
{
	struct side *fifth = &tracers[TRACE_TRACERS_MAX];

	for (int i = 0; i < TRACE_TRACERS_MAX; i++)
		begin(&tracers[i], ALL);
	ask(fifth, ALL);
	assert_string_equal(take(fifth),
	    "status|4294967295|reason|4 traces run already, and no more "
	    "may||");
	assert_int_equal(fifth->done, 1);
	fifth->done = 0;
	service_stop(&tracers[2].call);
	begin(fifth, ALL);
	assert_int_equal(service.tracer_count, TRACE_TRACERS_MAX);
}

static void
what_is_roots_is_refused_to_others_and_said(void **state)
{
	ask(&client, ALL);
	assert_string_equal(
	    take(&client), "status|4294967294|reason|trace is root's alone||");
	assert_int_equal(service.tracer_count, 0);
	assert_string_equal(unit_lines,
	    "1:request \"trace\" from process 123, uid 7: it is root's "
	    "alone\n");
	asked.log_level = -1;
	ask(&client, "request|verbose|level|1|minutes|1||");
	assert_string_equal(take(&client),
	    "status|4294967294|reason|verbose is root's alone||");
	assert_int_equal(asked.log_level, -1);
	assert_int_equal(service.complaint_count, 2);
	assert_int_equal(client.done, 2);
}

static void
a_trace_that_is_not_asked_for_properly_is_none(void **state)
{
	struct side *tracer = &tracers[0];

	ask(tracer, "request|trace||");
	assert_non_null(strstr(take(tracer), "no such cache"));
	ask(tracer, OF("nosuch"));
	assert_non_null(strstr(take(tracer), "no such cache"));
	ask(tracer, "request|trace|cache_type|smtp||");
	assert_non_null(strstr(take(tracer), "no filter"));
	/* On standard input, where one answer has to end before the next. */
	tracer->call.more = NULL;
	ask(tracer, ALL);
	assert_non_null(strstr(take(tracer), "cannot go on here"));
	assert_int_equal(tracer->done, 4);
	assert_int_equal(service.tracer_count, 0);
}

static void
the_log_level_is_raised_and_who_wanted_it_is_said(void **state)
{
	struct side *root = &tracers[0];

	ask(root, "request|verbose|level|2|minutes|30||");
	assert_string_equal(take(root), BEGUN);
	assert_int_equal(asked.log_level, 2);
	assert_int_equal(asked.minutes, 30);
	assert_true(unit_log_has("log level raised by 2 until 2023-11-1"));
	assert_true(unit_log_has(", on request of process 123, uid 0\n"));
	unit_log_clear();
	ask(root, "request|verbose|level|0|minutes|1||");
	assert_int_equal(asked.log_level, 0);
	assert_string_equal(unit_lines,
	    "0:log level as configured again, on request of process 123, "
	    "uid 0\n");
}

static void
a_log_level_out_of_bounds_is_refused(void **state)
{
	static const char *const bad[] = {
		"request|verbose||",
		"request|verbose|level|10|minutes|1||",
		"request|verbose|level|-1|minutes|1||",
		"request|verbose|level|x|minutes|1||",
		"request|verbose|level|1||",
		"request|verbose|level|1|minutes|0||",
		"request|verbose|level|1|minutes|1441||",
	};

	asked.log_level = -1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask(&tracers[0], bad[i]);
		assert_non_null(strstr(take(&tracers[0]),
		    i < 4 ? "level is not 0 to 9" : "minutes are not 1 to"));
	}
	assert_int_equal(asked.log_level, -1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_trace_tells_what_was_asked_and_what_came_of_it),
		TEST(a_trace_never_has_what_is_in_a_session),
		TEST(a_trace_has_what_its_filter_lets_pass),
		TEST(an_event_is_made_at_the_answer),
		TEST(who_traces_at_the_answer_is_told),
		TEST(nothing_is_kept_while_nobody_traces_it),
		TEST(
		    what_a_tracer_does_not_take_is_bounded_and_the_rest_counted),
		TEST(who_has_taken_all_is_told_at_once_what_it_missed),
		TEST(there_are_so_many_traces_and_no_more),
		TEST(what_is_roots_is_refused_to_others_and_said),
		TEST(a_trace_that_is_not_asked_for_properly_is_none),
		TEST(the_log_level_is_raised_and_who_wanted_it_is_said),
		TEST(a_log_level_out_of_bounds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

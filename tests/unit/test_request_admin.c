/*
 * Unit tests of the requests of administrators: handlers over a store in
 * memory, with a daemon that only remembers what it was asked. Covers
 * request_list.c, request_stats.c, service.c and service_call.c.
 */
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service_unit.h"

/* Lists are written with a bar for each NUL. */
#define OK_ALONE   "status|0||"
#define ERR_ALONE  "status|4294967295||"
#define FAIL_ALONE "status|4294967294||"
#define NO_LIST    "cursor|0||"

static struct service_call call;
static struct buffer reply;
static unsigned done_count;

static void
call_done(struct service_call *done)
{
	assert_ptr_equal(done, &call);
	done_count++;
}

static int
setup(void **state)
{
	call = (struct service_call){
		.peer = { .pid = 123, .uid = 7 },
		.reply = &reply,
		.done = call_done,
	};
	return service_unit_setup(state);
}

static int
teardown(void **state)
{
	buffer_fini(&reply);
	return service_unit_teardown(state);
}

static void
put(const char *id, time_t put_at)
{
	service_unit_put(id, "session", 7, put_at);
}

static char answer[128 * 1024];

/* One request, answered before this returns. */
static void
ask(const char *text)
{
	unsigned char data[8192];
	struct attr_reader reader;
	struct attr_list list;
	unsigned before = done_count;
	size_t len = strlen(text), used;

	for (size_t i = 0; i < len; i++)
		data[i] = text[i] == '|' ? '\0' : (unsigned char)text[i];
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, data, len, &used), ERROR_NONE);
	assert_int_equal(used, len);
	attr_list_init(&list, &reader, data);
	(void)service_begin(&service, &list, &call);
	service_run(&list, &call);
	assert_int_equal(done_count, before + 1);
	assert_true(reply.len < sizeof(answer));
	for (size_t i = 0; i < reply.len; i++)
		answer[i] = (char)buffer_head(&reply)[i];
	for (size_t i = 0; i < reply.len; i++)
		if (answer[i] == '\0')
			answer[i] = '|';
	answer[reply.len] = '\0';
	buffer_clear(&reply, 0);
}

static void
expect(const char *request, const char *wanted)
{
	ask(request);
	assert_string_equal(answer, wanted);
}

static void
stats_is_what_the_daemon_says_and_passes_over_more(void **state)
{
	expect("request|stats||", "status|0|answer|42||");
	assert_string_equal(unit_lines, "");
	expect("request|stats|more|x||", "status|0|answer|42||");
	assert_true(unit_log_has("unexpected attribute"));
}

static void
each_kind_of_request_is_counted_for_itself(void **state)
{
	ask("request|policy|cache_type|smtpd||");
	ask("request|policy||");
	ask("request|stats||");
	ask("request|policies||");
	ask("request|||");
	ask("|");
	service_put_request_counts(&service, &reply);
	attr_put_end(&reply);
	expect("request|rotate||",
	    "request.lookup|0|request.update|0|request.delete|0|"
	    "request.seed|0|request.tktkey|0|request.policy|2|"
	    "request.stats|1|request.config|0|request.list|0|"
	    "request.destinations|0|"
	    "request.history|0|"
	    "request.flush|0|request.rotate|0|request.flush_tickets|0|"
	    "request.save|0|request.trace|0|request.verbose|0|request.unknown|"
	    "3||" OK_ALONE);
	assert_int_equal(service.requests, 7);
}

static void
without_a_daemon_requests_of_administrators_are_unknown(void **state)
{
	service_set_admin(&service, NULL);
	expect("request|stats||", FAIL_ALONE);
	expect("request|config||", FAIL_ALONE);
	expect("request|save||", FAIL_ALONE);
	expect("request|flush_tickets||", FAIL_ALONE);
	expect("request|rotate||", FAIL_ALONE);
	expect("request|flush|cache_type|smtpd||", FAIL_ALONE);
	expect("request|trace|cache_type||filter|||", FAIL_ALONE);
	expect("request|verbose|level|1|minutes|1||", FAIL_ALONE);
	expect("request|policy|cache_type|lmtp||",
	    "status|0|cachable|0|timeout|3600||");
}

static void
list_shows_what_a_lookup_would_find_and_nothing_expired(void **state)
{
	time_t now = clock_wall_s();
	char wanted[256];

	put("first", now - 10);
	put("expired", now - 4000);
	put("of the future", now + 4000);
	put("second", now);
	snprintf(wanted, sizeof(wanted),
	    "status|0|cursor|0|cache_id|first|size|7|time|%lld|"
	    "cache_id|second|size|7|time|%lld||",
	    (long long)now - 10, (long long)now);
	expect("request|list|cache_type|smtpd|cursor|0|filter|||", wanted);
	snprintf(wanted, sizeof(wanted),
	    "status|0|cursor|0|cache_id|second|size|7|time|%lld||",
	    (long long)now);
	expect("request|list|cache_type|smtpd|cursor|0|filter|eco||", wanted);
	/* From behind the first on. */
	expect("request|list|cache_type|smtpd|cursor|1|filter|||", wanted);
	expect("request|list|cache_type|smtpd|cursor|0|filter|third||",
	    "status|0|cursor|0||");
}

#define LONG_COUNT 100

/* A hundred entries with the longest of identifiers. */
static enum error
long_each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *each, void *arg)
{
	static char id[STORE_KEY_MAX];

	(void)base;
	(void)budget_us;
	*is_complete = true;
	memset(id, 'x', sizeof(id));
	while (*cursor < LONG_COUNT) {
		++*cursor;
		if (!each(arg, id, sizeof(id), 1, clock_wall_s()))
			return ERROR_NONE;
	}
	*cursor = 0;
	return ERROR_NONE;
}

static void
an_answer_to_list_ends_at_its_bound_and_the_next_goes_on(void **state)
{
	struct store_ops ops = store_memory_ops;
	unsigned long long cursor = 0;
	unsigned seen = 0, slices = 0;
	char request[128];

	ops.each = long_each;
	store.base.ops = &ops;
	do {
		snprintf(request, sizeof(request),
		    "request|list|cache_type|smtpd|cursor|%llu|filter|||",
		    cursor);
		ask(request);
		assert_true(strlen(answer) <= 64 * 1024);
		assert_int_equal(
		    sscanf(answer, "status|0|cursor|%llu|", &cursor), 1);
		for (const char *p = answer;
		     (p = strstr(p, "cache_id|")) != NULL; p++)
			seen++;
		slices++;
	} while (cursor != 0);
	assert_int_equal(seen, LONG_COUNT);
	assert_true(slices > 5);
	store.base.ops = &store_memory_ops;
}

static void
a_list_that_is_not_as_it_must_be_fails_in_full(void **state)
{
	static const char *const bad[] = {
		"request|list||",
		"request|list|cache_type|nntp|cursor|0|filter|||",
		"request|list|cursor|0|cache_type|smtpd|filter|||",
		"request|list|cache_type|smtpd||",
		"request|list|cache_type|smtpd|filter||cursor|0||",
		"request|list|cache_type|smtpd|cursor||filter|||",
		"request|list|cache_type|smtpd|cursor|-1|filter|||",
		"request|list|cache_type|smtpd|cursor| 1|filter|||",
		"request|list|cache_type|smtpd|cursor|1x|filter|||",
		("request|list|cache_type|smtpd|"
		 "cursor|18446744073709551616|filter|||"),
		"request|list|cache_type|smtpd|cursor|0||",
	};

	put("x", clock_wall_s());
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect(bad[i], "status|4294967294|" NO_LIST);
		assert_int_equal(service.complaint_count, i + 1);
	}
}

static void
a_list_of_what_cannot_be_read_fails_without_complaint(void **state)
{
	expect("request|list|cache_type|lmtp|cursor|0|filter|||",
	    "status|4294967294|" NO_LIST);
	expect("request|list|cache_type|smtp|cursor|0|filter|||",
	    "status|4294967295|" NO_LIST);
	store.failure = ERROR_LOCKED;
	put("x", clock_wall_s());
	expect("request|list|cache_type|smtpd|cursor|5|filter|||",
	    "status|4294967295|" NO_LIST);
	assert_int_equal(service.complaint_count, 0);
}

static void
flush_empties_a_cache_and_says_who_asked(void **state)
{
	put("x", clock_wall_s());
	expect("request|flush|cache_type|smtpd||", OK_ALONE);
	assert_int_equal(store_memory_find(&store, "x", 1), -1);
	assert_string_equal(unit_lines,
	    "0:smtpd TLS cache test:x: emptied on request of process 123, "
	    "uid 7\n");
	unit_log_clear();
	expect("request|flush|cache_type|lmtp||", FAIL_ALONE);
	expect("request|flush|cache_type|smtp||", ERR_ALONE);
	store.failure = ERROR_LOCKED;
	clock_advance(1);
	expect("request|flush|cache_type|smtpd||", ERR_ALONE);
	assert_string_equal(unit_lines,
	    "1:smtp TLS cache test:failed: not emptied on request of process "
	    "123, uid 7: input/output error\n"
	    "1:smtpd TLS cache test:x: not emptied on request of process 123, "
	    "uid 7: locked by another process\n");
	expect("request|flush||", FAIL_ALONE);
	expect("request|flush|cache_type|all||", FAIL_ALONE);
	assert_int_equal(service.complaint_count, 2);
}

static void
rotate_makes_a_key_and_says_who_asked(void **state)
{
	const struct ticket_key *key;
	unsigned char name[TICKET_KEY_NAME_LEN];

	ticket_keys_current(&ticket_keys, clock_wall_s(), &key);
	memcpy(name, key->name, sizeof(name));
	expect("request|rotate||", OK_ALONE);
	assert_int_equal(ticket_keys.count, 2);
	assert_memory_equal(ticket_keys.keys[1].name, name, sizeof(name));
	assert_string_equal(unit_lines,
	    "0:session ticket key made on request of process 123, uid 7\n");
	unit_log_clear();
	ticket_keys.lifetime_s = 0;
	expect("request|rotate||", FAIL_ALONE);
	assert_string_equal(unit_lines, "");
}

static void
flush_tickets_wipes_the_keys_and_says_who_asked(void **state)
{
	expect("request|flush_tickets||", OK_ALONE);
	assert_string_equal(unit_lines,
	    "0:session ticket keys wiped on request of process 123, uid 7\n");
	unit_log_clear();
	asked.result = ERROR_LOCKED;
	clock_advance(1);
	expect("request|flush_tickets||", ERR_ALONE);
	asked.result = ERROR_DISABLED;
	expect("request|flush_tickets||", FAIL_ALONE);
	assert_int_equal(asked.wipes, 3);
	assert_string_equal(unit_lines,
	    "1:session ticket keys not wiped on request of process 123, "
	    "uid 7: locked by another process\n");
}

static void
save_says_what_failed(void **state)
{
	expect("request|save||", OK_ALONE);
	asked.result = ERROR_LOCKED;
	expect("request|save||", ERR_ALONE);
	/* A file that could not be opened is no fault of the request. */
	clock_advance(1);
	asked.result = ERROR_DISABLED;
	expect("request|save||", ERR_ALONE);
	assert_int_equal(asked.saves, 3);
	assert_string_equal(unit_lines,
	    "1:not all saved on request of process 123, uid 7: locked by "
	    "another process\n"
	    "1:not all saved on request of process 123, uid 7: not enabled\n");
}

/* As a client in a loop does. */
static void
what_administrators_ask_for_is_one_line_a_second_of_each_kind(void **state)
{
	for (int i = 0; i < 100; i++) {
		ask("request|rotate||");
		ask("request|flush|cache_type|smtpd||");
		ask("request|flush|cache_type|smtp||");
		ask("request|flush_tickets||");
		asked.result = ERROR_LOCKED;
		ask("request|save||");
		asked.result = ERROR_NONE;
	}
	assert_int_equal(unit_log_lines(), 5);
	unit_log_clear();
	clock_advance(1);
	ask("request|rotate||");
	assert_string_equal(unit_lines,
	    "0:99 requests like the next one were not logged\n"
	    "0:session ticket key made on request of process 123, uid 7\n");
}

static void
config_is_what_the_daemon_says(void **state)
{
	expect("request|config||", "status|0|parameter|all||");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(stats_is_what_the_daemon_says_and_passes_over_more),
		TEST(each_kind_of_request_is_counted_for_itself),
		TEST(without_a_daemon_requests_of_administrators_are_unknown),
		TEST(list_shows_what_a_lookup_would_find_and_nothing_expired),
		TEST(an_answer_to_list_ends_at_its_bound_and_the_next_goes_on),
		TEST(a_list_that_is_not_as_it_must_be_fails_in_full),
		TEST(a_list_of_what_cannot_be_read_fails_without_complaint),
		TEST(flush_empties_a_cache_and_says_who_asked),
		TEST(rotate_makes_a_key_and_says_who_asked),
		TEST(flush_tickets_wipes_the_keys_and_says_who_asked),
		TEST(save_says_what_failed),
		TEST(
		    what_administrators_ask_for_is_one_line_a_second_of_each_kind),
		TEST(config_is_what_the_daemon_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

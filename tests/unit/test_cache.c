/*
 * Unit tests of what a session cache means, over a store in memory.
 */
#include "cache.h"
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "store_memory.h"
#include "unit.h"

static struct store_memory store;
static struct cache cache;
static unsigned wakes;

/* What the last request came to. */
static struct {
	unsigned calls;
	enum error error;
	char session[4096];
	size_t len;
} last;

static void
wake(void *arg)
{
	(void)arg;
	wakes++;
}

static void
done(void *arg, enum error error, const void *session, size_t len)
{
	(void)arg;
	last.calls++;
	last.error = error;
	last.len = len;
	if (len > 0)
		memcpy(last.session, session, len);
}

static int
setup(void **state)
{
	memset(&store, 0, sizeof(store));
	memset(&last, 0, sizeof(last));
	wakes = 0;
	store.base.ops = &store_memory_ops;
	cache_init(&cache, CACHE_SMTPD, 3600);
	cache.database = strdup("test:x");
	cache.store = &store.base;
	cache.wake = wake;
	return unit_setup(state);
}

static int
teardown(void **state)
{
	cache_fini(&cache);
	return unit_teardown(state);
}

static enum error
lookup(const char *id)
{
	struct cache_request request;
	unsigned calls = last.calls;

	cache_lookup(&cache, &request, id, strlen(id), done, NULL);
	assert_int_equal(last.calls, calls + 1);
	return last.error;
}

static enum error
update(const char *id, const char *session)
{
	struct cache_request request;
	unsigned calls = last.calls;

	cache_update(&cache, &request, id, strlen(id), session, strlen(session),
	    done, NULL);
	assert_int_equal(last.calls, calls + 1);
	return last.error;
}

static enum error delete (const char *id) {
	struct cache_request request; unsigned calls = last.calls;

	cache_delete(&cache, &request, id, strlen(id), done, NULL);
	assert_int_equal(last.calls, calls + 1);
	return last.error;
}

static void
a_timeout_is_raised_to_two_minutes(void **state)
{
	static const struct {
		int64_t configured, adjusted;
	} rows[] = { { 0, 0 }, { -5, 0 }, { 1, 120 }, { 119, 120 },
		{ 120, 120 }, { 121, 121 }, { 3600, 3600 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    cache_timeout_adjust(rows[i].configured), rows[i].adjusted);
}

static void
each_type_has_a_name(void **state)
{
	enum cache_type type;

	for (int i = 0; i < CACHE_TYPES; i++) {
		assert_int_equal(
		    cache_type_parse(cache_type_name(i), &type), ERROR_NONE);
		assert_int_equal(type, i);
	}
	assert_int_equal(cache_type_parse("", &type), ERROR_NOT_FOUND);
	assert_int_equal(cache_type_parse("SMTPD", &type), ERROR_NOT_FOUND);
	assert_int_equal(cache_type_parse("smtpd2", &type), ERROR_NOT_FOUND);
}

static void
a_session_is_stored_replaced_found_and_deleted(void **state)
{
	assert_int_equal(lookup("a"), ERROR_NOT_FOUND);
	assert_int_equal(last.len, 0);
	assert_int_equal(update("a", "one"), ERROR_NONE);
	assert_int_equal(update("a", "two!"), ERROR_NONE);
	assert_int_equal(lookup("a"), ERROR_NONE);
	assert_int_equal(last.len, 4);
	assert_memory_equal(last.session, "two!", 4);
	assert_int_equal(delete ("a"), ERROR_NONE);
	assert_int_equal(delete ("a"), ERROR_NOT_FOUND);
	assert_int_equal(lookup("a"), ERROR_NOT_FOUND);
	assert_int_equal(cache.counters.lookups, 3);
	assert_int_equal(cache.counters.hits, 1);
	assert_int_equal(cache.counters.updates, 2);
	assert_int_equal(cache.counters.deletes, 2);
	assert_int_equal(cache.counters.failures, 0);
	assert_int_equal(wakes, 7);
}

static void
an_identifier_and_a_session_may_be_empty(void **state)
{
	assert_int_equal(update("", ""), ERROR_NONE);
	assert_int_equal(lookup(""), ERROR_NONE);
	assert_int_equal(last.len, 0);
}

static void
an_entry_is_as_old_as_it_is(void **state)
{
	update("a", "one");
	clock_advance(3600);
	assert_int_equal(lookup("a"), ERROR_NONE);
	clock_advance(1);
	assert_int_equal(lookup("a"), ERROR_NOT_FOUND);
	assert_int_equal(last.len, 0);
	update("a", "one");
	assert_int_equal(lookup("a"), ERROR_NONE);
}

static void
a_session_from_too_far_ahead_is_not_found(void **state)
{
	update("a", "one");
	clock_advance(-30);
	assert_int_equal(lookup("a"), ERROR_NONE);
	clock_advance(-86400);
	assert_int_equal(lookup("a"), ERROR_NOT_FOUND);
	clock_advance(86430);
	assert_int_equal(lookup("a"), ERROR_NONE);
}

static void
a_cache_that_is_not_enabled_refuses(void **state)
{
	cache.timeout_s = 0;
	assert_false(cache_is_cachable(&cache));
	assert_int_equal(lookup("a"), ERROR_DISABLED);
	assert_int_equal(update("a", "one"), ERROR_DISABLED);
	assert_int_equal(delete ("a"), ERROR_DISABLED);
}

static void
what_the_store_cannot_do_is_an_error(void **state)
{
	assert_true(cache_is_cachable(&cache));
	store.failure = ERROR_NO_SPACE;
	assert_false(cache_is_cachable(&cache));
	assert_int_equal(update("a", "one"), ERROR_NO_SPACE);
	assert_int_equal(lookup("a"), ERROR_NO_SPACE);
	assert_int_equal(cache.counters.failures, 2);
	cache.store = NULL;
	assert_true(cache_is_enabled(&cache));
	assert_false(cache_is_cachable(&cache));
	assert_int_equal(lookup("a"), ERROR_IO);
	assert_int_equal(update("a", "one"), ERROR_IO);
	assert_int_equal(delete ("a"), ERROR_IO);
}

static bool
collect(void *arg, const char *key, size_t key_len, size_t len, time_t put_at)
{
	(void)len;
	(void)put_at;
	strncat(arg, key, key_len);
	return true;
}

static enum error
list(char ids[64])
{
	uint64_t cursor = 0;
	bool is_complete;

	ids[0] = '\0';
	return cache_list(&cache, &cursor, 1000, &is_complete, collect, ids);
}

static void
a_listing_leaves_out_what_has_expired_or_was_cleared(void **state)
{
	struct cache_request request;
	char ids[64];

	update("a", "one");
	clock_advance(3000);
	update("b", "two");
	assert_int_equal(list(ids), ERROR_NONE);
	assert_string_equal(ids, "ab");
	/* What has expired is not shown, though it is still there. */
	clock_advance(601);
	assert_int_equal(list(ids), ERROR_NONE);
	assert_string_equal(ids, "b");
	cache_clear(&cache, &request, done, NULL);
	assert_int_equal(last.error, ERROR_NONE);
	assert_int_equal(list(ids), ERROR_NONE);
	assert_string_equal(ids, "");
	assert_int_equal(cache_write_out(&cache), ERROR_NONE);
	cache.store = NULL;
	assert_int_equal(list(ids), ERROR_IO);
	cache_clear(&cache, &request, done, NULL);
	assert_int_equal(last.error, ERROR_IO);
	assert_int_equal(cache_write_out(&cache), ERROR_IO);
	cache.timeout_s = 0;
	assert_int_equal(list(ids), ERROR_DISABLED);
	cache_clear(&cache, &request, done, NULL);
	assert_int_equal(last.error, ERROR_DISABLED);
	assert_int_equal(cache_write_out(&cache), ERROR_DISABLED);
}

/*
 * A store that breaks in any request has to be tried again, even if none
 * follows: while it is broken, nobody is told to store anything.
 */
static void
failures_wake_upkeep(void **state)
{
	struct cache_request request;
	char ids[64];

	store.failure = ERROR_IO;
	assert_int_equal(lookup("a"), ERROR_IO);
	assert_int_equal(wakes, 1);
	assert_int_equal(list(ids), ERROR_IO);
	assert_int_equal(wakes, 2);
	cache_clear(&cache, &request, done, NULL);
	assert_int_equal(last.error, ERROR_IO);
	assert_int_equal(wakes, 3);
	/* Where there is none, there is nothing to be done. */
	cache.store = NULL;
	assert_int_equal(lookup("a"), ERROR_IO);
	assert_int_equal(list(ids), ERROR_IO);
	cache_clear(&cache, &request, done, NULL);
	assert_int_equal(wakes, 3);
}

static void
an_answer_may_come_late(void **state)
{
	struct cache_request request;

	store.is_late = true;
	cache.log_activity = true;
	cache_update(&cache, &request, "a", 1, "one", 3, done, NULL);
	assert_int_equal(last.calls, 0);
	store_memory_answer(&store);
	assert_int_equal(last.calls, 1);
	assert_int_equal(last.error, ERROR_NONE);
}

static void
activity_is_logged_as_postfix_does(void **state)
{
	update("quiet", "one");
	assert_string_equal(unit_lines, "");
	cache.log_activity = true;
	update("an-id", "secret");
	assert_true(unit_log_has("put smtpd session id=an-id [data 6 bytes]"));
	assert_true(unit_log_has("write smtpd TLS cache entry an-id: time="));
	unit_log_clear();
	lookup("an-id");
	assert_true(unit_log_has("lookup smtpd session id=an-id"));
	assert_true(unit_log_has("read smtpd TLS cache entry an-id: time="));
	unit_log_clear();
	lookup("other");
	assert_true(unit_log_has("lookup smtpd session id=other"));
	assert_false(unit_log_has("read smtpd"));
	delete ("an-id");
	assert_true(unit_log_has("delete smtpd session id=an-id"));
	assert_false(unit_log_has("secret"));
}

/* The store answers later, and root has raised the log level meanwhile. */
static void
raise_and_get(struct store *base, const char *key, size_t key_len,
    store_get_fn *answer, void *arg)
{
	cache.log_activity = !cache.log_activity;
	store_memory_ops.get(base, key, key_len, answer, arg);
}

static void
what_is_logged_of_a_lookup_is_settled_when_it_is_asked(void **state)
{
	struct store_ops ops = store_memory_ops;

	update("x", "one");
	ops.get = raise_and_get;
	store.base.ops = &ops;
	lookup("x");
	assert_string_equal(unit_lines, "");
	lookup("x");
	assert_true(unit_log_has("lookup smtpd session id=x"));
	assert_true(unit_log_has("read smtpd TLS cache entry x: time="));
	store.base.ops = &store_memory_ops;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeout_is_raised_to_two_minutes),
		cmocka_unit_test(each_type_has_a_name),
		cmocka_unit_test_setup_teardown(
		    a_session_is_stored_replaced_found_and_deleted, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    an_identifier_and_a_session_may_be_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_entry_is_as_old_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_session_from_too_far_ahead_is_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_cache_that_is_not_enabled_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_the_store_cannot_do_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_listing_leaves_out_what_has_expired_or_was_cleared, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    failures_wake_upkeep, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_answer_may_come_late, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    activity_is_logged_as_postfix_does, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_logged_of_a_lookup_is_settled_when_it_is_asked,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of store_shared, over two hosts: what one puts the other finds.
 * Covers shared.c, shared_lookup.c, shared_write.c and shared_record.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "shared_reply.h"
#include "shared_unit.h"

static void
what_one_host_puts_the_other_finds_and_keeps(void **state)
{
	time_t before = clock_wall_s(), put_at;

	start_both();
	put_and_send(&a, "id", "session");
	put_at = clock_wall_s();
	assert_int_equal(memory_engine_count(&a.engine), 1);
	give_to_b();
	clock_advance(1000);
	assert_true(finds(&b, "id", "session"));
	assert_in_range(got.put_at, before, put_at);
	put_at = got.put_at;
	assert_int_equal(statistics_of(&b).hits, 1);
	/* The next time it need not ask. */
	assert_true(finds(&b, "id", "session"));
	assert_int_equal(got.put_at, put_at);
	assert_int_equal(statistics_of(&b).lookups, 1);
}

static void
what_leaves_the_host_says_nothing(void **state)
{
	start_both();
	put_and_send(&a, "mx.example.com", "very secret session");
	for (int i = 0; i < MEMORY_ENGINE_ENTRIES; i++) {
		assert_null(strstr(a.engine.entries[i].name, "example"));
		assert_null(memmem(a.engine.entries[i].value,
		    a.engine.entries[i].len, "secret", 6));
	}
}

static void
what_is_here_is_not_asked_for(void **state)
{
	start_both();
	put(&a, "id", "session");
	assert_true(finds(&a, "id", "session"));
	assert_int_equal(statistics_of(&a).lookups, 0);
}

static void
what_nobody_has_is_a_miss(void **state)
{
	start_both();
	assert_false(finds(&a, "id", ""));
	assert_int_equal(got.error, ERROR_NOT_FOUND);
	assert_int_equal(statistics_of(&a).misses, 1);
	assert_int_equal(statistics_of(&a).rejected, 0);
}

static void
a_session_lives_as_long_as_where_it_was_put(void **state)
{
	start_with_session();
	clock_advance(TIMEOUT_S + 1);
	turn_until(is_up(&b));
	assert_false(finds(&b, "id", ""));
	assert_int_equal(statistics_of(&b).rejected, 0);
}

static void
the_engine_keeps_a_session_for_the_rest_of_its_life(void **state)
{
	start_both();
	a.store->ops->put(a.store, "id", 2, "session", 7, clock_wall_s() - 1600,
	    done_cb, NULL);
	turn_until(memory_engine_count(&a.engine) == 1);
	for (int i = 0; i < MEMORY_ENGINE_ENTRIES; i++)
		if (a.engine.entries[i].name[0] != '\0' &&
		    strstr(a.engine.entries[i].name, "probe") == NULL)
			assert_in_range(a.engine.entries[i].ttl_ms, 1990 * 1000,
			    2000 * 1000);
	/* One that has less than a second left is not worth it. */
	a.store->ops->put(a.store, "old", 3, "session", 7,
	    clock_wall_s() - TIMEOUT_S, done_cb, NULL);
	turn_until(statistics_of(&a).queue_bytes == 0);
	assert_int_equal(memory_engine_count(&a.engine), 1);
}

static void
a_record_from_ahead_is_skewed_and_warned_of_once(void **state)
{
	start_both();
	a.store->ops->put(a.store, "near", 4, "session", 7, clock_wall_s() + 59,
	    done_cb, NULL);
	a.store->ops->put(a.store, "far", 3, "session", 7, clock_wall_s() + 75,
	    done_cb, NULL);
	turn_until(statistics_of(&a).stores == 2);
	give_to_b();
	assert_true(finds(&b, "near", "session"));
	assert_false(finds(&b, "far", ""));
	assert_false(finds(&b, "far", ""));
	assert_int_equal(statistics_of(&b).skewed, 2);
	assert_int_equal(statistics_of(&b).rejected, 0);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("s ahead; check the clocks"));
}

static void
a_deletion_reaches_the_engine_and_until_then_it_is_a_miss(void **state)
{
	start_both();
	put_and_send(&a, "id", "session");
	a.engine.is_silent = true;
	remove_key(&a, "id");
	assert_int_equal(got.error, ERROR_NONE);
	/* The engine has it yet, and is not even asked. */
	assert_false(finds(&a, "id", ""));
	assert_int_equal(statistics_of(&a).lookups, 0);
	a.engine.is_silent = false;
	turn_until(memory_engine_count(&a.engine) == 0);
}

static void
a_deletion_outlives_an_outage(void **state)
{
	start_both();
	put_and_send(&a, "id", "session");
	pretend_engine_hang_up(&a.engine.base);
	turn_until(!is_up(&a));
	remove_key(&a, "id");
	clock_advance(2);
	turn_until(is_up(&a) && memory_engine_count(&a.engine) == 0);
	assert_int_equal(a.engine.dels, 1);
}

/* As Redis does that cannot save; lookups must not be held up by it. */
static void
a_deletion_that_is_refused_is_tried_again_once_a_second(void **state)
{
	start_both();
	put_and_send(&a, "id", "session");
	a.engine.refusal = "-MISCONF no\r\n";
	remove_key(&a, "id");
	turn_until(statistics_of(&a).errors == 1);
	for (int i = 0; i < 100; i++) {
		turn();
		assert_false(finds(&a, "other", ""));
	}
	assert_false(finds(&a, "id", ""));
	assert_int_equal(a.engine.dels, 1);
	a.engine.refusal = NULL;
	clock_advance(1);
	turn_until(memory_engine_count(&a.engine) == 0);
	assert_int_equal(a.engine.dels, 2);
	assert_true(is_up(&a));
}

static void
a_session_that_is_put_after_its_deletion_is_there(void **state)
{
	start_both();
	put_and_send(&a, "id", "first");
	remove_key(&a, "id");
	put(&a, "id", "second");
	turn_until(statistics_of(&a).stores == 2);
	assert_int_equal(memory_engine_count(&a.engine), 1);
	give_to_b();
	assert_true(finds(&b, "id", "second"));
}

static void
the_same_session_is_not_sent_again_too_soon(void **state)
{
	start_both();
	put(&a, "id", "first");
	put(&a, "other", "first");
	turn_until(statistics_of(&a).stores == 2);
	put(&a, "id", "second");
	assert_int_equal(statistics_of(&a).unsent_refresh, 1);
	assert_true(finds(&a, "id", "second"));
	clock_advance(10);
	put(&a, "id", "third");
	turn_until(statistics_of(&a).stores == 3);
	give_to_b();
	assert_true(finds(&b, "id", "third"));
}

static void
a_session_that_is_too_large_stays_here(void **state)
{
	static char value[4096];

	start_both();
	memset(value, 'v', 4001);
	put(&a, "large", value);
	value[4000] = '\0';
	put_and_send(&a, "fits", value);
	turn_until(statistics_of(&a).queue_bytes == 0);
	assert_int_equal(memory_engine_count(&a.engine), 1);
}

/* As SSL_SESSION_asn1 begins, of each form of the length. */
static const struct {
	const char *value;
	size_t len;
	bool is_sent;
} sessions[] = {
	{ "\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x04xyz", 13, false },
	{ "\x30\x82\x05\xa0\x02\x01\x01\x02\x02\x03\x04xyz", 14, false },
	{ "\x30\x70\x02\x01\x01\x02\x02\x03\x04xyz", 12, false },
	{ "\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x03xyz", 13, true },
	{ "\x30\x82\x05\xa0\x02\x01\x01\x02\x02\x03\x03xyz", 14, true },
	{ "\x30\x81\xa0\x02\x01\x01\x02\x02\x03", 9, true },
	{ "\x30", 1, true },
	{ "", 0, true },
	{ "text", 4, true },
};

#define SESSIONS (sizeof(sessions) / sizeof(sessions[0]))

static unsigned
count_sent(enum shared_side side)
{
	unsigned sent = 0;

	for (size_t i = 0; i < SESSIONS; i++) {
		uint64_t before = statistics_of(&a).queue_bytes;
		char id[8];

		snprintf(id, sizeof(id), "%zu", i);
		shared_put(a.shared, side, id, strlen(id), sessions[i].value,
		    sessions[i].len, clock_wall_s());
		if (side == SHARED_SMTPD)
			assert_int_equal(statistics_of(&a).queue_bytes > before,
			    sessions[i].is_sent);
		sent += statistics_of(&a).queue_bytes > before;
	}
	return sent;
}

static void
sessions_of_tls_13_of_a_server_are_not_sent(void **state)
{
	start_both();
	assert_int_equal(count_sent(SHARED_SMTPD), SESSIONS - 3);
	assert_int_equal(count_sent(SHARED_SMTP), SESSIONS);
	/* This side is not shared at all. */
	assert_int_equal(count_sent(SHARED_LMTP), 0);
}

static void
an_answer_that_is_late_is_kept_for_the_next_time(void **state)
{
	start_with_session();
	b.engine.is_silent = true;
	b.store->ops->get(b.store, "id", 2, got_cb, NULL);
	got.count = 0;
	turn();
	clock_advance(DEADLINE_S);
	turn_until(got.count > 0); /* within a second of real time */
	assert_int_equal(got.error, ERROR_NOT_FOUND);
	assert_int_equal(statistics_of(&b).timeouts, 1);
	b.engine.is_silent = false;
	turn_until(statistics_of(&b).late == 1);
	assert_int_equal(got.count, 1);
	assert_true(finds(&b, "id", "session"));
	assert_int_equal(statistics_of(&b).lookups, 1);
}

static void
an_answer_does_not_undo_what_happened_here_meanwhile(void **state)
{
	start_both();
	put(&a, "removed", "old");
	put(&a, "replaced", "old");
	turn_until(statistics_of(&a).stores == 2);
	give_to_b();
	clock_advance(5);
	b.engine.is_silent = true;
	b.store->ops->get(b.store, "removed", 7, got_cb, NULL);
	b.store->ops->get(b.store, "replaced", 8, got_cb, NULL);
	turn();
	remove_key(&b, "removed");
	put(&b, "replaced", "new");
	b.engine.is_silent = false;
	turn_until(statistics_of(&b).queue_bytes == 0);
	assert_false(finds(&b, "removed", ""));
	assert_true(finds(&b, "replaced", "new"));
}

static void
without_a_connection_nobody_waits_and_it_is_counted(void **state)
{
	start_both();
	pretend_engine_hang_up(&a.engine.base);
	turn_until(!is_up(&a));
	got.count = 0;
	a.store->ops->get(a.store, "id", 2, got_cb, NULL);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.error, ERROR_NOT_FOUND);
	assert_int_equal(statistics_of(&a).skipped, 1);
	assert_int_not_equal(statistics_of(&a).down_since, 0);
	clock_advance(2);
	turn_until(is_up(&a));
	assert_true(unit_log_has("answers again after"));
	assert_true(unit_log_has("1 lookups were not made"));
	assert_int_equal(a.ups, 2);
}

static void
at_the_end_lookups_are_misses_and_what_waits_is_sent(void **state)
{
	start_both();
	a.engine.is_silent = true;
	got.count = 0;
	a.store->ops->get(a.store, "id", 2, got_cb, NULL);
	assert_int_equal(got.count, 0);
	shared_end(a.shared);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.error, ERROR_NOT_FOUND);
	a.store->ops->get(a.store, "id", 2, got_cb, NULL);
	assert_int_equal(got.count, 2);
	put(&a, "id", "session");
	shared_drain(a.shared, 100000);
	pretend_engine_poll(&a.engine.base);
	assert_non_null(
	    memmem(a.engine.base.received, a.engine.base.len, "SET", 3));
}

static void
a_store_that_is_closed_gets_no_late_answer(void **state)
{
	start_with_session();
	b.engine.is_silent = true;
	b.store->ops->get(b.store, "id", 2, got_cb, NULL);
	shared_end(b.shared);
	b.store->ops->close(b.store);
	assert_int_equal(b.local.closed, 1);
	b.engine.is_silent = false;
	turn_until(statistics_of(&b).late == 1);
	assert_int_equal(b.local.entries[0].key_len, 0);
	shared_free(b.shared);
	b.shared = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_one_host_puts_the_other_finds_and_keeps),
		TEST(what_leaves_the_host_says_nothing),
		TEST(what_is_here_is_not_asked_for),
		TEST(what_nobody_has_is_a_miss),
		TEST(a_session_lives_as_long_as_where_it_was_put),
		TEST(the_engine_keeps_a_session_for_the_rest_of_its_life),
		TEST(a_record_from_ahead_is_skewed_and_warned_of_once),
		TEST(a_deletion_reaches_the_engine_and_until_then_it_is_a_miss),
		TEST(a_deletion_outlives_an_outage),
		TEST(a_deletion_that_is_refused_is_tried_again_once_a_second),
		TEST(a_session_that_is_put_after_its_deletion_is_there),
		TEST(the_same_session_is_not_sent_again_too_soon),
		TEST(a_session_that_is_too_large_stays_here),
		TEST(sessions_of_tls_13_of_a_server_are_not_sent),
		TEST(an_answer_that_is_late_is_kept_for_the_next_time),
		TEST(an_answer_does_not_undo_what_happened_here_meanwhile),
		TEST(without_a_connection_nobody_waits_and_it_is_counted),
		TEST(at_the_end_lookups_are_misses_and_what_waits_is_sent),
		TEST(a_store_that_is_closed_gets_no_late_answer),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

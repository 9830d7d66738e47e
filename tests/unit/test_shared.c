/*
 * Unit tests of shared: an engine that lies, two secrets, and bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared_private.h"
#include "shared_reply.h"
#include "shared_ring.h"
#include "shared_unit.h"

/* Sessions "0" to "9" and more, one after the other. */
static void
put_many(struct unit_host *host, unsigned count)
{
	char id[16];

	for (unsigned i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "%u", i);
		put(host, id, "session");
	}
}

static void
the_record_of_another_session_is_rejected(void **state)
{
	unsigned first = MEMORY_ENGINE_ENTRIES, second = first;

	start_both();
	put_many(&a, 2);
	turn_until(statistics_of(&a).stores == 2);
	give_to_b();
	for (unsigned i = 0; i < MEMORY_ENGINE_ENTRIES; i++)
		if (b.engine.entries[i].len > 100) {
			first = second;
			second = i;
		}
	for (size_t i = 0; i < b.engine.entries[first].len; i++) {
		unsigned char byte = b.engine.entries[first].value[i];

		b.engine.entries[first].value[i] =
		    b.engine.entries[second].value[i];
		b.engine.entries[second].value[i] = byte;
	}
	assert_false(finds(&b, "0", ""));
	assert_false(finds(&b, "1", ""));
	assert_int_equal(statistics_of(&b).rejected, 2);
	assert_true(is_up(&b));
}

static void
damage(struct unit_host *host)
{
	for (unsigned i = 0; i < MEMORY_ENGINE_ENTRIES; i++)
		host->engine.entries[i].value[30] ^= 1;
}

static void
ten_records_in_a_row_that_do_not_open_end_it_for_five_minutes(void **state)
{
	char id[16];

	start_both();
	put_many(&a, 20);
	turn_until(statistics_of(&a).stores == 20);
	give_to_b();
	damage(&b);
	for (unsigned i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "%u", i);
		assert_false(finds(&b, id, ""));
	}
	/* One that opens ends the row. */
	damage(&b);
	assert_true(finds(&b, "9", "session"));
	damage(&b);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(is_up(&b));
		snprintf(id, sizeof(id), "%u", 10 + i);
		assert_false(finds(&b, id, ""));
	}
	assert_false(is_up(&b));
	assert_true(unit_log_has("10 records in a row cannot be opened "
				 "(tampering, or damage in the engine); "
				 "pausing for 300 s"));
	clock_advance(290);
	for (int i = 0; i < 50; i++)
		turn();
	assert_false(is_up(&b));
}

static void
an_answer_to_nothing_ends_the_connection_and_no_session(void **state)
{
	start_with_session();
	pretend_engine_say(&b.engine.base, "+OK\r\n", 5);
	turn_until(!is_up(&b));
	assert_false(finds(&b, "id", ""));
	clock_advance(2);
	turn_until(is_up(&b));
	assert_true(finds(&b, "id", "session"));
}

static void
while_secrets_change_hosts_find_each_others_sessions(void **state)
{
	/* This host has the new secret first, the other has it second. */
	make_group(&a, 2, 1);
	make_group(&b, 1, 2);
	start_both();
	put_and_send(&a, "new", "session");
	give_to_b();
	assert_true(finds(&b, "new", "session"));
	put_and_send(&b, "old", "session");
	memcpy(a.engine.entries, b.engine.entries, sizeof(a.engine.entries));
	assert_true(finds(&a, "old", "session"));
	/* Neither name is left. */
	remove_key(&a, "old");
	turn_until(statistics_of(&a).queue_bytes == 0);
	turn_until(memory_engine_count(&a.engine) == 1);
	assert_int_equal(a.engine.dels, 2);
}

static void
a_session_is_removed_until_both_of_its_names_are(void **state)
{
	struct shared_entry *first;

	make_group(&a, 2, 1);
	make_group(&b, 1, 0);
	start_both();
	put_and_send(&b, "id", "session");
	memcpy(a.engine.entries, b.engine.entries, sizeof(a.engine.entries));
	shared_remove(a.shared, SHARED_SMTPD, "id", 2);
	/* Only the deletion under the first secret is carried out so far. */
	first = shared_queue_first_delete(&a.shared->queue);
	shared_queue_sent(first);
	shared_queue_deleted(first, true);
	assert_true(shared_is_removed(a.shared, SHARED_SMTPD, "id", 2));
	assert_false(finds(&a, "id", ""));
	turn_until(memory_engine_count(&a.engine) == 0);
	assert_false(shared_is_removed(a.shared, SHARED_SMTPD, "id", 2));
}

static void
the_session_of_the_first_secret_wins(void **state)
{
	make_group(&a, 1, 0);
	make_group(&b, 2, 1);
	start_both();
	put_and_send(&a, "id", "of the old");
	give_to_b();
	shared_put(
	    b.shared, SHARED_SMTPD, "id", 2, "of the new", 10, clock_wall_s());
	turn_until(statistics_of(&b).stores == 1);
	assert_int_equal(memory_engine_count(&b.engine), 2);
	assert_true(finds(&b, "id", "of the new"));
}

static void
a_record_that_is_the_tenth_may_end_its_own_second_question(void **state)
{
	char id[16];

	make_group(&b, 1, 2);
	start_both();
	put_many(&a, 10);
	turn_until(statistics_of(&a).stores == 10);
	give_to_b();
	damage(&b);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "%u", i);
		assert_false(finds(&b, id, ""));
	}
	assert_false(is_up(&b));
}

static void
another_secret_shares_nothing(void **state)
{
	make_group(&b, 2, 0);
	start_with_session();
	assert_false(finds(&b, "id", ""));
	assert_int_equal(statistics_of(&b).rejected, 0);
}

static void
what_waits_is_bounded_and_the_oldest_goes(void **state)
{
	char id[16];

	start_both();
	pretend_engine_hang_up(&a.engine.base);
	turn_until(!is_up(&a));
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%u", i);
		shared_put(a.shared, SHARED_SMTPD, id, strlen(id), "session", 7,
		    clock_wall_s());
		assert_true(statistics_of(&a).queue_bytes <= 65536);
	}
	assert_true(statistics_of(&a).dropped > 800);
	/* The engine gets what is left: the newest. */
	clock_advance(2);
	turn_until(is_up(&a));
	turn_until(statistics_of(&a).queue_bytes == 0);
	assert_int_equal(
	    statistics_of(&a).stores, 1000 - statistics_of(&a).dropped);
}

static void
a_session_larger_than_what_may_be_on_its_way_holds_up_nothing(void **state)
{
	/* A quarter of the queue is for what is on its way: 16 kB. */
	struct shared_config config = make_config(&a);

	config.value_max = 32768;
	start_host(&a, &config);
	turn_until(is_up(&a));
	for (int i = 0; i < 6; i++) {
		char id[16], large[20000];

		memset(large, 'l', sizeof(large));
		snprintf(id, sizeof(id), "%d", i);
		shared_put(a.shared, SHARED_SMTPD, id, strlen(id), large,
		    i == 3 ? sizeof(large) : 4000, clock_wall_s());
	}
	turn_until(statistics_of(&a).queue_bytes == 0);
	assert_int_equal(statistics_of(&a).stores, 6);
}

static void
too_many_deletions_end_the_sharing_of_that_side_for_a_timeout(void **state)
{
	char id[16];

	start_both();
	pretend_engine_hang_up(&a.engine.base);
	turn_until(!is_up(&a));
	for (unsigned i = 0; i < 4096; i++) {
		snprintf(id, sizeof(id), "%u", i);
		shared_remove(a.shared, SHARED_SMTPD, id, strlen(id));
	}
	assert_int_equal(unit_log_complaints(), 1); /* of the connection */
	shared_remove(a.shared, SHARED_SMTPD, "more", 4);
	assert_true(unit_log_has("more than 4096 deletions wait"));
	clock_advance(2);
	turn_until(is_up(&a));
	assert_false(shared_has(a.shared, SHARED_SMTPD));
	assert_true(shared_has(a.shared, SHARED_SMTP));
	assert_int_equal(a.engine.dels, 0);
	clock_advance(TIMEOUT_S);
	turn_until(is_up(&a));
	assert_true(shared_has(a.shared, SHARED_SMTPD));
}

/* That deletion is not remembered any more, as there are too many. */
static void
an_answer_does_not_undo_one_of_too_many_deletions(void **state)
{
	char id[16];

	start_with_session();
	b.engine.is_silent = true;
	b.store->ops->get(b.store, "id", 2, got_cb, NULL);
	turn();
	remove_key(&b, "id");
	for (unsigned i = 0; i < 4096; i++) {
		snprintf(id, sizeof(id), "%u", i);
		remove_key(&b, id);
	}
	assert_true(unit_log_has("more than 4096 deletions wait"));
	got.count = 0;
	b.engine.is_silent = false;
	turn_until(got.count > 0);
	assert_false(finds(&b, "id", ""));
}

static void
key_cb(void *arg, enum error error, const void *value, size_t len)
{
	got.count++;
	got.error = error;
	got.len = len;
	if (len > 0)
		memcpy(got.value, value, len);
}

/* As long as a key has to be. */
static unsigned char key_value[SHARED_RING_VALUE_LEN + 1] = "random";

/* Publish so many bytes of it for an epoch, and give them to the other host. */
static void
put_key(int64_t epoch, size_t len)
{
	unsigned before = got.count;

	assert_int_equal(shared_put_key(a.shared, 0, epoch, key_value, len,
			     7000, key_cb, NULL),
	    ERROR_NONE);
	turn_until(got.count > before);
	assert_int_equal(got.error, ERROR_NONE);
	give_to_b();
}

static void
ask_for_key(int64_t epoch)
{
	unsigned before = got.count;

	assert_int_equal(
	    shared_get_key(b.shared, 0, epoch, key_cb, NULL), ERROR_NONE);
	turn_until(got.count > before);
}

static void
ticket_keys_travel_whatever_their_age(void **state)
{
	start_both();
	put_key(5, SHARED_RING_VALUE_LEN);
	clock_advance(2 * TIMEOUT_S);
	turn_until(is_up(&b));
	ask_for_key(5);
	assert_int_equal(got.error, ERROR_NONE);
	assert_int_equal(got.len, SHARED_RING_VALUE_LEN);
	assert_memory_equal(got.value, key_value, SHARED_RING_VALUE_LEN);
	/* Of another epoch there is none. */
	ask_for_key(6);
	assert_int_equal(got.error, ERROR_NOT_FOUND);
	/* A session of that name is something else. */
	assert_false(finds(&b, "5", ""));
}

static void
a_ticket_key_of_another_length_is_rejected(void **state)
{
	static const size_t lens[] = { 0, SHARED_RING_VALUE_LEN - 1,
		SHARED_RING_VALUE_LEN + 1 };

	start_both();
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		put_key(5, lens[i]);
		ask_for_key(5);
		assert_int_equal(got.error, ERROR_NOT_FOUND);
		assert_int_equal(got.len, 0);
		assert_int_equal(statistics_of(&b).rejected, i + 1);
	}
}

static void
the_end_waits_for_answers(void **state)
{
	start_both();
	put_many(&a, 3);
	/* They are there as soon as they are asked for. */
	pretend_engine_say(&a.engine.base, "+OK\r\n+OK\r\n+OK\r\n", 15);
	shared_end(a.shared);
	shared_drain(a.shared, 60000000);
	assert_int_equal(statistics_of(&a).stores, 3);
	assert_int_equal(statistics_of(&a).queue_bytes, 0);
}

static void
the_ports_of_a_list_are_those_of_its_addresses(void **state)
{
	unsigned ports[4];

	assert_int_equal(
	    shared_server_ports("192.0.2.1:1, unix:/x, [::1]:2", ports, 4), 2);
	assert_int_equal(ports[0], 1);
	assert_int_equal(ports[1], 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_record_of_another_session_is_rejected),
		TEST(
		    ten_records_in_a_row_that_do_not_open_end_it_for_five_minutes),
		TEST(an_answer_to_nothing_ends_the_connection_and_no_session),
		TEST(while_secrets_change_hosts_find_each_others_sessions),
		TEST(a_session_is_removed_until_both_of_its_names_are),
		TEST(the_session_of_the_first_secret_wins),
		TEST(
		    a_record_that_is_the_tenth_may_end_its_own_second_question),
		TEST(another_secret_shares_nothing),
		TEST(what_waits_is_bounded_and_the_oldest_goes),
		TEST(
		    a_session_larger_than_what_may_be_on_its_way_holds_up_nothing),
		TEST(
		    too_many_deletions_end_the_sharing_of_that_side_for_a_timeout),
		TEST(an_answer_does_not_undo_one_of_too_many_deletions),
		TEST(ticket_keys_travel_whatever_their_age),
		TEST(a_ticket_key_of_another_length_is_rejected),
		TEST(the_end_waits_for_answers),
		TEST(the_ports_of_a_list_are_those_of_its_addresses),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

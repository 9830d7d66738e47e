/*
 * Unit tests of shared_sync: ticket keys over an engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared_reply.h"
#include "shared_sync.h"
#include "shared_unit.h"

static struct shared_ring rings[2];
static struct shared_sync syncs[2];

static void
poll_when_up(void *arg)
{
	shared_sync_poll(arg);
}

static void
start_host_with_keys(struct unit_host *host, int i)
{
	struct shared_config config = make_config(host);

	config.up = poll_when_up;
	config.arg = &syncs[i];
	assert_int_equal(shared_ring_init(&rings[i], &host->group.secrets,
			     &host->group.contexts[SHARED_SMTPD], TIMEOUT_S),
	    ERROR_NONE);
	start_host(host, &config);
	shared_sync_init(&syncs[i], host->shared, &rings[i], loop);
}

static void
stop_hosts(void)
{
	for (int i = 0; i < 2; i++)
		if (syncs[i].ring != NULL)
			shared_sync_fini(&syncs[i]);
	stop_host(&a);
	stop_host(&b);
	memset(syncs, 0, sizeof(syncs));
}

static bool
is_common(int i)
{
	time_t now = clock_wall_s();

	return shared_ring_is_common(&rings[i], now) &&
	       shared_ring_until(&rings[i], now) > now + TIMEOUT_S / 2;
}

static const unsigned char *
key_of(int i)
{
	const struct shared_ticket_key *key;

	assert_int_equal(
	    shared_ring_current(&rings[i], clock_wall_s(), &key), ERROR_NONE);
	return key->bytes;
}

static void
the_first_host_publishes_and_the_next_takes_over(void **state)
{
	start_host_with_keys(&a, 0);
	turn_until(is_common(0) && syncs[0].is_done);
	assert_int_equal(memory_engine_count(&a.engine), 2);
	assert_true(unit_log_has("ticket keys until"));
	give_to_b();
	start_host_with_keys(&b, 1);
	turn_until(is_common(1));
	assert_int_equal(b.engine.sets, 1); /* of the probe */
	assert_memory_equal(key_of(0), key_of(1), SHARED_TICKET_KEY_LEN);
	assert_int_equal(unit_log_complaints(), 0);
	stop_hosts();
}

static void
a_key_that_was_wanted_before_is_published_later_with_one_warning(void **state)
{
	unsigned char before[SHARED_TICKET_KEY_LEN];

	a.engine.is_silent = true;
	start_host_with_keys(&a, 0);
	memcpy(before, key_of(0), sizeof(before));
	key_of(0);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("shared: no ticket key of the group for "));
	assert_true(unit_log_has("; tickets are this host's own"));
	a.engine.is_silent = false;
	turn_until(is_common(0));
	assert_memory_equal(key_of(0), before, sizeof(before));
	stop_hosts();
}

static void
an_engine_that_lost_everything_gets_the_same_keys_again(void **state)
{
	unsigned char before[SHARED_TICKET_KEY_LEN];

	start_host_with_keys(&a, 0);
	turn_until(is_common(0));
	memcpy(before, key_of(0), sizeof(before));
	memset(a.engine.entries, 0, sizeof(a.engine.entries));
	shared_sync_poll(&syncs[0]);
	turn_until(memory_engine_count(&a.engine) == 2);
	assert_memory_equal(key_of(0), before, sizeof(before));
	stop_hosts();
}

static void
what_was_told_is_looked_at_again_soon_and_then_every_minute(void **state)
{
	start_host_with_keys(&a, 0);
	turn_until(is_common(0) && syncs[0].outstanding == 0);
	assert_true(syncs[0].is_poll_soon);
	assert_int_equal(a.engine.gets, 3 + 1);
	turn_until(a.engine.gets == 6 + 1); /* half a second */
	turn_until(syncs[0].outstanding == 0);
	assert_true(loop_timer_is_set(&syncs[0].timer));
	assert_false(syncs[0].is_poll_soon);
	/* An engine that keeps nothing does not make it poll soon for ever. */
	memset(a.engine.entries, 0, sizeof(a.engine.entries));
	shared_sync_poll(&syncs[0]);
	turn_until(a.engine.gets == 9 + 1 && syncs[0].outstanding == 0);
	assert_true(syncs[0].is_poll_soon);
	memset(a.engine.entries, 0, sizeof(a.engine.entries));
	turn_until(a.engine.gets == 12 + 1);
	turn_until(syncs[0].outstanding == 0);
	assert_false(syncs[0].is_poll_soon);
	stop_hosts();
}

static void
a_rotation_is_told_at_once_and_found_at_the_next_question(void **state)
{
	unsigned char before[SHARED_TICKET_KEY_LEN];
	const struct shared_ticket_key *found;

	start_host_with_keys(&a, 0);
	turn_until(is_common(0));
	give_to_b();
	start_host_with_keys(&b, 1);
	turn_until(is_common(1));
	memcpy(before, key_of(0), sizeof(before));
	assert_int_equal(
	    shared_ring_rotate(&rings[0], clock_wall_s()), ERROR_NONE);
	assert_false(is_common(0));
	turn_until(is_common(0));
	give_to_b();
	shared_sync_poll(&syncs[1]);
	turn_until(syncs[1].outstanding == 0);
	assert_memory_equal(key_of(0), key_of(1), SHARED_TICKET_KEY_LEN);
	assert_memory_not_equal(key_of(1), before, SHARED_TICKET_KEY_LEN);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    shared_ring_find(&rings[i], clock_wall_s(), before, &found),
		    ERROR_NONE);
	stop_hosts();
}

static void
a_flush_is_told_at_once_for_the_last_epoch_too(void **state)
{
	unsigned char before[SHARED_TICKET_KEY_LEN];
	const struct shared_ticket_key *found;

	start_host_with_keys(&a, 0);
	turn_until(is_common(0));
	memcpy(before, key_of(0), sizeof(before));
	clock_advance(TIMEOUT_S / 2);
	turn_until(is_common(0) && memory_engine_count(&a.engine) == 3);
	assert_int_equal(
	    shared_ring_flush(&rings[0], clock_wall_s()), ERROR_NONE);
	turn_until(is_common(0) && syncs[0].outstanding == 0);
	/* A host that starts now has never heard of the key before. */
	give_to_b();
	start_host_with_keys(&b, 1);
	turn_until(is_common(1) && syncs[1].is_done);
	assert_memory_equal(key_of(0), key_of(1), SHARED_TICKET_KEY_LEN);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    shared_ring_find(&rings[i], clock_wall_s(), before, &found),
		    ERROR_NOT_FOUND);
	stop_hosts();
}

static void
the_key_of_another_epoch_is_none(void **state)
{
	struct memory_engine *engine = &a.engine;
	unsigned char before[SHARED_TICKET_KEY_LEN];
	unsigned swapped = 0;

	start_host_with_keys(&a, 0);
	turn_until(is_common(0));
	memcpy(before, key_of(0), sizeof(before));
	/* Each gets what the other had. */
	for (int i = 0; i + 1 < MEMORY_ENGINE_ENTRIES; i++)
		if (engine->entries[i].len == 289 &&
		    engine->entries[i + 1].len == 289) {
			unsigned char value[289];

			memcpy(value, engine->entries[i].value, 289);
			memcpy(engine->entries[i].value,
			    engine->entries[i + 1].value, 289);
			memcpy(engine->entries[i + 1].value, value, 289);
			swapped++;
		}
	assert_int_equal(swapped, 1);
	shared_sync_poll(&syncs[0]);
	turn_until(syncs[0].outstanding == 0);
	assert_int_equal(statistics_of(&a).rejected, 2);
	assert_memory_equal(key_of(0), before, sizeof(before));
	stop_hosts();
}

static void
both_secrets_have_their_keys_in_the_engine(void **state)
{
	make_group(&a, 1, 2);
	make_group(&b, 2, 1);
	start_host_with_keys(&a, 0);
	turn_until(is_common(0) && memory_engine_count(&a.engine) == 4);
	give_to_b();
	start_host_with_keys(&b, 1);
	turn_until(is_common(1) && syncs[1].is_done);
	assert_int_equal(memory_engine_count(&b.engine), 4);
	for (int i = 0; i < 2; i++) {
		const struct shared_ticket_key *found;

		assert_int_equal(shared_ring_find(&rings[1 - i], clock_wall_s(),
				     key_of(i), &found),
		    ERROR_NONE);
	}
	assert_memory_not_equal(key_of(0), key_of(1), 16);
	stop_hosts();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_host_publishes_and_the_next_takes_over),
		TEST(
		    a_key_that_was_wanted_before_is_published_later_with_one_warning),
		TEST(an_engine_that_lost_everything_gets_the_same_keys_again),
		TEST(
		    what_was_told_is_looked_at_again_soon_and_then_every_minute),
		TEST(a_rotation_is_told_at_once_and_found_at_the_next_question),
		TEST(a_flush_is_told_at_once_for_the_last_epoch_too),
		TEST(the_key_of_another_epoch_is_none),
		TEST(both_secrets_have_their_keys_in_the_engine),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

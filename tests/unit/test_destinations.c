/*
 * Unit tests of destinations.c: what is counted as one destination, for how
 * long, and in which order it is shown.
 */
#include "destinations.h"

#include "clock.h"
#include "sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define HEX "291ED68369DC3C4ECB8069C49870AF4B84B3415D2A94E0FB4ECA27438404FEA3"
#define OTHER_HEX \
	"391ED68369DC3C4ECB8069C49870AF4B84B3415D2A94E0FB4ECA27438404FEA3"

static struct destinations *destinations;
static struct destinations_row rows[DESTINATIONS_MAX];

static int
setup(void **state)
{
	static const unsigned char key[SIPHASH_KEY_LEN] = "a key of a test";

	destinations = destinations_new(key);
	return 0;
}

static int
teardown(void **state)
{
	destinations_free(destinations);
	return 0;
}

static uint64_t
look_up(const char *id)
{
	return destinations_request(destinations, id, strlen(id), true);
}

static void
look_up_many(unsigned first, unsigned count, unsigned times)
{
	char id[256];

	for (unsigned i = 0; i < count * times; i++) {
		snprintf(id, sizeof(id),
		    "smtp&%u.example&mx.%u.example&::1&&%s", first + i % count,
		    first + i % count, HEX);
		look_up(id);
	}
}

static void
expect_row(size_t at, const char *wanted)
{
	char *name = destinations_text(&rows[at]), text[512];

	snprintf(text, sizeof(text), "%s %d(%d) %d/%d/%d", name,
	    (int)rows[at].count, (int)rows[at].error, (int)rows[at].lookups,
	    (int)rows[at].hits, (int)rows[at].stores);
	free(name);
	assert_string_equal(text, wanted);
}

static void
sessions_of_one_destination_count_together(void **state)
{
	static const char *const ids[] = {
		"smtp&example.com&mx.example.com&192.0.2.1&&" HEX,
		"relay&example.com&mx.example.com&192.0.2.1&x&" OTHER_HEX,
	};
	uint64_t number = look_up(ids[0]);

	destinations_hit(destinations, number);
	assert_int_equal(look_up(ids[1]), number);
	assert_int_equal(
	    destinations_request(destinations, ids[1], strlen(ids[1]), false),
	    number);
	destinations_stored(destinations, number);
	look_up("smtp&example.com&mx.example.com&192.0.2.2&&" HEX);
	assert_int_equal(destinations_list(destinations, rows), 2);
	expect_row(0, "mx.example.com[192.0.2.1] for example.com 3(0) 2/1/1");
	expect_row(1, "mx.example.com[192.0.2.2] for example.com 1(0) 1/0/0");
}

static void
an_id_of_another_form_counts_by_itself_and_is_raw(void **state)
{
	char id[1000];

	look_up("a&b&c");
	/* The same text, as a part of an id. */
	look_up("smtp&a&b&c&&" HEX);
	look_up("smtp&a&b&c&&" HEX);
	memset(id, 'x', sizeof(id));
	for (int i = 0; i < 3; i++)
		destinations_request(destinations, id, sizeof(id), true);
	assert_int_equal(destinations_list(destinations, rows), 3);
	memcpy(id + SKETCH_TEXT_MAX, "... 3(0) 3/0/0", 15);
	expect_row(0, id);
	expect_row(1, "b[c] for a 2(0) 2/0/0");
	expect_row(2, "a&b&c 1(0) 1/0/0");
}

static void
counts_are_of_this_period_and_the_one_before(void **state)
{
	uint64_t number = look_up("first");

	look_up("first");
	clock_advance(DESTINATIONS_PERIOD_S);
	destinations_end_period(destinations);
	/* A reply that came late; the request is of the other period. */
	destinations_hit(destinations, number);
	look_up("first");
	look_up("second");
	assert_int_equal(
	    destinations_age_s(destinations), DESTINATIONS_PERIOD_S);
	assert_int_equal(destinations_list(destinations, rows), 2);
	expect_row(0, "first 3(0) 3/0/0");
	expect_row(1, "second 1(0) 1/0/0");
	destinations_end_period(destinations);
	assert_int_equal(destinations_age_s(destinations), 0);
	assert_int_equal(destinations_list(destinations, rows), 2);
	assert_int_equal(rows[0].count, 1);
	destinations_end_period(destinations);
	assert_int_equal(destinations_list(destinations, rows), 0);
}

static void
what_one_period_may_have_had_is_in_the_error(void **state)
{
	/* 300 for 256 counters, twice: so one may have had two before. */
	look_up_many(0, 300, 2);
	destinations_end_period(destinations);
	for (int i = 0; i < 100; i++)
		look_up("late");
	assert_int_equal(destinations_list(destinations, rows), 257);
	expect_row(0, "late 102(2) 100/0/0");
	/* Two periods, none of which has a counter to spare. */
	look_up_many(1000, 300, 1);
	assert_int_equal(
	    destinations_list(destinations, rows), DESTINATIONS_MAX);
	for (size_t i = 0; i < DESTINATIONS_MAX; i++) {
		assert_true(i == 0 || rows[i - 1].count >= rows[i].count);
		assert_int_equal(
		    rows[i].count, rows[i].error + rows[i].lookups);
	}
}

static void
nothing_is_counted_for_who_has_no_counter_any_more(void **state)
{
	uint64_t number = look_up("one");

	look_up_many(0, 256, 2);
	destinations_hit(destinations, number);
	destinations_stored(destinations, number);
	assert_int_equal(destinations_list(destinations, rows), 256);
	for (size_t i = 0; i < 256; i++)
		assert_int_equal(rows[i].hits + rows[i].stores, 0);
}

/* Whoever asks in a pattern is not taken for another. */
static void
of_very_many_requests_one_in_eight_stands_for_all(void **state)
{
	uint64_t looked_at = 0;

	for (int i = 0; i < 10 * DESTINATIONS_EXACT; i++) {
		uint64_t number = destinations_request(destinations,
		    i % 8 == 0 ? "rare" : "often", i % 8 == 0 ? 4 : 5,
		    i % 2 == 0);

		if (number == 0)
			continue;
		looked_at++;
		if (i % 2 == 0)
			destinations_hit(destinations, number);
		else
			destinations_stored(destinations, number);
	}
	assert_in_range(looked_at, 210000, 215000);
	assert_int_equal(destinations_list(destinations, rows), 2);
	assert_in_range(rows[0].count, 865000, 885000);
	assert_in_range(rows[1].count, 120000, 130000);
	assert_in_range(rows[0].stores, 490000, 510000);
	assert_in_range(rows[0].lookups, 365000, 385000);
	assert_int_equal(rows[0].hits, rows[0].lookups);
	/* The next period is counted in full again. */
	destinations_end_period(destinations);
	destinations_end_period(destinations);
	destinations_stored(destinations, look_up("one"));
	assert_int_equal(destinations_list(destinations, rows), 1);
	expect_row(0, "one 1(0) 1/0/1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_of_one_destination_count_together),
		TEST(an_id_of_another_form_counts_by_itself_and_is_raw),
		TEST(counts_are_of_this_period_and_the_one_before),
		TEST(what_one_period_may_have_had_is_in_the_error),
		TEST(of_very_many_requests_one_in_eight_stands_for_all),
		TEST(nothing_is_counted_for_who_has_no_counter_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

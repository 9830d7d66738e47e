/*
 * Unit tests of the screen of `top`, without a terminal: what is made of
 * answers of the daemon. Covers ctl_top_state.c, ctl_top_series.c,
 * ctl_top_destinations.c, ctl_top_trouble.c, ctl_top_layout.c, ctl_top_caches.c
 * and ctl_top_ranking.c.
 */
#include "attr.h"
#include "clock.h"
#include "ctl_top.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US 1000000
#define NOW       1700000000

static struct ctl_top top;
static struct buffer answer;
static char *screen; /* as it was printed last */
static uint64_t at_us;

static int
setup(void **state)
{
	ctl_top_init(&top);
	buffer_init(&answer);
	screen = NULL;
	at_us = SECOND_US;
	top.now_s = NOW;
	top.is_live = true;
	setenv("TZ", "UTC", 1);
	return 0;
}

static int
teardown(void **state)
{
	ctl_top_fini(&top);
	buffer_fini(&answer);
	free(screen);
	return 0;
}

/* An answer is begun, gets numbers and texts, and is taken. */
static void
begin(const char *pid)
{
	buffer_clear(&answer, 0);
	attr_put_int(&answer, "status", 0);
	attr_put_string(&answer, "version", "2.1");
	attr_put_string(&answer, "postfix_version", "3.7.11");
	attr_put_string(&answer, "pid", pid);
	attr_put_number(&answer, "started_at", NOW - 7200);
	attr_put_number(&answer, "entropy_answering", 1);
}

static void
put(const char *name, uint64_t value)
{
	attr_put_number(&answer, name, value);
}

static void
take(void)
{
	struct ctl_reply reply;

	attr_put_end(&answer);
	ctl_reply_init(&reply, buffer_head(&answer), answer.len);
	assert_int_equal(
	    ctl_top_take_statistics(&top, &reply, at_us), ERROR_NONE);
	at_us += SECOND_US;
}

static void
draw(int rows, int columns)
{
	struct ctl_grid grid;
	size_t len;
	FILE *out;

	free(screen);
	out = open_memstream(&screen, &len);
	ctl_grid_init(&grid, rows, columns);
	ctl_top_layout(&top, &grid);
	ctl_grid_print(&grid, out, false);
	ctl_grid_fini(&grid);
	fclose(out);
}

static void
expect(const char *text)
{
	if (strstr(screen, text) == NULL)
		fail_msg("there is no \"%s\" in:\n%s", text, screen);
}

static void
expect_no(const char *text)
{
	if (strstr(screen, text) != NULL)
		fail_msg("there is \"%s\" in:\n%s", text, screen);
}

/* A destination of an answer. */
static void
put_destination(const char *name, uint64_t lookups, uint64_t hits,
    uint64_t stores, uint64_t error)
{
	attr_put_string(&answer, "destination", name);
	put("count", lookups + stores + error);
	put("error", error);
	put("lookups", lookups);
	put("hits", hits);
	put("stores", stores);
}

static void
take_destinations(enum error wanted)
{
	struct ctl_top_destinations destinations = { 0 };
	struct ctl_reply reply;

	attr_put_end(&answer);
	ctl_reply_init(&reply, buffer_head(&answer), answer.len);
	assert_int_equal(
	    ctl_top_destinations_add(&destinations, &reply, "smtp"), wanted);
	ctl_top_take_destinations(&top, &destinations);
}

static void
take_four_destinations(void)
{
	buffer_clear(&answer, 0);
	put("age", 4000);
	put_destination("b", 30, 10, 1, 0);
	put_destination("d", 20, 20, 2, 0);
	put_destination("a", 40, 5, 3, 0);
	put_destination("c", 40, 5, 9, 7);
	take_destinations(ERROR_NONE);
}

static void
rates_are_differences_by_the_time_between(void **state)
{
	begin("1");
	put("request.lookup", 100);
	put("request.stats", 5);
	put("request.flush", 7);
	take();
	draw(24, 80);
	expect("lookup            -       -");
	begin("1");
	put("request.lookup", 250);
	put("request.stats", 500);
	put("request.destinations", 500);
	put("request.history", 500);
	put("request.flush", 8);
	put("request.policy", 2);
	at_us += SECOND_US; /* two seconds */
	take();
	draw(24, 80);
	expect("lookup           75      75");
	expect("other           1.5     1.5");
	expect("tlsmgr 2.1, Postfix 3.7.11, process 1, up 2 h");
}

static void
what_another_process_counted_is_not_subtracted(void **state)
{
	double rates[3];

	begin("1");
	put("request.seed", 1000);
	take();
	begin("2");
	put("request.seed", 3000);
	take();
	assert_true(ctl_top_series_rate(
			&top.series, CTL_TOP_REQUESTS + CTL_TOP_SEED, 9) < 0);
	begin("2");
	put("request.seed", 3010);
	take();
	ctl_top_series_rates(
	    &top.series, CTL_TOP_REQUESTS + CTL_TOP_SEED, rates, 3);
	assert_true(rates[0] < 0);
	assert_true(rates[1] < 0);
	assert_int_equal((int)rates[2], 10);
}

static void
a_series_keeps_the_last_of_many_steps(void **state)
{
	double rates[CTL_TOP_STEPS], seconds;

	for (uint64_t i = 0; i < 1000; i++) {
		begin("1");
		put("request.update", i * i);
		take();
	}
	ctl_top_series_rates(&top.series, CTL_TOP_REQUESTS + CTL_TOP_UPDATE,
	    rates, CTL_TOP_STEPS);
	for (size_t i = 0; i < CTL_TOP_STEPS; i++)
		assert_int_equal(
		    (int)rates[i], 2 * (int)(1000 - CTL_TOP_STEPS + i) - 1);
	assert_int_equal(ctl_top_series_sum(&top.series,
			     CTL_TOP_REQUESTS + CTL_TOP_UPDATE, 60, &seconds),
	    999 * 999 - 939 * 939);
	assert_int_equal((int)seconds, 60);
}

static void
latency_is_a_histogram_of_what_postfix_asked(void **state)
{
	begin("1");
	take();
	begin("1");
	put("latency.lookup.le.10", 10);
	put("latency.lookup.le.20", 30);
	for (int i = 2; i < CTL_TOP_BOUNDS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "latency.lookup.le.%d",
		    ctl_top_bounds_us[i]);
		put(name, 90);
	}
	put("latency.lookup.count", 100);
	put("latency.stats.le.10", 1000);
	put("latency.stats.count", 1000);
	take();
	draw(24, 80);
	expect(" 20 us   30.0% ###");
	expect(" 50 us   60.0% #####");
	expect("100 us    0.0%\n");
	expect("longer   10.0% #");
	draw(50, 200);
	expect(" 10 us   10.0% #");
	expect(" 20 us   20.0% #");
}

static void
caches_show_what_they_hold_and_what_is_wrong_with_them(void **state)
{
	begin("1");
	put("smtpd.enabled", 1);
	put("smtpd.cachable", 1);
	put("smtpd.ready", 1);
	put("smtp.enabled", 1);
	take();
	begin("1");
	put("smtpd.enabled", 1);
	put("smtpd.cachable", 1);
	put("smtpd.ready", 1);
	put("smtpd.entries", 1234567);
	put("smtpd.bytes", 34 << 20);
	put("smtpd.lookups", 40);
	put("smtpd.hits", 10);
	put("smtpd.updates", 3);
	put("smtpd.evicted", 2);
	put("smtpd.failures", 1);
	put("smtp.enabled", 1);
	take();
	draw(24, 80);
	expect("smtpd       1234k   34 MB        40   25.0%   25.0%      3.0  "
	       "      2       1\n");
	expect("smtp    cannot be used: nothing is stored; the log says why");
	expect("lmtp    off, as configured");
	expect("the smtp cache cannot be used: nothing is stored");
	expect(" (+1)"); /* one request failed */
	draw(50, 200);
	expect("failed requests for smtpd in the last minute: 1");
}

static void
ticket_keys_have_their_times(void **state)
{
	begin("1");
	put("ticket_lifetime", 3600);
	put("ticket_keys", 2);
	put("ticket_key_made_at", 1700000000);
	put("ticket_key_encrypts_until", 1700001800);
	put("ticket_key_previous_made_at", 1699998200);
	take();
	draw(24, 80);
	expect("tickets key of 22:13:20 encrypts until 22:43:20; 1 before it, "
	       "of 21:43:20");
	begin("1");
	take();
	draw(24, 80);
	expect("tickets none: smtpd_tls_session_cache_timeout is 0");
}

static void
what_hosts_share_has_a_row_and_an_engine_that_is_down_is_trouble(void **state)
{
	begin("1");
	attr_put_string(&answer, "shared.state", "off");
	take();
	draw(24, 80);
	expect_no("shared");
	begin("1");
	attr_put_string(&answer, "shared.state", "down");
	attr_put_string(&answer, "shared.server", "10.0.0.1:6379");
	put("shared.down_since", NOW - 60);
	take();
	draw(24, 80);
	expect("shared  10.0.0.1:6379 down, ");
	expect("\nthe engine 10.0.0.1:6379 is not used since 2023-11-14 ");
	begin("1");
	attr_put_string(&answer, "shared.state", "failed");
	attr_put_string(&answer, "shared.problem", "no \033 secret");
	take();
	draw(24, 80);
	expect("\nnothing is shared: no \\x1b secret\n");
	expect("shared  nothing\n");
	begin("1");
	attr_put_string(&answer, "shared.state", "secret");
	attr_put_string(&answer, "shared.group", "mail");
	take();
	draw(24, 80);
	expect("shared  ticket keys, with the group mail\n");
}

static void
who_does_not_answer_is_said_first_and_for_how_long(void **state)
{
	draw(24, 80);
	expect("asking the daemon ...");
	ctl_top_set_silence(&top, strdup("nobody listens"));
	clock_advance(7);
	ctl_top_set_silence(&top, strdup("nobody \033 listens"));
	top.now_s = clock_wall_s();
	draw(24, 80);
	expect("\nNO ANSWER for 7 s: nobody \\x1b listens\n");
	ctl_top_set_silence(&top, NULL);
	draw(24, 80);
	expect_no("NO ANSWER");
}

static void
an_answer_without_a_version_is_none(void **state)
{
	struct ctl_reply reply;

	attr_put_int(&answer, "status", 0);
	attr_put_end(&answer);
	ctl_reply_init(&reply, buffer_head(&answer), answer.len);
	assert_int_equal(
	    ctl_top_take_statistics(&top, &reply, 1), ERROR_PROTOCOL);
	assert_int_equal(top.statistics.len, 0);
}

/* The names from top to bottom, of one letter each. */
static void
expect_order(enum ctl_top_order order, const char *wanted, const char *mark)
{
	char found[5] = "";

	ctl_top_set_order(&top, order);
	for (size_t i = 0; i < 4; i++)
		found[i] = top.destinations.list[i].name[0];
	assert_string_equal(found, wanted);
	draw(24, 80);
	expect(mark);
}

static void
destinations_are_in_the_order_that_the_title_shows(void **state)
{
	begin("1");
	take();
	take_four_destinations();
	expect_order(CTL_TOP_BY_LOOKUPS, "acbd", " *lookups ");
	expect_order(CTL_TOP_BY_HITS, "dbac", " *hits ");
	expect_order(CTL_TOP_BY_STORES, "cadb", " *stores ");
	expect_order(CTL_TOP_BY_NAME, "abcd", "\n*DESTINATIONS");
	expect("DESTINATIONS, of the last 66 min");
	expect("q quit   p pause   s sort by: name");
}

static void
what_may_be_missing_of_a_destination_is_said(void **state)
{
	begin("1");
	take();
	take_four_destinations();
	draw(24, 80);
	expect(" unseen\n");
	expect(" 40       5  12.5%       9      7\n");
	expect(" 40       5  12.5%       3\n");
	buffer_clear(&answer, 0);
	put("age", 1);
	put_destination("x", 1, 0, 0, 0);
	take_destinations(ERROR_NONE);
	draw(24, 80);
	expect_no("unseen");
}

static void
hostile_and_long_names_stay_in_their_column(void **state)
{
	char name[400] = "first\033[2J\r\n\x9b";

	begin("1");
	take();
	memset(name + strlen(name), 'x', 300);
	buffer_clear(&answer, 0);
	put("age", 1);
	put_destination(name, 1, 0, 0, 0);
	put_destination("", 1, 0, 0, 0);
	take_destinations(ERROR_NONE);
	draw(24, 80);
	expect("\nfirst\\x1b[2J\\x0d\\x0a");
	expect("...xxxxxxxxxxxxxxxxxxxxxx        1       0   0.0%       0\n");
	for (const char *at = screen; *at != '\0'; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
}

static void
destinations_that_make_no_sense_end_the_list(void **state)
{
	put("age", 1);
	put_destination("x", 1, 0, 0, 0);
	attr_put_string(&answer, "destination", "y");
	put("count", 1);
	put("lookups", 1);
	take_destinations(ERROR_PROTOCOL);
	assert_int_equal(top.destinations.count, 1);
}

static void
any_size_of_window_holds_a_screen(void **state)
{
	unsigned lines;

	begin("1");
	put("smtp.enabled", 1);
	put("lmtp.enabled", 1);
	put("smtp.cachable", 1);
	take();
	take_four_destinations();
	for (int rows = 1; rows < 60; rows++)
		for (int columns = 1; columns < 250; columns += 7) {
			top.is_utf8 = columns % 2 == 0;
			draw(rows, columns);
			lines = 0;
			for (const char *at = screen; *at != '\0'; at++)
				lines += *at == '\n';
			assert_int_equal(lines, rows);
		}
	top.is_paused = true;
	draw(24, 80);
	expect("PAUSED, p goes on\n");
}

static void
numbers_are_short_whatever_they_are(void **state)
{
	assert_string_equal(ctl_top_text_rate(-1).text, "-");
	assert_string_equal(ctl_top_text_rate(0).text, "0");
	assert_string_equal(ctl_top_text_rate(9.96).text, "10");
	assert_string_equal(ctl_top_text_rate(123456).text, "123k");
	assert_string_equal(ctl_top_text_count(999999).text, "999999");
	assert_string_equal(ctl_top_text_count(1000000).text, "1000k");
	assert_string_equal(ctl_top_text_count(INT64_MAX / 1000).text, "9223T");
	assert_string_equal(ctl_top_text_clock(1700000000).text, "22:13:20");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rates_are_differences_by_the_time_between),
		TEST(what_another_process_counted_is_not_subtracted),
		TEST(a_series_keeps_the_last_of_many_steps),
		TEST(latency_is_a_histogram_of_what_postfix_asked),
		TEST(caches_show_what_they_hold_and_what_is_wrong_with_them),
		TEST(ticket_keys_have_their_times),
		TEST(
		    what_hosts_share_has_a_row_and_an_engine_that_is_down_is_trouble),
		TEST(who_does_not_answer_is_said_first_and_for_how_long),
		TEST(an_answer_without_a_version_is_none),
		TEST(destinations_are_in_the_order_that_the_title_shows),
		TEST(what_may_be_missing_of_a_destination_is_said),
		TEST(hostile_and_long_names_stay_in_their_column),
		TEST(destinations_that_make_no_sense_end_the_list),
		TEST(any_size_of_window_holds_a_screen),
		TEST(numbers_are_short_whatever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

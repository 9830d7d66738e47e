/*
 * Unit tests of prng_schedule: when the pool is fed from its source.
 */
#include "fake_rand.h"

#include "prng_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "cmocka_range.h"
#include "entropy.h"
#include "schedule_fixture.h"

#include <sys/stat.h>

static void
the_start_feeds_the_pool(void **state)
{
	pid_t pid = getpid();
	unsigned char drawn[1];

	write_file(unit_path("source"), "from the source");
	write_file(unit_path("exch"), "from the exchange file");
	config.source_name = unit_path("source");
	config.exchange_path = unit_path("exch");
	open_schedule();
	/* Nothing is read with privileges. */
	assert_int_equal(fake_rand.adds + fake_rand.draws, 0);
	prng_schedule_start(schedule, loop);
	assert_int_equal(prng_generate(drawn, 1), ERROR_NONE);
	assert_true(fake_rand_has(&pid, sizeof(pid)));
	assert_true(fake_rand.added_len > sizeof(pid) + 15 + 22); /* time */
	assert_true(fake_rand_has("from the source", 15));
	assert_true(fake_rand_has("from the exchange file", 22));
	assert_int_equal(unit_log_complaints(), 0);

	assert_string_equal(statistics->source_name, unit_path("source"));
	assert_true(statistics->is_source_answering);
	assert_int_equal(statistics->source_reads, 1);
	assert_int_equal(statistics->source_failures, 0);
	assert_in_range(clock_wall_s() - statistics->source_read_at, 0, HANG_S);
	assert_int_equal(statistics->exchange_updates, 1);
	assert_int_equal(statistics->exchange_failures, 0);
	assert_in_range(
	    clock_wall_s() - statistics->exchange_updated_at, 0, HANG_S);
}

static void
nothing_configured_is_two_warnings(void **state)
{
	unsigned char drawn[1];

	start_schedule();
	assert_true(unit_log_has(
	    "no entropy source specified with parameter tls_random_source"));
	assert_true(unit_log_has("encryption keys etc. may be predictable"));
	assert_int_equal(unit_log_complaints(), 2);
	assert_int_equal(prng_generate(drawn, 1), ERROR_NONE);
	assert_true(fake_rand.adds > 0); /* time and process id */
	prng_schedule_save(schedule);
	assert_int_equal(unit_log_complaints(), 2);
	assert_int_equal(restarts, 0);
}

static void
the_source_is_read_again_and_again(void **state)
{
	static const unsigned char zeros[ENTROPY_BYTES_MAX];

	config.source_name = "dev:/dev/zero";
	config.source_len = 1000;
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->source_reads, 1);
	fake_rand_reset();
	fake_rand.is_constant = true;
	turn_until(&statistics->source_reads, 2);
	assert_true(fake_rand_has(zeros, sizeof(zeros)));
	turn_until(&statistics->source_reads, 5);
}

/* The random times are those of the generator, not always soon. */
static void
periods_are_kept(void **state)
{
	config.source_name = "dev:/dev/zero";
	config.exchange_path = unit_path("exch");
	start_schedule();
	run_for(50000);
	assert_int_equal(statistics->source_reads, 1);
	assert_int_equal(statistics->exchange_updates, 1);
}

static void
a_plain_file_is_read_once(void **state)
{
	write_file(unit_path("source"), "source");
	config.source_name = unit_path("source");
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->exchange_updates, 20);
	assert_int_equal(statistics->source_reads, 1);
	assert_int_equal(statistics->source_failures, 0);
}

/* A source that is missing is looked for at each reseed, and found. */
static void
a_source_that_comes_late_is_opened(void **state)
{
	config.source_name = unit_path("late");
	fake_rand.next = SOON;
	start_schedule();
	assert_false(statistics->is_source_answering);
	clock_advance(PERIOD_S);
	turn_until(&statistics->source_failures, 3);
	assert_int_equal(unit_log_complaints(), 3); /* one for each attempt */
	assert_true(unit_log_has("cannot open entropy file"));
	write_file(unit_path("late"), "at last");
	turn_until(&statistics->source_reads, 1);
	assert_true(statistics->is_source_answering);
	assert_true(fake_rand_has("at last", 7));
	assert_int_equal(restarts, 0); /* nor would one have helped */
}

static void
a_source_that_dies_is_opened_again(void **state)
{
	char name[PATH_MAX];
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	writer = open(unit_path("fifo"), O_RDWR);
	assert_int_equal(write(writer, "some", 4), 4);
	snprintf(name, sizeof(name), "dev:%s", unit_path("fifo"));
	config.source_name = name;
	config.source_len = 4;
	fake_rand.next = SOON;
	start_schedule();
	assert_true(statistics->is_source_answering);
	close(writer);
	turn_until(&statistics->source_failures, 3);
	assert_false(statistics->is_source_answering);
	assert_int_equal(statistics->source_reads, 1);
}

/*
 * In the jail a restart may help; but it is asked for once a reseed period,
 * and the start of this process counts as the first one.
 */
static void
a_restart_for_the_source_comes_once_a_period_at_most(void **state)
{
	config.source_name = "dev:/nonexistent/random";
	config.is_jailed = true;
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->source_failures, 4);
	assert_int_equal(restarts, 0);
	for (unsigned period = 1; period <= 2; ++period) {
		clock_advance(PERIOD_S);
		turn_until(&statistics->source_failures,
		    statistics->source_failures + 4);
		assert_int_equal(restarts, period);
	}
	assert_string_equal(restart_why,
	    "to reopen external entropy source dev:/nonexistent/random");
}

/* A read in hand, and both timers, end without another word. */
static void
freeing_ends_a_read_and_the_timers(void **state)
{
	int writer;

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	writer = open(unit_path("fifo"), O_RDWR);
	config.source_name = unit_path("fifo");
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	assert_int_equal(statistics->source_reads, 0);
	prng_schedule_free(schedule);
	schedule = NULL;
	run_for(100000);
	prng_schedule_free(NULL);
	close(writer);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_start_feeds_the_pool),
		TEST(nothing_configured_is_two_warnings),
		TEST(the_source_is_read_again_and_again),
		TEST(periods_are_kept),
		TEST(a_plain_file_is_read_once),
		TEST(a_source_that_comes_late_is_opened),
		TEST(a_source_that_dies_is_opened_again),
		TEST(a_restart_for_the_source_comes_once_a_period_at_most),
		TEST(freeing_ends_a_read_and_the_timers),
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

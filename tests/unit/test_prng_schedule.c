/*
 * Unit tests of the schedule, on a generator whose bytes are all the same: 0
 * makes every random time come at once, 255 makes it the whole period.
 */
#include "../lib/fake_rand.h"

#include "prng_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "cmocka_range.h"
#include "prng.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../lib/lock_holder.h"
#include "../lib/unit.h"

#define SOON      0
#define LATE      255
#define PERIOD_S  3600
#define TURNS_MAX 100
#define HANG_S    30

static struct loop *loop;
static struct prng_schedule *schedule;
static const struct prng_schedule_statistics *statistics;
static struct prng_schedule_config config;

/* What was asked of us. */
static unsigned restarts;
static bool is_restart_pressing;
static char restart_why[PATH_MAX];

static void
restart_wanted(void *arg, const char *why, bool is_pressing)
{
	assert_ptr_equal(arg, &restarts);
	++restarts;
	is_restart_pressing = is_pressing;
	snprintf(restart_why, sizeof(restart_why), "%s", why);
}

static int
setup(void **state)
{
	prng_fini();
	fake_rand_reset();
	fake_rand.is_constant = true;
	fake_rand.next = LATE;
	loop = loop_new();
	schedule = NULL;
	restarts = 0;
	config = (struct prng_schedule_config){
		.source_name = "",
		.source_len = 32,
		.reseed_period_s = PERIOD_S,
		.exchange_path = "",
		.update_period_s = PERIOD_S,
		.restart_wanted = restart_wanted,
		.restart_arg = &restarts,
	};
	return unit_setup(state);
}

static int
teardown(void **state)
{
	prng_schedule_free(schedule);
	loop_free(loop);
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* All but the start, in the daemon's order. */
static void
open_schedule(void)
{
	schedule = prng_schedule_new(&config);
	statistics = prng_schedule_statistics(schedule);
	prng_schedule_open_source(schedule);
	prng_schedule_open_exchange(schedule);
}

static void
start_schedule(void)
{
	open_schedule();
	prng_schedule_start(schedule, loop);
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

/* Let timers come that are due within the time given. */
static void
run_for(uint64_t us)
{
	struct loop_timer timer;

	loop_timer_init(&timer, loop, stop_loop, loop);
	loop_timer_set(&timer, us);
	loop_run(loop);
	loop_timer_fini(&timer);
}

/* Turn the loop until a counter has reached a value. */
static void
turn_until(const uint64_t *counter, uint64_t value)
{
	for (int i = 0; i < TURNS_MAX && *counter < value; ++i)
		loop_run_once(loop);
	assert_true(*counter >= value);
}

static void
test_start_feeds_the_pool(void **state)
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
test_nothing_configured(void **state)
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
test_source_is_read_again_and_again(void **state)
{
	config.source_name = "dev:/dev/zero";
	config.source_len = 1000;
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->source_reads, 1);
	fake_rand.added_len = 0;
	turn_until(&statistics->source_reads, 2);
	assert_int_equal(fake_rand.added_len, 255);
	turn_until(&statistics->source_reads, 5);
}

/* The random times are those of the generator, not always soon. */
static void
test_periods_are_kept(void **state)
{
	config.source_name = "dev:/dev/zero";
	config.exchange_path = unit_path("exch");
	start_schedule();
	run_for(50000);
	assert_int_equal(statistics->source_reads, 1);
	assert_int_equal(statistics->exchange_updates, 1);
}

static void
test_file_is_read_once(void **state)
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
test_source_comes_late(void **state)
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
test_source_dies(void **state)
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
test_restart_for_the_source(void **state)
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

static void
test_exchange_is_updated_again_and_again(void **state)
{
	struct stat st;

	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	turn_until(&statistics->exchange_updates, 5);
	assert_int_equal(stat(unit_path("exch"), &st), 0);
	assert_int_equal(st.st_size, 1024);
}

/* Jail or not: a new file is made with the privileges of a start. */
static void
test_exchange_removed(void **state)
{
	uint64_t updates;

	config.source_name = "dev:/dev/zero";
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	start_schedule();
	unit_log_clear();
	updates = statistics->exchange_updates;
	unlink(unit_path("exch"));
	turn_until(&statistics->exchange_failures, 1);
	assert_true(unit_log_has(
	    "PRNG exchange file was removed -- exiting to reopen"));
	assert_int_equal(restarts, 1);
	assert_string_equal(restart_why, "to reopen the PRNG exchange file");
	assert_true(is_restart_pressing);
	/* It asks once, and goes on with the rest. */
	turn_until(&statistics->source_reads, statistics->source_reads + 20);
	assert_int_equal(restarts, 1);
	assert_int_equal(statistics->exchange_updates, updates);
	prng_schedule_save(schedule);
	assert_int_equal(unit_log_complaints(), 1);
}

static void
test_exchange_not_usable(void **state)
{
	config.exchange_path = unit_path("no/such/directory");
	config.source_name = "dev:/dev/zero";
	fake_rand.next = SOON;
	start_schedule();
	assert_true(unit_log_has("cannot open PRNG exchange file"));
	turn_until(&statistics->source_reads, 20);
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 0);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_int_equal(unit_log_complaints(), 1);
	assert_int_equal(restarts, 0);
}

/* As at a reload, while the old process finishes. */
static void
test_exchange_locked_for_a_while(void **state)
{
	struct lock_holder holder;

	write_file(unit_path("exch"), "content");
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	config.exchange_path = unit_path("exch");
	start_schedule();
	loop_run_once(loop);
	assert_int_equal(statistics->exchange_updates, 0);
	lock_holder_stop(&holder);
	turn_until(&statistics->exchange_updates, 1);
	assert_int_equal(statistics->exchange_failures, 0);
	assert_true(fake_rand_has("content", 7));
}

static void
test_exchange_locked_for_good(void **state)
{
	struct lock_holder holder;

	write_file(unit_path("source"), "read once");
	write_file(unit_path("exch"), "");
	config.source_name = unit_path("source");
	config.exchange_path = unit_path("exch");
	fake_rand.next = SOON;
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	start_schedule();
	loop_run_once(loop);
	assert_int_equal(statistics->exchange_failures, 0);
	clock_advance(10);
	turn_until(&statistics->exchange_failures, 1);
	assert_true(unit_log_has("locked by another process"));
	assert_int_equal(unit_log_complaints(), 1);
	/* At the next time it waits as long again, without a line a try. */
	run_for(50000);
	assert_int_equal(statistics->exchange_failures, 1);
	lock_holder_stop(&holder);
	turn_until(&statistics->exchange_updates, 1);
}

static void
test_save(void **state)
{
	config.exchange_path = unit_path("exch");
	start_schedule();
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 2);
	unlink(unit_path("exch"));
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_true(unit_log_has("was removed"));
	assert_int_equal(restarts, 0); /* this is the end anyway */
}

static void
test_update(void **state)
{
	struct lock_holder holder;

	config.exchange_path = unit_path("exch");
	start_schedule();
	assert_int_equal(prng_schedule_update(schedule), ERROR_NONE);
	assert_int_equal(statistics->exchange_updates, 2);
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	assert_int_equal(prng_schedule_update(schedule), ERROR_LOCKED);
	assert_int_equal(statistics->exchange_updates, 2);
	lock_holder_stop(&holder);
	unlink(unit_path("exch"));
	assert_int_equal(prng_schedule_update(schedule), ERROR_NOT_FOUND);
	assert_int_equal(statistics->exchange_failures, 1);
}

/* None is wanted, so there is nothing that could fail. */
static void
test_update_without_a_file(void **state)
{
	start_schedule();
	assert_int_equal(prng_schedule_update(schedule), ERROR_NONE);
	assert_int_equal(statistics->exchange_updates, 0);
}

static void
test_save_waits_for_the_lock(void **state)
{
	struct lock_holder holder;

	config.exchange_path = unit_path("exch");
	open_schedule();
	assert_true(lock_holder_start(&holder, unit_path("exch"), 100));
	prng_schedule_save(schedule);
	assert_int_equal(statistics->exchange_updates, 1);
	lock_holder_stop(&holder);
}

static void
test_save_does_not_wait_for_ever(void **state)
{
	struct lock_holder holder;
	uint64_t start_us;

	config.exchange_path = unit_path("exch");
	open_schedule();
	assert_true(lock_holder_start(&holder, unit_path("exch"), -1));
	start_us = clock_monotonic_us();
	prng_schedule_save(schedule);
	assert_in_range(clock_monotonic_us() - start_us, 500000, 5000000);
	assert_int_equal(statistics->exchange_updates, 0);
	assert_int_equal(statistics->exchange_failures, 1);
	assert_true(unit_log_has("locked by another process"));
	lock_holder_stop(&holder);
}

/* A read in hand, and both timers, end without another word. */
static void
test_free_in_the_middle(void **state)
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_start_feeds_the_pool),
		TEST(test_nothing_configured),
		TEST(test_source_is_read_again_and_again),
		TEST(test_periods_are_kept),
		TEST(test_file_is_read_once),
		TEST(test_source_comes_late),
		TEST(test_source_dies),
		TEST(test_restart_for_the_source),
		TEST(test_exchange_is_updated_again_and_again),
		TEST(test_exchange_removed),
		TEST(test_exchange_not_usable),
		TEST(test_exchange_locked_for_a_while),
		TEST(test_exchange_locked_for_good),
		TEST(test_save),
		TEST(test_update),
		TEST(test_update_without_a_file),
		TEST(test_save_waits_for_the_lock),
		TEST(test_save_does_not_wait_for_ever),
		TEST(test_free_in_the_middle),
#undef TEST
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

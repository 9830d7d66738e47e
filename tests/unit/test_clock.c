/*
 * Unit tests of clock: both clocks, and tests that move them.
 */
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cmocka_range.h"

static void
the_wall_clock_is_the_time_of_day(void **state)
{
	time_t before = time(NULL);
	time_t now = clock_wall_s();
	struct timespec exact = clock_wall();

	assert_true(now >= before && now <= before + 2);
	assert_true(exact.tv_sec >= now && exact.tv_sec <= now + 2);
	assert_true(exact.tv_nsec >= 0 && exact.tv_nsec < 1000000000);
}

static uint64_t
system_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
the_monotonic_clock_counts_microseconds(void **state)
{
	uint64_t outer, inner, before, after, last;

	outer = system_us();
	last = before = clock_monotonic_us();
	inner = system_us();
	while (system_us() - inner < 2000) {
		after = clock_monotonic_us();
		assert_true(after >= last);
		last = after;
	}
	inner = system_us() - inner;
	after = clock_monotonic_us();
	outer = system_us() - outer;
	assert_in_range(after - before, inner - 1, outer + 1);
}

static void
advancing_moves_both_clocks(void **state)
{
	time_t wall = clock_wall_s();
	uint64_t monotonic = clock_monotonic_us();

	clock_advance(86400);
	assert_in_range(clock_wall_s() - wall, 86400, 86405);
	assert_in_range(
	    clock_monotonic_us() - monotonic, 86400000000, 86405000000);
}

static void
setting_back_moves_the_wall_clock_only(void **state)
{
	time_t wall = clock_wall_s();
	uint64_t monotonic = clock_monotonic_us();

	clock_advance(-3600);
	assert_in_range(wall - clock_wall_s(), 3595, 3600);
	assert_in_range(clock_monotonic_us() - monotonic, 0, 5000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_clock_is_the_time_of_day),
		cmocka_unit_test(the_monotonic_clock_counts_microseconds),
		cmocka_unit_test(advancing_moves_both_clocks),
		cmocka_unit_test(setting_back_moves_the_wall_clock_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

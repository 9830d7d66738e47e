/*
 * Unit tests of sketch.c: what the space-saving algorithm promises, against
 * exact counts.
 */
#include "sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 5000

static struct sketch sketch;
static uint64_t exact[KEYS], total;

static int
setup(void **state)
{
	memset(&sketch, 0x5a, sizeof(sketch));
	memset(exact, 0, sizeof(exact));
	total = 0;
	sketch_init(&sketch);
	return 0;
}

/* Neighbours meet in a bucket. */
static uint64_t
hash_of(unsigned key)
{
	return key / 4 + ((uint64_t)key << 32);
}

static void
add(unsigned key)
{
	char text[SKETCH_TEXT_MAX];

	memset(text, 'a' + (int)(key % 26), sizeof(text));
	sketch_add(&sketch, hash_of(key), text, key % sizeof(text), 1);
	exact[key]++;
	total++;
}

static uint64_t
draw(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* Small numbers more often than large ones. */
static unsigned
draw_key(void)
{
	return (unsigned)(draw() % (1 + draw() % (1 + draw() % KEYS)));
}

/* Every count is in its bounds, and the least is the least. */
static void
check_bounds(void)
{
	uint64_t sum = 0, least = UINT64_MAX;
	unsigned in_use = 0;

	for (unsigned key = 0; key < KEYS; key++) {
		const struct sketch_counter *counter =
		    sketch_find(&sketch, hash_of(key));

		if (counter == NULL) {
			assert_true(exact[key] <= sketch_least(&sketch));
			continue;
		}
		assert_int_equal(counter->hash, hash_of(key));
		assert_int_equal(counter->text_len, key % SKETCH_TEXT_MAX);
		if (counter->text_len > 0)
			assert_int_equal(
			    sketch_text(&sketch, counter)[0], 'a' + key % 26);
		assert_true(counter->count >= exact[key]);
		assert_true(counter->count - counter->error <= exact[key]);
		sum += counter->count;
		if (counter->count < least)
			least = counter->count;
		in_use++;
	}
	assert_int_equal(sum, total);
	assert_true(in_use <= SKETCH_COUNTERS);
	assert_int_equal(
	    sketch_least(&sketch), in_use == SKETCH_COUNTERS ? least : 0);
	assert_true(sketch_least(&sketch) <= total / SKETCH_COUNTERS);
}

static void
as_long_as_there_are_counters_counts_are_exact(void **state)
{
	for (unsigned i = 0; i < 10000; i++)
		add((unsigned)(draw() % SKETCH_COUNTERS));
	check_bounds();
	for (unsigned key = 0; key < SKETCH_COUNTERS; key++) {
		assert_int_equal(
		    sketch_find(&sketch, hash_of(key))->count, exact[key]);
		assert_int_equal(sketch_find(&sketch, hash_of(key))->error, 0);
	}
}

static void
counts_are_never_too_low_and_errors_are_bounded(void **state)
{
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 1000; i++)
			add(draw_key());
		check_bounds();
	}
	assert_true(sketch_least(&sketch) > 0);
}

/* Others come once each, one after the other, between two of the heavy ones. */
static void
heavy_keys_stay_whatever_else_comes(void **state)
{
	for (unsigned i = 0; i < 60000; i++) {
		add(i % 2 == 0 ? i / 2 % 50 : 50 + i % (KEYS - 50));
		if (i % 5000 == 0)
			check_bounds();
	}
	for (unsigned key = 0; key < 50; key++) {
		const struct sketch_counter *counter =
		    sketch_find(&sketch, hash_of(key));

		assert_non_null(counter);
		assert_int_equal(counter->count - counter->error, exact[key]);
	}
}

static void
tallies_begin_anew_with_another_key(void **state)
{
	for (unsigned i = 0; i < 3 * SKETCH_COUNTERS; i++) {
		struct sketch_counter *counter =
		    sketch_add(&sketch, hash_of(i), "x", 1, 1);

		assert_int_equal(counter->tallies[0], 0);
		assert_int_equal(counter->error, i / SKETCH_COUNTERS);
		counter->tallies[0] = 7;
	}
}

static void
a_long_text_is_cut_and_its_length_kept(void **state)
{
	static char text[70000];
	const struct sketch_counter *counter;

	memset(text, 'x', sizeof(text));
	counter = sketch_add(&sketch, 1, text, SKETCH_TEXT_MAX + 1, 1);
	assert_int_equal(counter->text_len, SKETCH_TEXT_MAX + 1);
	counter = sketch_add(&sketch, 2, text, sizeof(text), 1);
	assert_int_equal(counter->text_len, UINT16_MAX);
}

static void
an_emptied_sketch_has_nothing(void **state)
{
	for (unsigned i = 0; i < 10000; i++)
		add(draw_key());
	setup(state);
	check_bounds();
	assert_null(sketch_find(&sketch, hash_of(0)));
	add(3);
	check_bounds();
	assert_int_equal(sketch_find(&sketch, hash_of(3))->count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    as_long_as_there_are_counters_counts_are_exact, setup),
		cmocka_unit_test_setup(
		    counts_are_never_too_low_and_errors_are_bounded, setup),
		cmocka_unit_test_setup(
		    heavy_keys_stay_whatever_else_comes, setup),
		cmocka_unit_test_setup(
		    tallies_begin_anew_with_another_key, setup),
		cmocka_unit_test_setup(
		    a_long_text_is_cut_and_its_length_kept, setup),
		cmocka_unit_test_setup(an_emptied_sketch_has_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the histogram: the error of its quantiles, against the sorted
 * values themselves.
 */
#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 20000

static struct histogram histogram;

static int
setup(void **state)
{
	memset(&histogram, 0, sizeof(histogram));
	return 0;
}

static void
an_empty_histogram_says_0(void **state)
{
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	assert_int_equal(histogram_quantile(&histogram, 1), 0);
	histogram_add(&histogram, 1000, 0);
	assert_int_equal(histogram.count, 0);
	assert_int_equal(histogram.max, 0);
}

/* Each small value is told from its neighbours. */
static void
small_values_are_exact(void **state)
{
	for (uint64_t i = 0; i < HISTOGRAM_EXACT; i++)
		histogram_add(&histogram, i, 1);
	for (uint64_t i = 0; i < HISTOGRAM_EXACT; i++)
		assert_int_equal(histogram_quantile(&histogram,
				     ((double)i + 0.5) / HISTOGRAM_EXACT),
		    i);
}

/* Below and at each power of two, where one width of buckets ends. */
static void
a_quantile_is_never_too_low_at_the_edges(void **state)
{
	uint64_t value, found;

	for (unsigned bits = 0; bits < HISTOGRAM_VALUE_BITS; bits++) {
		for (int below = 0; below < 2; below++) {
			value = (UINT64_C(1) << bits) - (uint64_t)below;
			memset(&histogram, 0, sizeof(histogram));
			histogram_add(&histogram, value, 3);
			histogram_add(&histogram, UINT64_MAX, 1);
			found = histogram_quantile(&histogram, 0.5);
			assert_true(found >= value);
			assert_true(
			    found - value <= value / HISTOGRAM_SUB_BUCKETS);
		}
	}
}

static int
compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void
quantiles_are_within_the_promised_error(void **state)
{
	static const double shares[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999 };
	static uint64_t values[COUNT];
	uint64_t found, exact, seed = 88172645463325252;

	for (size_t i = 0; i < COUNT; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		/* From nothing to an hour, as many small as large ones. */
		values[i] = (seed >> 32) >> (seed % 32);
		histogram_add(&histogram, values[i], 1);
	}
	qsort(values, COUNT, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		exact = values[(size_t)(shares[i] * COUNT + 0.5) - 1];
		found = histogram_quantile(&histogram, shares[i]);
		assert_true(found >= exact);
		assert_true(found - exact <= exact / HISTOGRAM_SUB_BUCKETS);
	}
	assert_int_equal(histogram.count, COUNT);
	assert_int_equal(histogram.max, values[COUNT - 1]);
	assert_int_equal(histogram_quantile(&histogram, 1), histogram.max);
}

/* Many at once count as often. */
static void
a_value_may_count_many_times(void **state)
{
	histogram_add(&histogram, 10, 98);
	histogram_add(&histogram, 20, 1);
	histogram_add(&histogram, 30, 1);
	assert_int_equal(histogram.count, 100);
	assert_int_equal(histogram_quantile(&histogram, 0.98), 10);
	assert_int_equal(histogram_quantile(&histogram, 0.99), 20);
	assert_int_equal(histogram_quantile(&histogram, 0.991), 30);
}

/* What is too large is one bucket, and yet not more than the largest. */
static void
too_large_values_share_a_bucket(void **state)
{
	histogram_add(&histogram, UINT64_C(1) << 40, 1);
	histogram_add(&histogram, UINT64_C(1) << 50, 1);
	histogram_add(&histogram, 1, 1);
	assert_int_equal(histogram_quantile(&histogram, 0.3), 1);
	assert_int_equal(
	    histogram_quantile(&histogram, 0.6), UINT64_C(1) << 50);
	assert_int_equal(histogram.max, UINT64_C(1) << 50);
}

static void
those_up_to_a_value_are_counted_and_added(void **state)
{
	histogram_add(&histogram, 10, 98);
	histogram_add(&histogram, 100, 1);
	histogram_add(&histogram, 5000, 2);
	assert_int_equal(histogram_count_up_to(&histogram, 9), 0);
	assert_int_equal(histogram_count_up_to(&histogram, 10), 98);
	assert_int_equal(histogram_count_up_to(&histogram, 50), 98);
	assert_int_equal(histogram_count_up_to(&histogram, 100), 99);
	assert_int_equal(histogram_count_up_to(&histogram, 2000), 99);
	assert_int_equal(histogram_count_up_to(&histogram, 5000), 101);
	assert_int_equal(histogram_count_up_to(&histogram, UINT64_MAX), 101);
	assert_int_equal(histogram.sum, 98 * 10 + 100 + 2 * 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_histogram_says_0, setup),
		cmocka_unit_test_setup(small_values_are_exact, setup),
		cmocka_unit_test_setup(
		    a_quantile_is_never_too_low_at_the_edges, setup),
		cmocka_unit_test_setup(
		    quantiles_are_within_the_promised_error, setup),
		cmocka_unit_test_setup(a_value_may_count_many_times, setup),
		cmocka_unit_test_setup(
		    those_up_to_a_value_are_counted_and_added, setup),
		cmocka_unit_test_setup(too_large_values_share_a_bucket, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

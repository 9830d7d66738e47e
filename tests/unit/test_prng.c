/*
 * Unit tests of prng_pool.c, on a generator whose bytes count up: so it shows
 * at once if a byte is handed out twice, left out, or not the generator's. The
 * clock stands still unless a test moves it.
 */
#include "fake_rand.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

#include "unit.h"

#define BLOCKS_LEN 20000 /* spans several blocks */
#define TIME_LEN   8     /* of the time of day, as it is mixed in */

/* In the place of clock.c. */
static struct timespec wall;
static uint64_t monotonic_us;

struct timespec
clock_wall(void)
{
	return wall;
}

time_t
clock_wall_s(void)
{
	return wall.tv_sec;
}

uint64_t
clock_monotonic_us(void)
{
	return monotonic_us;
}

static void
pass_time(uint64_t us)
{
	uint64_t wall_us = (uint64_t)wall.tv_sec * 1000000 +
	                   (uint64_t)wall.tv_nsec / 1000 + us;

	wall = (struct timespec){ (time_t)(wall_us / 1000000),
		(long)(wall_us % 1000000) * 1000 };
	monotonic_us += us;
}

static int
setup(void **state)
{
	prng_fini();
	fake_rand_reset();
	wall = (struct timespec){ 1000000000, 0 };
	monotonic_us += 3600000000; /* past what other tests logged */
	return unit_setup(state);
}

static int
teardown(void **state)
{
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

/* Bytes that count up from `first`. */
static void
assert_counts(const unsigned char *bytes, size_t len, unsigned first)
{
	for (size_t i = 0; i < len; ++i)
		assert_int_equal(bytes[i], (first + i) % 256);
}

static void
assert_all_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; ++i)
		assert_int_equal(bytes[i], 0);
}

static void
every_byte_is_handed_out_once(void **state)
{
	static unsigned char out[BLOCKS_LEN];
	const uint64_t before = prng_statistics()->bytes_generated;
	size_t len = 0;

	for (size_t part = 1; len + part <= sizeof(out); ++part) {
		assert_int_equal(prng_generate(out + len, part), ERROR_NONE);
		len += part;
	}
	assert_counts(out, len, 0);
	assert_true(fake_rand.draws > 1);
	assert_true(fake_rand.draws <= len / 1024 + 1);
	assert_int_equal(prng_statistics()->bytes_generated - before, len);
}

static void
more_than_a_block_may_be_asked_for(void **state)
{
	static unsigned char out[BLOCKS_LEN];

	assert_int_equal(prng_generate(out, 3), ERROR_NONE);
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_NONE);
	assert_counts(out, sizeof(out), 3);
	assert_int_equal(prng_generate(out, 0), ERROR_NONE);
}

/* Every value but 1 is a failure, and no byte of before is handed out. */
static void
a_failure_gives_zeros(void **state)
{
	const int failures[] = { 0, -1, 2 };
	static unsigned char out[BLOCKS_LEN];
	uint64_t before;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); ++i) {
		before = prng_statistics()->failures;
		fake_rand.result = 1;
		assert_int_equal(prng_generate(out, 1), ERROR_NONE);
		fake_rand.result = failures[i];
		memset(out, 0xff, sizeof(out));
		assert_int_equal(prng_generate(out, sizeof(out)), ERROR_RANDOM);
		assert_all_zero(out, sizeof(out));
		/* Nor what the failed call left behind. */
		memset(out, 0xff, sizeof(out));
		assert_int_equal(prng_generate(out, 1), ERROR_RANDOM);
		assert_int_equal(out[0], 0);
		assert_int_equal(prng_statistics()->failures, before + 2);
	}
}

static void
a_generator_that_recovers_is_used_again(void **state)
{
	unsigned char out[64];

	fake_rand.result = 0;
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_RANDOM);
	fake_rand.result = 1;
	fake_rand.next = 7;
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_NONE);
	assert_counts(out, sizeof(out), 7);
}

/* Logged, but not for each of the clients that ask. */
static void
a_failure_is_logged_once_a_minute(void **state)
{
	unsigned char out[64];

	fake_rand.result = 0;
	for (int i = 0; i < 10; ++i)
		assert_int_equal(prng_generate(out, 64), ERROR_RANDOM);
	assert_true(unit_log_has("random number generator failed"));
	assert_int_equal(unit_log_complaints(), 1);
	pass_time(60000000);
	assert_int_equal(prng_generate(out, 64), ERROR_RANDOM);
	assert_int_equal(unit_log_complaints(), 2);
}

static void
what_was_gathered_goes_in_before_the_next_block(void **state)
{
	static unsigned char out[BLOCKS_LEN];

	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	prng_gather("material", 8);
	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	assert_int_equal(fake_rand.adds, 1);
	assert_false(fake_rand_has("material", 8));
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_NONE);
	assert_true(fake_rand_has("material", 8));
	/* With the time each time, and once itself. */
	assert_int_equal(fake_rand.adds, fake_rand.draws);
	assert_int_equal(fake_rand.added_len, fake_rand.draws * TIME_LEN + 8);
}

/* A copy of this machine, or this one set back, would draw the same. */
static void
each_draw_mixes_in_the_time(void **state)
{
	unsigned char out[1], first[TIME_LEN];

	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	assert_int_equal(fake_rand.adds, 1);
	memcpy(first, fake_rand.added, sizeof(first));
	prng_fini();
	pass_time(1);
	fake_rand_reset();
	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	assert_int_equal(fake_rand.added_len, TIME_LEN);
	assert_memory_not_equal(fake_rand.added, first, sizeof(first));
}

static void
output_is_handed_out_for_a_second(void **state)
{
	unsigned char out[64];

	assert_int_equal(prng_generate(out, 4), ERROR_NONE);
	pass_time(1000000);
	assert_int_equal(prng_generate(out, 4), ERROR_NONE);
	assert_counts(out, 4, 4);
	assert_int_equal(fake_rand.draws, 1);
	pass_time(1);
	fake_rand.next = 200;
	assert_int_equal(prng_generate(out, 4), ERROR_NONE);
	assert_counts(out, 4, 200);
	assert_int_equal(fake_rand.draws, 2);
	/* A second from then on. */
	pass_time(999999);
	assert_int_equal(prng_generate(out, 64), ERROR_NONE);
	assert_counts(out, 64, 204);
}

/* Of a machine that was suspended, copied, or set to another time. */
static void
output_is_not_handed_out_after_a_step_of_either_clock(void **state)
{
	const struct {
		time_t wall_s;
		int64_t monotonic_s;
	} steps[] = { { 2, 0 }, { -1, 0 }, { 0, 2 }, { 86400, 86400 },
		{ -86400, 0 }, { -3, 3 } };
	unsigned char out[4];

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(prng_generate(out, 4), ERROR_NONE);
		wall.tv_sec += steps[i].wall_s;
		monotonic_us += (uint64_t)steps[i].monotonic_s * 1000000;
		fake_rand.next = 100;
		assert_int_equal(prng_generate(out, 4), ERROR_NONE);
		assert_counts(out, 4, 100);
	}
}

/* Nothing of it was drawn before, and nothing of the block is used up. */
static void
unbuffered_output_is_drawn_when_it_is_asked_for(void **state)
{
	unsigned char out[300];
	const uint64_t before = prng_statistics()->bytes_generated;

	assert_int_equal(prng_generate(out, 4), ERROR_NONE);
	prng_gather("material", 8);
	fake_rand.next = 100;
	assert_int_equal(
	    prng_generate_unbuffered(out, sizeof(out)), ERROR_NONE);
	assert_counts(out, sizeof(out), 100);
	assert_true(fake_rand_has("material", 8));
	assert_int_equal(fake_rand.adds, 2);
	assert_int_equal(prng_generate(out, 4), ERROR_NONE);
	assert_counts(out, 4, 4);
	assert_int_equal(prng_statistics()->bytes_generated - before, 308);

	fake_rand.result = 0;
	assert_int_equal(
	    prng_generate_unbuffered(out, sizeof(out)), ERROR_RANDOM);
	assert_all_zero(out, sizeof(out));
	assert_int_equal(prng_statistics()->bytes_generated - before, 308);
}

/* What is too much for the buffer still all takes part in what is added. */
static void
too_much_that_was_gathered_is_folded(void **state)
{
	unsigned char material[1000], plain[1000], out[1];
	size_t plain_len;

	memset(material, 0x55, sizeof(material));
	prng_gather(material, sizeof(material));
	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	plain_len = fake_rand.added_len;
	assert_true(plain_len > 0 && plain_len < sizeof(material));
	memcpy(plain, fake_rand.added, plain_len);

	for (size_t i = 0; i < sizeof(material); i += 37) {
		prng_fini();
		fake_rand_reset();
		material[i] ^= 1;
		prng_gather(material, sizeof(material));
		material[i] ^= 1;
		assert_int_equal(prng_generate(out, 1), ERROR_NONE);
		assert_int_equal(fake_rand.added_len, plain_len);
		assert_memory_not_equal(fake_rand.added, plain, plain_len);
	}
}

static void
what_is_gathered_twice_does_not_cancel(void **state)
{
	unsigned char material[256], zero[256] = { 0 }, out[1];

	for (size_t i = 0; i < sizeof(material); ++i)
		material[i] = (unsigned char)(i | 1);
	for (int i = 0; i < 4; ++i)
		prng_gather(material, sizeof(material));
	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	assert_int_equal(fake_rand.added_len, sizeof(material));
	assert_memory_not_equal(fake_rand.added, zero, sizeof(zero));
}

/* At once, and what was drawn before is not handed out any more. */
static void
stirring_drops_the_block(void **state)
{
	uint64_t before;
	unsigned char out[4];

	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	fake_rand_reset();
	before = prng_statistics()->stirs;
	prng_gather("gathered", 8);
	prng_stir("stirred", 7);
	assert_true(fake_rand_has("gathered", 8));
	assert_true(fake_rand_has("stirred", 7));
	assert_int_equal(prng_statistics()->stirs - before, fake_rand.adds);
	fake_rand.next = 100;
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_NONE);
	assert_counts(out, sizeof(out), 100);
	assert_int_equal(fake_rand.adds, 3);
}

/* OpenSSL 1.1.1 would else leave the operating system's entropy out. */
static void
nothing_is_credited_with_entropy(void **state)
{
	unsigned char material[64] = { 1 }, out[1];

	prng_gather(material, sizeof(material));
	prng_stir(material, sizeof(material));
	prng_gather_time();
	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	assert_true(fake_rand.adds >= 3);
	assert_true(fake_rand.credit <= 0.0 && fake_rand.credit >= 0.0);
}

static void
the_end_wipes_everything(void **state)
{
	unsigned char out[4];

	assert_int_equal(prng_generate(out, 1), ERROR_NONE);
	prng_gather("material", 8);
	prng_fini();
	fake_rand.next = 100;
	assert_int_equal(prng_generate(out, sizeof(out)), ERROR_NONE);
	assert_counts(out, sizeof(out), 100);
	assert_false(fake_rand_has("material", 8));
}

static uint64_t
delay_with_byte(int64_t period_s, unsigned char byte)
{
	prng_fini();
	fake_rand.next = byte;
	return prng_random_delay_us(period_s);
}

static void
a_random_delay_is_part_of_the_period(void **state)
{
	assert_int_equal(delay_with_byte(3600, 0), 1000);
	assert_int_equal(delay_with_byte(3600, 51), 3600000000 / 5);
	assert_int_equal(delay_with_byte(3600, 255), 3600000000);
	assert_int_equal(delay_with_byte(0, 200), 1000);
	assert_int_equal(delay_with_byte(-1, 200), 1000);
	assert_int_equal(
	    delay_with_byte(INT32_MAX, 255), INT32_MAX * UINT64_C(1000000));
	fake_rand.result = 0;
	assert_int_equal(delay_with_byte(3600, 0), 3600000000);
}

/* The one test with OpenSSL's own generator. */
static void
the_real_generator_works(void **state)
{
	unsigned char one[32], two[32];

	fake_rand_remove();
	prng_gather_time();
	assert_int_equal(prng_generate(one, sizeof(one)), ERROR_NONE);
	prng_stir(one, sizeof(one));
	assert_int_equal(prng_generate(two, sizeof(two)), ERROR_NONE);
	assert_memory_not_equal(one, two, sizeof(one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(every_byte_is_handed_out_once),
		TEST(more_than_a_block_may_be_asked_for),
		TEST(a_failure_gives_zeros),
		TEST(a_generator_that_recovers_is_used_again),
		TEST(a_failure_is_logged_once_a_minute),
		TEST(what_was_gathered_goes_in_before_the_next_block),
		TEST(each_draw_mixes_in_the_time),
		TEST(output_is_handed_out_for_a_second),
		TEST(output_is_not_handed_out_after_a_step_of_either_clock),
		TEST(unbuffered_output_is_drawn_when_it_is_asked_for),
		TEST(too_much_that_was_gathered_is_folded),
		TEST(what_is_gathered_twice_does_not_cancel),
		TEST(stirring_drops_the_block),
		TEST(nothing_is_credited_with_entropy),
		TEST(the_end_wipes_everything),
		TEST(a_random_delay_is_part_of_the_period),
		TEST(the_real_generator_works),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

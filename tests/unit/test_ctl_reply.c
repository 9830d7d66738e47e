/*
 * Unit tests of ctl_reply: whole lists, and whatever else may arrive. And of
 * ctl_statistics, which walks over one.
 */
#include "attr.h"
#include "buffer.h"
#include "ctl_reply.h"
#include "ctl_statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The bytes of a literal, without the NUL that C adds. */
#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static void
assert_next(struct ctl_reply *reply, const char *name, const char *value)
{
	struct ctl_attribute attribute;

	assert_true(ctl_reply_next(reply, &attribute));
	assert_string_equal(attribute.name, name);
	assert_string_equal(attribute.value, value);
}

static void
attributes_come_in_order(void **state)
{
	struct ctl_reply reply;
	struct ctl_attribute attribute;

	ctl_reply_init(&reply, BYTES("status\0000\0a\0\0b\0two\0\0"));
	assert_next(&reply, "status", "0");
	assert_false(ctl_reply_is_at_end(&reply));
	assert_next(&reply, "a", "");
	assert_next(&reply, "b", "two");
	assert_true(ctl_reply_is_at_end(&reply));
	assert_false(ctl_reply_next(&reply, &attribute));
	assert_true(ctl_reply_is_at_end(&reply));
}

static void
a_list_may_be_longer_than_the_daemon_takes(void **state)
{
	struct ctl_reply reply;
	struct buffer buffer;
	char name[16], value[16];

	buffer_init(&buffer);
	for (int i = 0; i < 20 * ATTR_ITEMS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(value, sizeof(value), "v%d", i);
		attr_put_string(&buffer, name, value);
	}
	attr_put_end(&buffer);
	ctl_reply_init(&reply, buffer_head(&buffer), buffer.len);
	for (int i = 0; i < 20 * ATTR_ITEMS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(value, sizeof(value), "v%d", i);
		assert_next(&reply, name, value);
	}
	assert_true(ctl_reply_is_at_end(&reply));
	assert_string_equal(ctl_reply_find(&reply, "n77"), "v77");
	buffer_fini(&buffer);
}

/* A list cut off anywhere: what is whole is read, and no byte behind it. */
static void
a_list_cut_anywhere_is_read_as_far_as_it_goes(void **state)
{
	static const char list[] = "status\0000\0name\0value\0";
	struct ctl_attribute attribute;
	struct ctl_reply reply;

	for (size_t len = 0; len < sizeof(list) - 1; len++) {
		/* Exactly so much memory, for AddressSanitizer to watch. */
		unsigned char *data = malloc(len > 0 ? len : 1);
		size_t count = 0;

		memcpy(data, list, len);
		ctl_reply_init(&reply, data, len);
		while (ctl_reply_next(&reply, &attribute))
			count++;
		assert_int_equal(count, len >= 9 ? 1 : 0);
		assert_false(ctl_reply_is_at_end(&reply));
		assert_null(ctl_reply_find(&reply, "name"));
		free(data);
	}
}

static void
what_is_no_list_has_no_attributes(void **state)
{
	struct ctl_attribute attribute;
	struct ctl_reply reply;

	ctl_reply_init(&reply, BYTES(""));
	assert_false(ctl_reply_next(&reply, &attribute));
	assert_false(ctl_reply_is_at_end(&reply));
	ctl_reply_init(&reply, BYTES("\0"));
	assert_false(ctl_reply_next(&reply, &attribute));
	assert_true(ctl_reply_is_at_end(&reply));
	ctl_reply_init(&reply, BYTES("a\0b\0\0more"));
	assert_next(&reply, "a", "b");
	assert_false(ctl_reply_next(&reply, &attribute));
	assert_false(ctl_reply_is_at_end(&reply));
}

static void
find_does_not_move_the_walk(void **state)
{
	struct ctl_reply reply;

	ctl_reply_init(&reply, BYTES("a\0001\0b\0002\0a\0003\0\0"));
	assert_next(&reply, "a", "1");
	assert_string_equal(ctl_reply_find(&reply, "a"), "1");
	assert_string_equal(ctl_reply_find(&reply, "b"), "2");
	assert_null(ctl_reply_find(&reply, "c"));
	assert_null(ctl_reply_find(&reply, ""));
	assert_next(&reply, "b", "2");
}

static void
assert_status(const unsigned char *data, size_t len, int expected)
{
	struct ctl_reply reply;
	int status = 99;

	ctl_reply_init(&reply, data, len);
	assert_int_equal(ctl_reply_status(&reply, &status), ERROR_NONE);
	assert_int_equal(status, expected);
}

static void
a_status_is_a_32_bit_int(void **state)
{
	static const struct {
		const unsigned char *data;
		size_t len;
	} wrong[] = {
		{ BYTES("") },
		{ BYTES("\0") },
		{ BYTES("status\0001\0\0") },
		{ BYTES("status\0\0\0") },
		{ BYTES("status\00000\0\0") },
		{ BYTES("status\000-1\0\0") },
		{ BYTES("statu\0000\0\0") },
		{ BYTES("a\0b\0status\0000\0\0") },
	};
	struct ctl_reply reply;
	int status;

	assert_status(BYTES("status\0000\0\0"), 0);
	assert_status(BYTES("status\0004294967295\0\0"), -1);
	assert_status(BYTES("status\0004294967294\0seed\0\0\0"), -2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ctl_reply_init(&reply, wrong[i].data, wrong[i].len);
		assert_int_equal(
		    ctl_reply_status(&reply, &status), ERROR_PROTOCOL);
	}
}

static void
a_number_is_decimal_and_fits(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
	} good[] = {
		{ "0", 0 },
		{ "-1", -1 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const wrong[] = { "", "-", " 1", "+1", "1 ", "0x1",
		"1.5", "9223372036854775808", "-9223372036854775809", "--1" };
	int64_t number;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    ctl_reply_number(good[i].text, &number), ERROR_NONE);
		assert_true(number == good[i].number);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		number = 42;
		assert_int_equal(
		    ctl_reply_number(wrong[i], &number), ERROR_PROTOCOL);
		assert_true(number == 42);
	}
}

static void
a_walk_over_a_prefix_gives_its_numbers(void **state)
{
	struct ctl_statistics_entry entry;
	struct ctl_reply walk;

	ctl_reply_init(
	    &walk, BYTES("status\0000\0request\0001\0request.a\0002\0"
			 "latency.a\0003\0request.b\0x\0request.\0-4\0\0"));
	assert_true(ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry));
	assert_string_equal(entry.name, "a");
	assert_true(entry.number == 2);
	assert_true(ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry));
	assert_string_equal(entry.name, "");
	assert_true(entry.number == -4);
	assert_false(ctl_statistics_next(&walk, CTL_REQUEST_PREFIX, &entry));
}

static void
a_latency_has_a_request_and_a_part(void **state)
{
	struct ctl_statistics_latency latency;
	struct ctl_reply reply, walk;

	ctl_reply_init(&reply,
	    BYTES("latency.\0001\0latency.a\0002\0latency.a.le.10\0003\0"
		  "latency.a.count\0004\0request.a.b\0005\0"
		  "latency.b.sum_us\0x\0\0"));
	walk = ctl_reply_from_start(&reply);
	assert_true(ctl_statistics_next_latency(&walk, &latency));
	assert_string_equal(latency.request, "a");
	assert_string_equal(latency.part, "le.10");
	assert_true(latency.number == 3);
	assert_true(ctl_statistics_next_latency(&walk, &latency));
	assert_string_equal(latency.part, "count");
	assert_false(ctl_statistics_next_latency(&walk, &latency));
	assert_true(ctl_statistics_has_request(&reply, "a.b"));
	assert_false(ctl_statistics_has_request(&reply, "a"));
}

static void
a_count_is_a_number_that_is_not_negative(void **state)
{
	struct ctl_reply reply;
	int64_t count;

	ctl_reply_init(&reply, BYTES("a\0007\0b\0-7\0c\0x\0d\0008\0\0"));
	assert_true(ctl_reply_take_count(&reply, "a", &count));
	assert_true(count == 7);
	assert_false(ctl_reply_take_count(&reply, "b", &count));
	assert_false(ctl_reply_take_count(&reply, "c", &count));
	assert_false(ctl_reply_take_count(&reply, "e", &count));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_come_in_order),
		cmocka_unit_test(a_list_may_be_longer_than_the_daemon_takes),
		cmocka_unit_test(a_list_cut_anywhere_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_is_no_list_has_no_attributes),
		cmocka_unit_test(find_does_not_move_the_walk),
		cmocka_unit_test(a_status_is_a_32_bit_int),
		cmocka_unit_test(a_number_is_decimal_and_fits),
		cmocka_unit_test(a_walk_over_a_prefix_gives_its_numbers),
		cmocka_unit_test(a_latency_has_a_request_and_a_part),
		cmocka_unit_test(a_count_is_a_number_that_is_not_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

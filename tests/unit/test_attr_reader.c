/*
 * Unit tests of the reader of attribute lists: covers attr_reader.c but for
 * the types of values, which are in test_attr_values.c. Input is handed over in
 * memory allocated to the byte, so that a sanitizer sees a look too far.
 */
#include "attr.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attr_unit.h"

static const char lookup[] = "request\0lookup\0cache_type\0smtpd\0"
			     "cache_id\0"
			     "ABCDEF&s=smtp&l=805306608\0";

/* Feed the first `len` bytes from memory of their own. */
static enum error
feed_copy(struct attr_reader *reader, const unsigned char *data, size_t len,
    size_t *used)
{
	unsigned char *copy = malloc(len > 0 ? len : 1);
	enum error error;

	memcpy(copy, data, len);
	error = attr_reader_feed(reader, copy, len, used);
	free(copy);
	return error;
}

/* The verdict on data that arrives in steps of `step` bytes. */
static enum error
feed_in_steps(struct attr_reader *reader, const unsigned char *data, size_t len,
    size_t step, size_t *used)
{
	enum error error = ERROR_AGAIN;

	attr_reader_init(reader);
	for (size_t seen = 0; error == ERROR_AGAIN && seen < len;) {
		seen = len - seen > step ? seen + step : len;
		error = attr_reader_feed(reader, data, seen, used);
	}
	return error;
}

static void
assert_string(struct attr_list *list, const char *name, const char *expected)
{
	const char *value;
	size_t len;

	assert_int_equal(attr_get_string(list, name, &value, &len), ERROR_NONE);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(value, expected);
}

static void
reads_a_list_in_order(void **state)
{
	struct attr_reader reader;
	struct attr_list list;
	const char *value;

	read_list(&reader, &list, LIST(lookup));
	assert_string(&list, "request", "lookup");
	assert_int_equal(
	    attr_get_string(&list, "cache_type", &value, NULL), ERROR_NONE);
	assert_string_equal(value, "smtpd");
	assert_int_equal(attr_list_end(&list), ERROR_PROTOCOL);
	assert_string(&list, "cache_id", "ABCDEF&s=smtp&l=805306608");
	assert_int_equal(attr_list_end(&list), ERROR_NONE);
}

static void
reads_an_empty_list(void **state)
{
	struct attr_reader reader;
	struct attr_list list;
	const char *value;

	read_list(&reader, &list, LIST(""));
	assert_int_equal(attr_list_end(&list), ERROR_NONE);
	assert_int_equal(
	    attr_get_string(&list, "request", &value, NULL), ERROR_PROTOCOL);
}

static void
reads_an_empty_value(void **state)
{
	struct attr_reader reader;
	struct attr_list list;

	read_list(&reader, &list, LIST("request\0\0a\0\0"));
	assert_string(&list, "request", "");
	assert_string(&list, "a", "");
	assert_int_equal(attr_list_end(&list), ERROR_NONE);
}

static void
needs_more_for_nothing(void **state)
{
	struct attr_reader reader;
	size_t used = 1;

	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, NULL, 0, &used), ERROR_AGAIN);
	assert_int_equal(used, 0);
}

static void
leaves_the_next_list_alone(void **state)
{
	unsigned char two[2 * sizeof(lookup)];
	struct attr_reader reader;
	size_t used;

	memcpy(two, lookup, sizeof(lookup));
	memset(two + sizeof(lookup), 'x', sizeof(lookup));
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, two, sizeof(two), &used), ERROR_NONE);
	assert_int_equal(used, sizeof(lookup));
	assert_int_equal(reader.count, 3);
}

static void
assert_is_lookup(const struct attr_reader *reader)
{
	struct attr_list list;

	attr_list_init(&list, reader, (const unsigned char *)lookup);
	assert_string(&list, "request", "lookup");
	assert_string(&list, "cache_type", "smtpd");
	assert_string(&list, "cache_id", "ABCDEF&s=smtp&l=805306608");
	assert_int_equal(attr_list_end(&list), ERROR_NONE);
}

/* One cut, and two cuts, at every place; each piece lies elsewhere. */
static void
reads_a_list_cut_anywhere(void **state)
{
	const unsigned char *data = (const unsigned char *)lookup;
	struct attr_reader reader;
	size_t used, len = sizeof(lookup);

	for (size_t first = 0; first < len; first++)
		for (size_t second = first; second < len; second++) {
			attr_reader_init(&reader);
			assert_int_equal(feed_copy(&reader, data, first, &used),
			    ERROR_AGAIN);
			assert_int_equal(used, 0);
			assert_int_equal(
			    feed_copy(&reader, data, second, &used),
			    ERROR_AGAIN);
			assert_int_equal(
			    feed_copy(&reader, data, len, &used), ERROR_NONE);
			assert_int_equal(used, len);
			assert_is_lookup(&reader);
		}
}

static void
reads_a_list_byte_by_byte(void **state)
{
	const unsigned char *data = (const unsigned char *)lookup;
	struct attr_reader reader;
	size_t used;

	attr_reader_init(&reader);
	for (size_t len = 0; len < sizeof(lookup); len++) {
		assert_int_equal(
		    feed_copy(&reader, data, len, &used), ERROR_AGAIN);
		/* Nothing is looked at twice. */
		assert_int_equal(reader.offset, len);
	}
	assert_int_equal(
	    feed_copy(&reader, data, sizeof(lookup), &used), ERROR_NONE);
	assert_is_lookup(&reader);
}

/* What a reader that knows no cuts and no bounds finds; -1: incomplete. */
static int
slow_used(const unsigned char *data, size_t len, unsigned *count)
{
	size_t offset = 0;

	for (*count = 0; offset < len && data[offset] != '\0'; ++*count)
		for (int strings = 0; strings < 2; strings++) {
			while (offset < len && data[offset] != '\0')
				offset++;
			offset++;
		}
	return offset < len ? (int)offset + 1 : -1;
}

static void
reads_random_bytes_like_a_simple_reader(void **state)
{
	unsigned char data[64];
	struct attr_reader reader;
	unsigned count;

	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % sizeof(data), used;
		size_t step = (size_t)random() % 9 + 1;
		enum error error;
		int expected;

		for (size_t i = 0; i < len; i++)
			data[i] = (unsigned char)(random() >> 5 & 3);
		expected = slow_used(data, len, &count);
		error = feed_in_steps(&reader, data, len, step, &used);
		if (expected < 0) {
			assert_int_equal(error, ERROR_AGAIN);
			continue;
		}
		assert_int_equal(error, ERROR_NONE);
		assert_int_equal(used, expected);
		assert_int_equal(reader.count, count);
	}
}

/*
 * The verdict on one attribute with a name and a value of these lengths; the
 * same however it arrives.
 */
static enum error
verdict_on_lengths(const char *name, size_t name_len, size_t value_len)
{
	size_t len = name_len + 1 + value_len + 2, used;
	unsigned char *data = malloc(len);
	struct attr_reader reader;
	enum error error;

	memset(data, 'n', name_len);
	memcpy(data, name, strlen(name));
	data[name_len] = '\0';
	memset(data + name_len + 1, 'v', value_len);
	data[len - 2] = data[len - 1] = '\0';

	error = feed_in_steps(&reader, data, len, len, &used);
	for (size_t step = len > 10000 ? 997 : 1; step < 5000; step *= 3)
		assert_int_equal(
		    feed_in_steps(&reader, data, len, step, &used), error);
	free(data);
	return error;
}

static void
bounds_names_and_strings(void **state)
{
	assert_int_equal(ATTR_STRING_MAX, 4096);
	assert_int_equal(verdict_on_lengths("", 4096, 0), ERROR_NONE);
	assert_int_equal(verdict_on_lengths("", 4097, 0), ERROR_TOO_LARGE);
	assert_int_equal(verdict_on_lengths("session", 4096, 1), ERROR_NONE);
	assert_int_equal(
	    verdict_on_lengths("session", 4097, 1), ERROR_TOO_LARGE);
	assert_int_equal(verdict_on_lengths("", 4096, 4096), ERROR_NONE);
	assert_int_equal(verdict_on_lengths("", 1, 4097), ERROR_TOO_LARGE);
	assert_int_equal(verdict_on_lengths("cache_id", 8, 4096), ERROR_NONE);
	assert_int_equal(
	    verdict_on_lengths("cache_id", 8, 4097), ERROR_TOO_LARGE);
}

static void
bounds_sessions_further_out(void **state)
{
	assert_int_equal(ATTR_DATA_MAX, 349528);
	assert_int_equal(verdict_on_lengths("session", 7, 4097), ERROR_NONE);
	assert_int_equal(
	    verdict_on_lengths("session", 7, ATTR_DATA_MAX), ERROR_NONE);
	assert_int_equal(verdict_on_lengths("session", 7, ATTR_DATA_MAX + 1),
	    ERROR_TOO_LARGE);
	assert_int_equal(
	    verdict_on_lengths("session", 8, 4097), ERROR_TOO_LARGE);
	assert_int_equal(
	    verdict_on_lengths("sessio", 6, 4097), ERROR_TOO_LARGE);
	assert_int_equal(
	    verdict_on_lengths("Session", 7, 4097), ERROR_TOO_LARGE);
}

/* The bound of a session's value is not that of what comes behind it. */
static void
bounds_names_behind_a_session(void **state)
{
	static const char session[] = "session\0AAAA";
	unsigned char data[sizeof(session) + ATTR_STRING_MAX + 1];
	struct attr_reader reader;
	size_t used;

	memset(data, 'n', sizeof(data));
	memcpy(data, session, sizeof(session));
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, data, sizeof(data) - 1, &used),
	    ERROR_AGAIN);
	assert_int_equal(attr_reader_feed(&reader, data, sizeof(data), &used),
	    ERROR_TOO_LARGE);
}

/* Without waiting for the end of what is too long, and for good. */
static void
notices_excess_at_once(void **state)
{
	unsigned char data[ATTR_STRING_MAX + 1];
	struct attr_reader reader;
	size_t used;

	memset(data, 'n', sizeof(data));
	attr_reader_init(&reader);
	assert_int_equal(
	    attr_reader_feed(&reader, data, ATTR_STRING_MAX, &used),
	    ERROR_AGAIN);
	for (int i = 0; i < 2; i++) {
		used = 1;
		assert_int_equal(
		    attr_reader_feed(&reader, data, sizeof(data), &used),
		    ERROR_TOO_LARGE);
		assert_int_equal(used, 0);
	}
}

/* A list of exactly `len` bytes, each string of it within its bound. */
static unsigned char *
list_of_length(size_t len)
{
	unsigned char *data = malloc(len);
	size_t offset = 8 + ATTR_DATA_MAX;

	memset(data, 'v', len);
	memcpy(data, "session", 8);
	data[offset++] = '\0';
	while (offset + 1 < len) {
		size_t value_end = len - offset - 1 > ATTR_STRING_MAX / 2
		                       ? offset + ATTR_STRING_MAX / 2
		                       : len - 2;

		data[offset + 1] = '\0';
		data[value_end] = '\0';
		offset = value_end + 1;
	}
	data[len - 1] = '\0';
	return data;
}

static void
bounds_the_whole_list(void **state)
{
	static const size_t steps[] = { SIZE_MAX / 2, 4096, 4095, 1021 };
	struct attr_reader reader;
	size_t used;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		unsigned char *data = list_of_length(ATTR_LIST_MAX);

		assert_int_equal(feed_in_steps(&reader, data, ATTR_LIST_MAX,
				     steps[i], &used),
		    ERROR_NONE);
		assert_int_equal(used, ATTR_LIST_MAX);
		free(data);
		data = list_of_length(ATTR_LIST_MAX + 1);
		assert_int_equal(feed_in_steps(&reader, data, ATTR_LIST_MAX + 1,
				     steps[i], &used),
		    ERROR_TOO_LARGE);
		free(data);
	}
}

/* Unending small attributes must come to an end. */
static void
bounds_the_number_of_bytes_in_small_attributes(void **state)
{
	size_t len = ATTR_LIST_MAX + 4, used;
	unsigned char *data = malloc(len);
	struct attr_reader reader;

	for (size_t i = 0; i < len; i++)
		data[i] = i % 2 == 0 ? 'a' : '\0';
	assert_int_equal(
	    feed_in_steps(&reader, data, len, 4096, &used), ERROR_TOO_LARGE);
	assert_true(reader.count > ATTR_ITEMS_MAX);
	free(data);
}

static void
keeps_a_number_of_attributes_and_counts_the_rest(void **state)
{
	static const char eight[] =
	    "a\0001\0b\0002\0c\0003\0d\0004\0e\0005\0f\0006\0g\0007\0h\0008\0";
	static const char nine[] = "a\0001\0b\0002\0c\0003\0d\0004\0e\0005\0"
				   "f\0006\0g\0007\0h\0008\0i\0009\0";
	struct attr_reader reader;
	struct attr_list list;
	const char *value;

	read_list(&reader, &list, LIST(eight));
	for (char name[2] = "a"; name[0] <= 'h'; name[0]++)
		assert_int_equal(
		    attr_get_string(&list, name, &value, NULL), ERROR_NONE);
	assert_int_equal(attr_list_end(&list), ERROR_NONE);

	read_list(&reader, &list, LIST(nine));
	assert_int_equal(reader.count, 9);
	for (char name[2] = "a"; name[0] <= 'h'; name[0]++)
		assert_int_equal(
		    attr_get_string(&list, name, &value, NULL), ERROR_NONE);
	assert_string_equal(value, "8");
	assert_int_equal(attr_list_end(&list), ERROR_PROTOCOL);
	assert_int_equal(
	    attr_get_string(&list, "i", &value, NULL), ERROR_PROTOCOL);
}

static void
insists_on_names_and_their_order(void **state)
{
	static const char *const others[] = { "", "b", "reques", "requestx",
		"Request", "cache_type" };
	struct attr_reader reader;
	struct attr_list list;
	const char *value = "kept";
	unsigned char out[8];
	size_t len = 7;
	int number = 7;

	read_list(&reader, &list, LIST(lookup));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(
		    attr_get_string(&list, others[i], &value, &len),
		    ERROR_PROTOCOL);
		assert_int_equal(
		    attr_get_int(&list, others[i], &number), ERROR_PROTOCOL);
	}
	/* Nothing moved, nothing changed. */
	assert_string_equal(value, "kept");
	assert_int_equal(len, 7);
	assert_int_equal(number, 7);
	assert_int_equal(
	    attr_get_data(&list, "b", out, sizeof(out), &len), ERROR_PROTOCOL);
	assert_int_equal(len, 0);
	assert_string(&list, "request", "lookup");
	assert_int_equal(
	    attr_get_string(&list, "request", &value, NULL), ERROR_PROTOCOL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_list_in_order),
		cmocka_unit_test(reads_an_empty_list),
		cmocka_unit_test(reads_an_empty_value),
		cmocka_unit_test(needs_more_for_nothing),
		cmocka_unit_test(leaves_the_next_list_alone),
		cmocka_unit_test(reads_a_list_cut_anywhere),
		cmocka_unit_test(reads_a_list_byte_by_byte),
		cmocka_unit_test(reads_random_bytes_like_a_simple_reader),
		cmocka_unit_test(bounds_names_and_strings),
		cmocka_unit_test(bounds_sessions_further_out),
		cmocka_unit_test(bounds_names_behind_a_session),
		cmocka_unit_test(notices_excess_at_once),
		cmocka_unit_test(bounds_the_whole_list),
		cmocka_unit_test(
		    bounds_the_number_of_bytes_in_small_attributes),
		cmocka_unit_test(
		    keeps_a_number_of_attributes_and_counts_the_rest),
		cmocka_unit_test(insists_on_names_and_their_order),
	};

	return cmocka_run_group_tests_name("attr_reader", tests, NULL, NULL);
}

/*
 * Unit tests of shared_reply: replies whole and in pieces, and all that an
 * engine should not send.
 */
#include "shared_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define PENDING_MAX 6000

#define TEXT(literal) (literal), sizeof(literal) - 1

/* What is to come of bytes that are a reply. */
static const struct {
	const char *bytes;
	size_t len;
	enum shared_reply_type type;
	const char *data;
	size_t data_len;
	long long integer;
} replies[] = {
	{ TEXT("+OK\r\n"), SHARED_REPLY_STATUS, TEXT("OK"), 0 },
	{ TEXT("+\r\n"), SHARED_REPLY_STATUS, TEXT(""), 0 },
	{ TEXT("-OOM command not allowed\r\n"), SHARED_REPLY_ERROR,
	    TEXT("OOM command not allowed"), 0 },
	{ TEXT(":0\r\n"), SHARED_REPLY_INTEGER, NULL, 0, 0 },
	{ TEXT(":-42\r\n"), SHARED_REPLY_INTEGER, NULL, 0, -42 },
	{ TEXT("$-1\r\n"), SHARED_REPLY_NIL, NULL, 0, 0 },
	{ TEXT("$0\r\n\r\n"), SHARED_REPLY_VALUE, TEXT(""), 0 },
	{ TEXT("$9\r\na\0b\r\n+OK\xff\r\n"), SHARED_REPLY_VALUE,
	    TEXT("a\0b\r\n+OK\xff"), 0 },
};

#define REPLY_COUNT (sizeof(replies) / sizeof(replies[0]))

/* What is none. */
static const struct {
	const char *bytes;
	size_t len;
} hostile[] = {
	{ TEXT("*2147483647\r\n") },
	{ TEXT("*4294967297\r\n") },
	{ TEXT("*0\r\n") },
	{ TEXT("*1\r\n$2\r\nOK\r\n") },
	{ TEXT("*-1\r\n") },
	{ TEXT("$-2\r\n") },
	{ TEXT("$99999999999999999999\r\n") },
	{ TEXT("$12x\r\n") },
	{ TEXT("$\r\n") },
	{ TEXT(":\r\n") },
	{ TEXT(":12x\r\n") },
	{ TEXT("$2\r\nOKxx") },
	{ TEXT("$2\r\nOK\r\r") },
	{ TEXT("OK\r\n") },
	{ TEXT("\r\n") },
	{ TEXT("\0\0\0\0") },
	/* Version 3 of the protocol, of which later versions of hiredis know.
	 */
	{ TEXT("_\r\n") },
	{ TEXT("#t\r\n") },
	{ TEXT(",1.5\r\n") },
	{ TEXT("(12345678901234567890\r\n") },
	{ TEXT("=6\r\ntxt:OK\r\n") },
	{ TEXT("%1\r\n+a\r\n+b\r\n") },
	{ TEXT("~1\r\n+a\r\n") },
	{ TEXT(">1\r\n+a\r\n") },
};

#define HOSTILE_COUNT (sizeof(hostile) / sizeof(hostile[0]))

static void
feed_all(struct shared_reply_reader *reader, const char *bytes, size_t len)
{
	size_t used;

	assert_int_equal(
	    shared_reply_feed(reader, bytes, len, &used), ERROR_NONE);
	assert_int_equal(used, len);
}

static void
expect_reply(struct shared_reply_reader *reader, size_t i)
{
	struct shared_reply reply;

	assert_int_equal(shared_reply_next(reader, &reply), ERROR_NONE);
	assert_int_equal(reply.type, replies[i].type);
	assert_int_equal(reply.len, replies[i].data_len);
	if (reply.len > 0)
		assert_memory_equal(
		    reply.data, replies[i].data, replies[i].data_len);
	assert_int_equal(reply.integer, replies[i].integer);
}

static void
every_prefix_of_a_reply_waits_and_the_rest_completes_it(void **state)
{
	struct shared_reply reply;

	for (size_t i = 0; i < REPLY_COUNT; i++) {
		for (size_t cut = 0; cut < replies[i].len; cut++) {
			struct shared_reply_reader *reader =
			    shared_reply_reader_new(PENDING_MAX);

			feed_all(reader, replies[i].bytes, cut);
			assert_int_equal(
			    shared_reply_next(reader, &reply), ERROR_AGAIN);
			feed_all(reader, replies[i].bytes + cut,
			    replies[i].len - cut);
			expect_reply(reader, i);
			assert_int_equal(
			    shared_reply_next(reader, &reply), ERROR_AGAIN);
			shared_reply_reader_free(reader);
		}
	}
}

static void
replies_that_come_together_are_handed_out_one_by_one(void **state)
{
	struct shared_reply_reader *reader =
	    shared_reply_reader_new(PENDING_MAX);
	struct shared_reply reply;

	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < REPLY_COUNT; i++)
			feed_all(reader, replies[i].bytes, replies[i].len);
		for (size_t i = 0; i < REPLY_COUNT; i++)
			expect_reply(reader, i);
		assert_int_equal(
		    shared_reply_next(reader, &reply), ERROR_AGAIN);
	}
	shared_reply_reader_free(reader);
}

static void
replies_in_single_bytes_are_the_same(void **state)
{
	struct shared_reply_reader *reader =
	    shared_reply_reader_new(PENDING_MAX);
	struct shared_reply reply;

	for (size_t i = 0; i < REPLY_COUNT; i++) {
		for (size_t j = 0; j < replies[i].len; j++) {
			assert_int_equal(
			    shared_reply_next(reader, &reply), ERROR_AGAIN);
			feed_all(reader, replies[i].bytes + j, 1);
		}
		expect_reply(reader, i);
	}
	shared_reply_reader_free(reader);
}

static void
what_is_no_reply_ends_the_reader(void **state)
{
	struct shared_reply reply;
	size_t used;

	for (size_t i = 0; i < HOSTILE_COUNT; i++) {
		struct shared_reply_reader *reader =
		    shared_reply_reader_new(PENDING_MAX);

		feed_all(reader, hostile[i].bytes, hostile[i].len);
		assert_int_equal(
		    shared_reply_next(reader, &reply), ERROR_PROTOCOL);
		assert_int_equal(
		    shared_reply_next(reader, &reply), ERROR_PROTOCOL);
		assert_int_equal(shared_reply_feed(reader, "+OK\r\n", 5, &used),
		    ERROR_TOO_LARGE);
		shared_reply_reader_free(reader);
	}
}

static void
what_is_no_reply_is_none_in_single_bytes_either(void **state)
{
	struct shared_reply reply;
	enum error error;

	for (size_t i = 0; i < HOSTILE_COUNT; i++) {
		struct shared_reply_reader *reader =
		    shared_reply_reader_new(PENDING_MAX);

		error = ERROR_AGAIN;
		for (size_t j = 0; j < hostile[i].len && error == ERROR_AGAIN;
		     j++) {
			feed_all(reader, hostile[i].bytes + j, 1);
			error = shared_reply_next(reader, &reply);
		}
		assert_int_equal(error, ERROR_PROTOCOL);
		shared_reply_reader_free(reader);
	}
}

/* Feed it for ever; no more than the bound is taken. */
static void
expect_bound(const char *start)
{
	struct shared_reply_reader *reader =
	    shared_reply_reader_new(PENDING_MAX);
	struct shared_reply reply;
	size_t used, total = strlen(start);
	char more[1000];

	memset(more, 'x', sizeof(more));
	feed_all(reader, start, strlen(start));
	while (shared_reply_next(reader, &reply) == ERROR_AGAIN &&
	       shared_reply_feed(reader, more, sizeof(more), &used) ==
		   ERROR_NONE) {
		total += used;
		assert_true(total <= PENDING_MAX + 1);
	}
	/* The byte that tells the type is consumed at once. */
	assert_in_range(total, PENDING_MAX, PENDING_MAX + 1);
	shared_reply_reader_free(reader);
}

static void
a_reply_that_never_ends_is_bounded(void **state)
{
	expect_bound("$999999999\r\n");
	expect_bound("$2147483647\r\n");
	expect_bound("+");
	expect_bound("-");
	expect_bound("$");
}

static void
a_reply_of_just_the_bound_is_taken(void **state)
{
	struct shared_reply_reader *reader =
	    shared_reply_reader_new(PENDING_MAX);
	struct shared_reply reply;
	char bytes[PENDING_MAX];
	size_t used;
	const size_t len = PENDING_MAX - 9;

	memset(bytes, 'v', sizeof(bytes));
	memcpy(bytes, "$5991\r\n", 7);
	memcpy(bytes + 7 + len, "\r\n", 2);
	for (int i = 0; i < 3; i++) {
		feed_all(reader, bytes, sizeof(bytes));
		/* There is no room for more before it is taken. */
		assert_int_equal(
		    shared_reply_feed(reader, "+", 1, &used), ERROR_TOO_LARGE);
		assert_int_equal(shared_reply_next(reader, &reply), ERROR_NONE);
		assert_int_equal(reply.len, len);
	}
	shared_reply_reader_free(reader);
}

static void
an_error_is_known_by_its_first_word(void **state)
{
	struct shared_reply reply = { .type = SHARED_REPLY_ERROR,
		.data = (const unsigned char *)"OOM x",
		.len = 5 };

	assert_true(shared_reply_error_is(&reply, "OOM"));
	assert_false(shared_reply_error_is(&reply, "OO"));
	assert_false(shared_reply_error_is(&reply, "OOM x y"));
	reply.len = 3;
	assert_true(shared_reply_error_is(&reply, "OOM"));
	reply.type = SHARED_REPLY_STATUS;
	assert_false(shared_reply_error_is(&reply, "OOM"));
}

static void
a_command_may_have_any_bytes(void **state)
{
	static const char *const words[] = { "SET", "a\0b", "\r\n" };
	static const size_t lens[] = { 3, 3, 2 };
	static const char expected[] =
	    "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$2\r\n\r\n\r\n";
	struct buffer buffer;

	buffer_init(&buffer);
	shared_command_append(&buffer, 3, words, lens);
	assert_int_equal(buffer.len, sizeof(expected) - 1);
	assert_memory_equal(buffer_head(&buffer), expected, buffer.len);
	buffer_fini(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_prefix_of_a_reply_waits_and_the_rest_completes_it),
		cmocka_unit_test(
		    replies_that_come_together_are_handed_out_one_by_one),
		cmocka_unit_test(replies_in_single_bytes_are_the_same),
		cmocka_unit_test(what_is_no_reply_ends_the_reader),
		cmocka_unit_test(
		    what_is_no_reply_is_none_in_single_bytes_either),
		cmocka_unit_test(a_reply_that_never_ends_is_bounded),
		cmocka_unit_test(a_reply_of_just_the_bound_is_taken),
		cmocka_unit_test(an_error_is_known_by_its_first_word),
		cmocka_unit_test(a_command_may_have_any_bytes),
	};

	if (!shared_reply_is_built_in()) {
		print_message("built without a codec: nothing to test\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

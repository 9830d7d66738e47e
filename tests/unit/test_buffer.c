/*
 * Unit tests of buffer. Whether memory is wiped is looked up in the buffer's
 * own memory, where bytes that it let go of must not be found again.
 */
#include "buffer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"

static void
a_new_buffer_is_empty(void **state)
{
	struct buffer buffer;

	buffer_init(&buffer);
	assert_int_equal(buffer.len, 0);
	assert_null(buffer.data);
	assert_non_null(buffer_head(&buffer));
	buffer_consume(&buffer, 0);
	buffer_append(&buffer, NULL, 0);
	assert_int_equal(buffer.len, 0);
	buffer_fini(&buffer);
	buffer_fini(&buffer);
}

static void
bytes_come_out_in_the_order_they_went_in(void **state)
{
	struct buffer buffer;
	unsigned char byte;
	unsigned in = 0, out = 0;

	buffer_init(&buffer);
	for (unsigned round = 0; round < 3000; round++) {
		for (unsigned i = 0; i < round % 7 + 1; i++) {
			byte = (unsigned char)(in++ * 37);
			buffer_append(&buffer, &byte, 1);
		}
		for (unsigned i = 0; i < round % 5 + 1 && buffer.len > 0; i++) {
			byte = (unsigned char)(out++ * 37);
			assert_int_equal(*buffer_head(&buffer), byte);
			buffer_consume(&buffer, 1);
		}
		assert_int_equal(buffer.len, in - out);
	}
	buffer_fini(&buffer);
}

static void
reserved_bytes_count_when_committed(void **state)
{
	struct buffer buffer;
	unsigned char *room;

	buffer_init(&buffer);
	room = buffer_reserve(&buffer, 10);
	memcpy(room, "0123456789", 10);
	assert_int_equal(buffer.len, 0);
	buffer_commit(&buffer, 4);
	room = buffer_reserve(&buffer, 2);
	memcpy(room, "ab", 2);
	buffer_commit(&buffer, 2);
	assert_int_equal(buffer.len, 6);
	assert_memory_equal(buffer_head(&buffer), "0123ab", 6);
	buffer_fini(&buffer);
}

/* What is left behind in the buffer's memory. */
static void
assert_wiped(const struct buffer *buffer, unsigned char secret)
{
	for (size_t i = 0; i < buffer->size; i++)
		if (i < buffer->start || i >= buffer->start + buffer->len)
			assert_int_not_equal(buffer->data[i], secret);
}

static void
consumed_bytes_are_wiped(void **state)
{
	struct buffer buffer;
	unsigned char secret[300];

	memset(secret, 0x5a, sizeof(secret));
	buffer_init(&buffer);
	/* All of it is the buffer's to show, none of it left from before. */
	memset(buffer_reserve(&buffer, 1), 0, buffer.size);
	buffer_append(&buffer, secret, sizeof(secret));
	buffer_consume(&buffer, 200);
	assert_wiped(&buffer, 0x5a);
	/* Fits only when what is left is moved to the front. */
	buffer_reserve(&buffer, buffer.size - buffer.len);
	assert_int_equal(buffer.start, 0);
	assert_int_equal(buffer.len, 100);
	assert_memory_equal(buffer_head(&buffer), secret, 100);
	assert_wiped(&buffer, 0x5a);
	buffer_clear(&buffer, buffer.size);
	assert_non_null(buffer.data);
	assert_wiped(&buffer, 0x5a);
	buffer_fini(&buffer);
}

static void
memory_does_not_grow_with_what_passes_through(void **state)
{
	struct buffer buffer;
	unsigned char piece[100] = { 0 };

	buffer_init(&buffer);
	buffer_append(&buffer, piece, 99);
	for (unsigned i = 0; i < 100000; i++) {
		buffer_append(&buffer, piece, sizeof(piece));
		buffer_consume(&buffer, sizeof(piece));
	}
	assert_int_equal(buffer.len, 99);
	assert_true(buffer.size <= 1024);
	buffer_fini(&buffer);
}

/* Few bytes were consumed, many would have to be moved: not worth it. */
static void
no_more_is_moved_than_was_consumed(void **state)
{
	struct buffer buffer;
	size_t size;

	buffer_init(&buffer);
	buffer_reserve(&buffer, 1);
	size = buffer.size;
	memset(buffer_reserve(&buffer, size), 'x', size);
	buffer_commit(&buffer, size);
	buffer_consume(&buffer, 1);
	buffer_append(&buffer, "y", 1);
	assert_true(buffer.size > size);
	assert_int_equal(buffer.len, size);
	assert_memory_equal(buffer_head(&buffer) + size - 2, "xy", 2);
	buffer_fini(&buffer);
}

static void
clearing_gives_memory_back(void **state)
{
	struct buffer buffer;

	buffer_init(&buffer);
	memset(buffer_reserve(&buffer, 100000), 1, 100000);
	buffer_commit(&buffer, 100000);
	buffer_clear(&buffer, 4096);
	assert_null(buffer.data);
	assert_int_equal(buffer.size, 0);
	buffer_append(&buffer, "again", 5);
	buffer_clear(&buffer, 4096);
	assert_non_null(buffer.data);
	assert_int_equal(buffer.len, 0);
	assert_int_equal(buffer.start, 0);
	buffer_fini(&buffer);
}

static void
consume_too_much(void *arg)
{
	struct buffer buffer;

	(void)arg;
	buffer_init(&buffer);
	buffer_append(&buffer, "abc", 3);
	buffer_consume(&buffer, 4);
}

static void
commit_too_much(void *arg)
{
	struct buffer buffer;

	(void)arg;
	buffer_init(&buffer);
	buffer_reserve(&buffer, 10);
	buffer_commit(&buffer, buffer.size + 1);
}

static void
reserve_too_much(void *arg)
{
	struct buffer buffer;

	(void)arg;
	buffer_init(&buffer);
	buffer_append(&buffer, "abc", 3);
	buffer_reserve(&buffer, SIZE_MAX - 1);
}

static void
misuse_is_a_panic(void **state)
{
	static child_fn *const misuses[] = { consume_too_much, commit_too_much,
		reserve_too_much };
	struct child child;

	for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
		child_run(&child, misuses[i], NULL);
		child_assert_killed(&child, SIGABRT);
		assert_non_null(strstr(child.lines, "panic: buffer: "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_empty),
		cmocka_unit_test(bytes_come_out_in_the_order_they_went_in),
		cmocka_unit_test(reserved_bytes_count_when_committed),
		cmocka_unit_test(consumed_bytes_are_wiped),
		cmocka_unit_test(memory_does_not_grow_with_what_passes_through),
		cmocka_unit_test(no_more_is_moved_than_was_consumed),
		cmocka_unit_test(clearing_gives_memory_back),
		cmocka_unit_test(misuse_is_a_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

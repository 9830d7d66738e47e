/*
 * Unit tests of shared_queue.
 */
#include "shared_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xalloc.h"

#define BYTES_MAX 10000
#define RECORD    500

static struct shared_queue *queue;

static struct shared_name
name_of(unsigned number)
{
	struct shared_name name;

	snprintf(
	    name.text, sizeof(name.text), "tlsmgr:abcdef012345:%043u", number);
	return name;
}

static void
put(unsigned number)
{
	const struct shared_name name = name_of(number);

	shared_queue_put(
	    queue, &name, number % 2, number, xcalloc(1, RECORD), RECORD);
}

static bool delete (unsigned number)
{
	const struct shared_name name = name_of(number);

	return shared_queue_delete(queue, &name, number % 2);
}

static bool
is_deleted(unsigned number)
{
	const struct shared_name name = name_of(number);

	return shared_queue_is_deleted(queue, &name);
}

static void
sessions_come_out_in_the_order_in_which_they_came(void **state)
{
	for (unsigned i = 0; i < 5; i++)
		put(i);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(shared_queue_first_set(queue)->put_at, i);
		shared_queue_sent(shared_queue_first_set(queue));
	}
	assert_null(shared_queue_first_set(queue));
	assert_int_equal(queue->bytes, 0);
}

static void
the_later_takes_the_place_of_the_earlier(void **state)
{
	put(1);
	put(2);
	put(1);
	assert_int_equal(queue->sets, 2);
	assert_int_equal(shared_queue_first_set(queue)->put_at, 2);
	assert_true(delete (2));
	assert_int_equal(queue->sets, 1);
	assert_int_equal(queue->deletes, 1);
	assert_true(is_deleted(2));
	put(2);
	assert_int_equal(queue->deletes, 0);
	assert_false(is_deleted(2));
	assert_true(delete (2));
	assert_true(delete (2));
	assert_int_equal(queue->deletes, 1);
}

static void
the_oldest_sessions_go_where_there_is_no_room(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		put(i);
		assert_true(queue->bytes <= BYTES_MAX);
	}
	assert_int_equal(queue->sets + queue->dropped, 100);
	assert_int_equal(
	    shared_queue_first_set(queue)->put_at, (int64_t)queue->dropped);
}

static void
a_deletion_stays_until_it_is_done(void **state)
{
	struct shared_entry *entry;

	delete (1);
	entry = shared_queue_first_delete(queue);
	shared_queue_sent(entry);
	assert_null(shared_queue_first_delete(queue));
	assert_true(is_deleted(1));
	shared_queue_deleted(entry, false);
	assert_ptr_equal(shared_queue_first_delete(queue), entry);
	shared_queue_sent(entry);
	shared_queue_deleted(entry, true);
	assert_false(is_deleted(1));
	assert_null(shared_queue_first_delete(queue));
}

static void
a_session_that_follows_a_deletion_is_what_counts(void **state)
{
	struct shared_entry *entry;

	delete (1);
	entry = shared_queue_first_delete(queue);
	shared_queue_sent(entry);
	put(1);
	assert_false(is_deleted(1));
	/* The connection ended: the deletion is not wanted any more. */
	shared_queue_deleted(entry, false);
	assert_int_equal(queue->deletes, 0);
	shared_queue_sent(shared_queue_first_set(queue));
	assert_false(is_deleted(1));
	/* The other way round the session is sent before the answer. */
	delete (1);
	entry = shared_queue_first_delete(queue);
	shared_queue_sent(entry);
	put(1);
	shared_queue_sent(shared_queue_first_set(queue));
	shared_queue_deleted(entry, true);
	assert_false(is_deleted(1));
}

static void
deletions_have_a_bound_of_their_own(void **state)
{
	for (unsigned i = 0; i < SHARED_QUEUE_DELETES_MAX; i++)
		assert_true(delete (i));
	assert_false(delete (SHARED_QUEUE_DELETES_MAX));
	assert_true(delete (0)); /* it waits already */
	assert_false(is_deleted(SHARED_QUEUE_DELETES_MAX));
}

static void
one_side_is_cleared_and_the_other_stays(void **state)
{
	struct shared_entry *sent;

	for (unsigned i = 0; i < 4; i++)
		put(i);
	for (unsigned i = 10; i < 14; i++)
		delete (i);
	sent = shared_queue_first_delete(queue);
	shared_queue_sent(sent);
	shared_queue_clear(queue, 0);
	assert_int_equal(queue->sets, 2);
	assert_int_equal(queue->deletes, 2);
	assert_true(is_deleted(10)); /* on its way */
	assert_false(is_deleted(12));
	assert_true(is_deleted(11));
	shared_queue_deleted(sent, true);
}

static int
setup(void **state)
{
	queue = xcalloc(1, sizeof(*queue));
	shared_queue_init(queue, BYTES_MAX);
	return 0;
}

static int
teardown(void **state)
{
	shared_queue_fini(queue);
	free(queue);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_come_out_in_the_order_in_which_they_came),
		TEST(the_later_takes_the_place_of_the_earlier),
		TEST(the_oldest_sessions_go_where_there_is_no_room),
		TEST(a_deletion_stays_until_it_is_done),
		TEST(a_session_that_follows_a_deletion_is_what_counts),
		TEST(deletions_have_a_bound_of_their_own),
		TEST(one_side_is_cleared_and_the_other_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

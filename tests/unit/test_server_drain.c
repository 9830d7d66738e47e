/*
 * Unit tests of the end of clients (server_drain(), clients_drain()): what has
 * arrived is answered, and nobody is waited for, for long.
 */
#include "client.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "server_unit.h"

static void
what_has_arrived_is_answered_at_the_end(void **state)
{
	int fd;

	fd = connect_client();
	for (int i = 0; i < 40; i++)
		send_all(fd, LIST(POLICY));
	server_drain(&server);
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, 40 * sizeof(POLICY_REPLY));
	assert_int_equal(server.client_count, 0);
	close(fd);
}

/* Also where it takes several reads. */
static void
a_request_of_many_reads_is_answered_at_the_end(void **state)
{
	static const char head[] = "request\0update\0cache_type\0smtpd\0"
				   "cache_id\0large\0session";
	static char request[sizeof(head) + 80000 + 2];
	int fd, size = sizeof(request) * 2;

	fd = connect_client();
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)), 0);
	memset(request, 'A', sizeof(request) - 2);
	memcpy(request, head, sizeof(head));
	send_all(fd, request, sizeof(request));
	send_all(fd, LIST(POLICY));
	server_drain(&server);
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, sizeof("status\0"
					   "4294967295\0") +
					sizeof(POLICY_REPLY));
	assert_int_equal(server.client_count, 0);
	close(fd);
}

#define SLOW_REQUESTS 200

/* A client that has asked for more than its socket takes, and reads nothing. */
static int
connect_and_ask_much(void)
{
	int fd = connect_client();

	store_large_session();
	for (int i = 0; i < SLOW_REQUESTS; i++)
		send_all(fd, LIST(LOOKUP));
	return fd;
}

/* In a child: read until the server closes. Does not return. */
_Noreturn static void
read_slowly(int fd)
{
	size_t total = 0;
	ssize_t count;

	close(TAILQ_FIRST(&server.clients)->fd);
	fcntl(fd, F_SETFL, 0);
	while ((count = read(fd, reply, 20000)) > 0)
		total += (size_t)count;
	_exit(total != SLOW_REQUESTS * LARGE_REPLY_LEN);
}

/* Replies that are still to be written, to whoever reads them. */
static void
a_slow_reader_has_its_replies_at_the_end(void **state)
{
	int fd, wait_status;
	pid_t pid;

	fd = connect_and_ask_much();
	pid = fork();
	if (pid == 0)
		read_slowly(fd);
	server_drain(&server);
	assert_int_equal(server.client_count, 0);
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_int_equal(wait_status, 0);
	close(fd);
}

/* Whoever does not read is not waited for, for long. */
static void
a_client_that_does_not_read_is_not_waited_for(void **state)
{
	int fd;

	fd = connect_and_ask_much();
	server_drain(&server);
	assert_int_equal(server.client_count, 0);
	close(fd);
}

static void
nothing_long_is_served_at_the_end(void **state)
{
	int fd = connect_client(), listing = connect_client();

	send_all(listing, LIST(POLICY));
	for (int i = 0; i < 100; i++)
		send_all(listing, LIST(LIST_REQUEST));
	send_all(fd, LIST(POLICY));
	server_drain(&server);
	reply_len = 0;
	assert_false(take(listing));
	assert_int_equal(reply_len, sizeof(POLICY_REPLY));
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, sizeof(POLICY_REPLY));
	assert_int_equal(service.requests, 2);
	close(listing);
	close(fd);
}

/* One that waits for its turn already. */
static void
a_long_request_in_the_queue_is_not_served_at_the_end(void **state)
{
	int fd = connect_client();

	send_all(fd, LIST(LIST_REQUEST));
	while (TAILQ_EMPTY(&server.long_clients))
		loop_run_once(loop);
	server_drain(&server);
	assert_int_equal(service.requests, 0);
	assert_true(TAILQ_EMPTY(&server.long_clients));
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, 0);
	close(fd);
}

/* The clock is looked at after each request. */
static void
the_end_has_one_deadline_for_all_clients(void **state)
{
	int fds[3];

	make_store_slow();
	for (int i = 0; i < 3; i++) {
		fds[i] = connect_client();
		for (int j = 0; j < 100; j++)
			send_all(fds[i], LIST(LOOKUP));
	}
	server_drain(&server);
	assert_int_equal(service.requests, 1);
	assert_int_equal(server.client_count, 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* A long pipeline is not served first, at the cost of the others. */
static void
each_client_has_its_turn_at_the_end(void **state)
{
	int greedy = connect_client(), fd = connect_client();

	for (int i = 0; i < 200; i++)
		send_all(greedy, LIST(POLICY));
	send_all(greedy, LIST(LOOKUP)); /* uses up the time that there is */
	send_all(greedy, LIST(POLICY));
	send_all(fd, LIST(POLICY));
	make_store_slow();
	server_drain(&server);
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, sizeof(POLICY_REPLY));
	assert_int_equal(service.requests, 202);
	close(greedy);
	close(fd);
}

static int asking; /* our end of its connection */

static void
ask_again(struct store *base, const char *key, size_t key_len,
    store_get_fn *done, void *arg)
{
	(void)send(asking, LIST(LOOKUP), MSG_NOSIGNAL);
	store_memory_ops.get(base, key, key_len, done, arg);
}

/* As many reads as the largest request takes; here each has a request. */
static void
a_client_that_goes_on_asking_does_not_put_off_the_end(void **state)
{
	make_store_slow();
	slow_ops.get = ask_again;
	asking = connect_client();
	send_all(asking, LIST(LOOKUP));
	server_drain(&server);
	assert_int_equal(server.client_count, 0);
	assert_in_range(
	    service.requests, 1, ATTR_LIST_MAX / SERVER_READ_LEN + 1);
	close(asking);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(what_has_arrived_is_answered_at_the_end),
		SERVER_TEST(a_request_of_many_reads_is_answered_at_the_end),
		SERVER_TEST(a_slow_reader_has_its_replies_at_the_end),
		SERVER_TEST(a_client_that_does_not_read_is_not_waited_for),
		SERVER_TEST(nothing_long_is_served_at_the_end),
		SERVER_TEST(
		    a_long_request_in_the_queue_is_not_served_at_the_end),
		SERVER_TEST(the_end_has_one_deadline_for_all_clients),
		SERVER_TEST(each_client_has_its_turn_at_the_end),
		SERVER_TEST(
		    a_client_that_goes_on_asking_does_not_put_off_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

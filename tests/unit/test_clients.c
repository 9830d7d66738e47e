/*
 * Unit tests of clients: whose turn it is, and what clients do to each other.
 */
#include "client.h"

#include <linux/sockios.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "server_unit.h"

/* One that never takes its replies is not read from for ever. */
static void
a_client_that_never_reads_is_not_read_from(void **state)
{
	static const char request[] = LOOKUP;
	struct client *client;
	unsigned turns = 0;
	ssize_t sent;
	int deaf, fd;

	store_large_session();
	deaf = connect_client();
	fd = connect_client();
	client = TAILQ_FIRST(&server.clients);
	do {
		sent = send(deaf, request, sizeof(request), MSG_NOSIGNAL);
		if (sent < 0)
			turns++;
		expect_service(fd);
	} while (turns < 20);
	assert_in_range(client->output.len, 1, 256 * 1024);
	assert_in_range(client->input.len, 0, 2 * SERVER_READ_LEN);
	/* When it does read, it gets all that it asked for. */
	reply_len = 0;
	while (client->output.len > 0 || client->input.len > 0) {
		assert_true(take(deaf));
		if (reply_len > sizeof(reply) / 2)
			reply_len = 0;
		loop_run_once(loop);
	}
	close(deaf);
	close(fd);
}

/* The client goes while its request is in the store's hands. */
static void
a_client_may_go_while_the_store_has_its_request(void **state)
{
	int fd;

	store.is_late = true;
	fd = connect_client();
	send_all(fd, LIST(UPDATE));
	loop_run_once(loop);
	assert_non_null(store.late_done);
	reply_len = 0;
	assert_true(take(fd));
	assert_int_equal(reply_len, 0);
	store_memory_answer(&store);
	assert_true(take(fd));
	assert_int_equal(reply_len, sizeof(OK_ALONE));
	send_all(fd, LIST(UPDATE));
	loop_run_once(loop);
	close(fd);
	server_drain(&server);
	assert_int_equal(server.client_count, 1);
	store_memory_answer(&store);
	assert_int_equal(server.client_count, 0);
}

/* An answer that comes while another client is served is not that one's. */
static void
answer_in_between(void *arg, enum log_level level, const char *text)
{
	unit_sink(arg, level, text);
	if (store.late_done != NULL)
		store_memory_answer(&store);
}

static void
a_late_answer_goes_to_whom_it_is_due(void **state)
{
	int late, other;

	store.is_late = true;
	late = connect_client();
	other = connect_client();
	send_all(late, LIST(UPDATE));
	loop_run_once(loop);
	assert_non_null(store.late_done);
	/* The second of these makes a log line, the first has its reply. */
	send_all(other, LIST(POLICY));
	send_all(other, LIST("request\0nonsense\0"));
	log_set_sink(answer_in_between, NULL);
	loop_run_once(loop);
	assert_null(store.late_done);
	reply_len = 0;
	assert_true(take(late));
	assert_int_equal(reply_len, sizeof(OK_ALONE));
	assert_memory_equal(reply, OK_ALONE, reply_len);
	reply_len = 0;
	assert_true(take(other));
	assert_int_equal(reply_len, sizeof(POLICY_REPLY) + sizeof(FAIL_ALONE));
	assert_memory_equal(reply, POLICY_REPLY, sizeof(POLICY_REPLY));
	close(late);
	close(other);
}

static void
past_the_limit_the_longest_idle_client_is_closed(void **state)
{
	struct server_config config = server_unit_config();
	int fds[4];

	config.client_limit = 3;
	server_unit_restart(&config);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_client();
	/* The first is now the one that asked last. */
	expect_service(fds[0]);
	fds[3] = connect_client();
	assert_int_equal(server.client_count, 3);
	assert_true(take(fds[0]));
	assert_false(take(fds[1]));
	assert_true(take(fds[2]));
	assert_true(take(fds[3]));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* One whose call is in hand is still there when the next ones come. */
static void
past_the_limit_one_that_is_closing_does_not_count_twice(void **state)
{
	struct server_config config = server_unit_config();
	int fds[3];

	config.client_limit = 1;
	server_unit_restart(&config);
	store.is_late = true;
	fds[0] = connect_client();
	send_all(fds[0], LIST(UPDATE));
	loop_run_once(loop);
	assert_non_null(store.late_done);
	fds[1] = connect_client();
	fds[2] = connect_client();
	reply_len = 0;
	assert_false(take(fds[1]));
	assert_true(take(fds[2]));
	store_memory_answer(&store);
	assert_int_equal(server.client_count, 1);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* One answer counts once, all that came with it as well. */
static void
each_answer_counts_once_in_the_latency(void **state)
{
	char all[4096];
	size_t len = 0;
	int fd;

	fd = connect_client();
	assert_int_equal(server.latency.count, 0);
	expect_service(fd);
	assert_int_equal(server.latency.count, 1);
	for (int i = 0; i < 5; i++) {
		memcpy(all + len, POLICY, sizeof(POLICY));
		len += sizeof(POLICY);
	}
	send_all(fd, all, len);
	loop_run_once(loop);
	assert_int_equal(server.latency.count, 6);
	/* Half a request is no answer. */
	send_all(fd, all, 5);
	loop_run_once(loop);
	assert_int_equal(server.latency.count, 6);
	assert_in_range(server.latency.max, 0, 60000000);
	close(fd);
}

/* A client with so many requests of one kind in its pipeline. */
static int
connect_and_send(const char *request, size_t len, unsigned count)
{
	int fd = connect_client();

	for (unsigned i = 0; i < count; i++)
		send_all(fd, request, len);
	return fd;
}

#define LISTING 20

/* Whoever lists, and how many they are: one slice a turn, and no more. */
static void
long_requests_of_all_clients_share_the_budget_of_a_turn(void **state)
{
	struct server_config config = server_unit_config();
	int listing[LISTING], fd;

	config.client_limit = LISTING + 1;
	server_unit_restart(&config);
	make_store_slow();
	fd = connect_client();
	for (int i = 0; i < LISTING; i++)
		listing[i] = connect_and_send(LIST(LIST_REQUEST), 3);
	for (unsigned i = 0; i < 3 * LISTING; i++) {
		uint64_t before = service.requests;

		send_all(fd, LIST(POLICY));
		reply_len = 0;
		loop_run_once(loop);
		assert_true(take(fd));
		assert_int_equal(reply_len, sizeof(POLICY_REPLY));
		/* That one, and a list once the queue is there. */
		assert_in_range(service.requests, before + 1, before + 2);
	}
	for (int i = 0; i < LISTING; i++)
		close(listing[i]);
	close(fd);
}

static void
clients_with_long_requests_take_turns(void **state)
{
	int listing[4];

	make_store_slow();
	for (int i = 0; i < 4; i++)
		listing[i] = connect_and_send(LIST(LIST_REQUEST), 2);
	for (unsigned round = 1; round <= 2; round++) {
		while (service.requests < (uint64_t)4 * round)
			loop_run_once(loop);
		for (int i = 0; i < 4; i++) {
			reply_len = 0;
			assert_true(take(listing[i]));
			assert_int_equal(reply_len, sizeof(LIST_REPLY));
		}
	}
	for (int i = 0; i < 4; i++)
		close(listing[i]);
}

/* Replies come in the order of the requests. */
static void
what_follows_a_long_request_waits_for_it(void **state)
{
	int fd = connect_client();

	send_all(fd, LIST(POLICY));
	send_all(fd, LIST(LIST_REQUEST));
	send_all(fd, LIST(POLICY));
	expect(fd, LIST(LIST_REQUEST),
	    LIST(POLICY_REPLY "\0" LIST_REPLY "\0" POLICY_REPLY
			      "\0" LIST_REPLY));
	close(fd);
}

static void
a_client_may_go_while_its_long_request_waits(void **state)
{
	int listing, fd;

	listing = connect_and_send(LIST(LIST_REQUEST), 2);
	fd = connect_client();
	loop_run_once(loop);
	close(listing);
	while (server.client_count > 1)
		loop_run_once(loop);
	expect_service(fd);
	close(fd);
}

/* Closed for the limit while it waits: it leaves the queue as well. */
static void
past_the_limit_nothing_long_is_served_for_the_one_that_goes(void **state)
{
	struct server_config config = server_unit_config();
	int listing[3], fd;

	config.client_limit = 3;
	server_unit_restart(&config);
	make_store_slow();
	for (int i = 0; i < 3; i++)
		listing[i] = connect_and_send(LIST(LIST_REQUEST), 100);
	fd = connect_client();
	assert_int_equal(service.requests, 0);
	assert_int_equal(server.client_count, 3);
	reply_len = 0;
	assert_false(take(listing[0]));
	expect_service(fd);
	for (int i = 0; i < 3; i++)
		close(listing[i]);
	close(fd);
}

/* What takes a while is not served to the end of the pipeline. */
static void
past_the_limit_the_one_that_goes_does_not_hold_up_the_next(void **state)
{
	struct server_config config = server_unit_config();
	int first, fd;

	config.client_limit = 1;
	server_unit_restart(&config);
	make_store_slow();
	first = connect_and_send(LIST(LOOKUP), 100);
	fd = connect_client();
	/* The first of them is answered: a client of Postfix's has but one. */
	assert_int_equal(service.requests, 1);
	expect_service(fd);
	close(first);
	close(fd);
}

#define HALF_LEN (200 * 1024)

/* Half an update, as long as a session may be. */
static int
connect_and_send_half(size_t len)
{
	static const char head[] = "request\0update\0cache_type\0smtpd\0"
				   "cache_id\0large\0session";
	static char half[HALF_LEN];
	int fd = connect_client();
	size_t sent = 0;
	ssize_t count;
	int unread = 1;

	memset(half, 'A', sizeof(half));
	memcpy(half, head, sizeof(head));
	while (unread > 0) {
		count = send(fd, half + sent, len - sent, MSG_NOSIGNAL);
		if (count > 0)
			sent += (size_t)count;
		loop_run_once(loop);
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
		unread += (int)(len - sent);
	}
	return fd;
}

static void
what_all_clients_hold_is_bounded_and_the_largest_is_closed(void **state)
{
	struct server_config config = server_unit_config();
	int large[6], small;
	unsigned open_count = 0;

	config.client_memory = 1 << 20;
	server_unit_restart(&config);
	small = connect_and_send_half(1000);
	for (int i = 0; i < 6; i++) {
		large[i] = connect_and_send_half(HALF_LEN - (size_t)i);
		assert_true(server.memory <= config.client_memory);
	}
	for (int i = 0; i < 6; i++)
		open_count += take(large[i]);
	/* A buffer for one of them is of 256 kB. */
	assert_in_range(open_count, 2, 4);
	assert_int_equal(server.memory_closes, 6 - open_count);
	assert_true(take(small));
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("clients hold more than 1048576 bytes of "
				 "memory: closing process "));
	for (int i = 0; i < 6; i++)
		close(large[i]);
	close(small);
	while (server.client_count > 0)
		loop_run_once(loop);
	assert_int_equal(server.memory, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(a_client_that_never_reads_is_not_read_from),
		SERVER_TEST(a_client_may_go_while_the_store_has_its_request),
		SERVER_TEST(a_late_answer_goes_to_whom_it_is_due),
		SERVER_TEST(past_the_limit_the_longest_idle_client_is_closed),
		SERVER_TEST(
		    past_the_limit_one_that_is_closing_does_not_count_twice),
		SERVER_TEST(each_answer_counts_once_in_the_latency),
		SERVER_TEST(
		    long_requests_of_all_clients_share_the_budget_of_a_turn),
		SERVER_TEST(clients_with_long_requests_take_turns),
		SERVER_TEST(what_follows_a_long_request_waits_for_it),
		SERVER_TEST(a_client_may_go_while_its_long_request_waits),
		SERVER_TEST(
		    past_the_limit_nothing_long_is_served_for_the_one_that_goes),
		SERVER_TEST(
		    past_the_limit_the_one_that_goes_does_not_hold_up_the_next),
		SERVER_TEST(
		    what_all_clients_hold_is_bounded_and_the_largest_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

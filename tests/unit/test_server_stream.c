/*
 * Unit tests of a client whose reply goes on, as that of a trace does: it holds
 * up nobody, is bounded by itself, and ends with the client or the server.
 * Covers client_buffers.c.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "server_unit.h"

#define TRACE "request\0trace\0cache_type\0\0filter\0\0"
#define BEGUN      \
	"status\0" \
	"0\0reason\0\0"

static struct client *
newest_client(void)
{
	return TAILQ_LAST(&server.clients, client_list);
}

/* Whoever runs the test, this client is root. */
static int
connect_root(void)
{
	int fd = connect_client();

	newest_client()->call.peer.uid = 0;
	return fd;
}

static int
connect_tracer(struct client **client)
{
	int fd = connect_root();

	*client = newest_client();
	expect(fd, LIST(TRACE), LIST(BEGUN));
	assert_true((*client)->is_streaming);
	reply_len = 0;
	return fd;
}

/* A lookup that finds nothing. */
static void
look_up(int fd)
{
	static const char answer[] = "status\0"
				     "4294967295\0session\0\0";
	char got[sizeof(answer)];

	send_all(fd, LIST(LOOKUP));
	loop_run_once(loop);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), sizeof(got));
	assert_memory_equal(got, answer, sizeof(got));
}

/* How many lists there are in what was taken. */
static unsigned
count_lists(void)
{
	unsigned count = 0;

	for (size_t i = 8; i < reply_len; i++)
		count += memcmp(reply + i - 8, "dropped", 8) == 0;
	return count;
}

static void
each_event_is_there_as_soon_as_the_answer(void **state)
{
	struct client *client;
	int tracer = connect_tracer(&client), fd = connect_client();

	for (unsigned i = 1; i <= 500; i++) {
		look_up(fd);
		assert_true(take(tracer));
		assert_int_equal(count_lists(), i);
	}
	assert_int_equal(client->output.size, 0);
	close(tracer);
	close(fd);
}

/* Its socket is full, then what is kept for it; nobody else notices. */
static void
a_tracer_that_does_not_read_holds_up_nobody(void **state)
{
	struct client *client;
	static const char missed[] = "\0\0dropped\0"
				     "1000\0";
	int tracer = connect_tracer(&client), fd = connect_client();

	while (client->output.len < 65536)
		look_up(fd);
	for (int i = 0; i < 1000; i++)
		look_up(fd);
	assert_in_range(client->output.len, 65536, 65536 + 512);
	/* When it reads again it gets all that, and at once how many it missed,
	 * also where nothing happens any more. */
	while (client->output.len > 0) {
		assert_true(take(tracer));
		loop_run_once(loop);
	}
	assert_true(take(tracer));
	assert_true(count_lists() > 100);
	assert_memory_equal(
	    reply + reply_len - sizeof(missed), missed, sizeof(missed));
	look_up(fd);
	reply_len = 0;
	assert_true(take(tracer));
	assert_int_equal(count_lists(), 1);
	close(tracer);
	close(fd);
}

static void
what_a_tracer_sends_ends_the_trace(void **state)
{
	struct client *client;
	int tracer = connect_tracer(&client);

	send_all(tracer, "x", 1);
	loop_run_once(loop);
	assert_false(take(tracer));
	assert_int_equal(service.tracer_count, 0);
	close(tracer);
	/* With the request, even: that is answered, and no more. */
	tracer = connect_root();
	send_all(tracer, TRACE "\0" POLICY, sizeof(TRACE "\0" POLICY));
	while (server.client_count > 0)
		loop_run_once(loop);
	reply_len = 0;
	assert_false(take(tracer));
	assert_int_equal(reply_len, sizeof(BEGUN));
	assert_memory_equal(reply, BEGUN, sizeof(BEGUN));
	assert_int_equal(service.tracer_count, 0);
	close(tracer);
}

/* It is looked at although it is not written to. */
static void
what_a_tracer_sends_ends_the_trace_though_it_reads_nothing(void **state)
{
	struct client *client;
	int tracer = connect_tracer(&client), fd = connect_client();

	while (client->output.len < 65536)
		look_up(fd);
	send_all(tracer, "x", 1);
	look_up(fd);
	assert_int_equal(service.tracer_count, 0);
	assert_int_equal(server.client_count, 1);
	close(tracer);
	close(fd);
}

/* Whether its socket has room or not. */
static void
a_tracer_that_goes_is_forgotten(void **state)
{
	struct client *client;
	int tracer = connect_tracer(&client), fd = connect_client();

	close(tracer);
	look_up(fd);
	while (server.client_count > 1)
		loop_run_once(loop);
	assert_int_equal(service.tracer_count, 0);
	tracer = connect_tracer(&client);
	while (client->output.len < 65536)
		look_up(fd);
	close(tracer);
	while (server.client_count > 1)
		loop_run_once(loop);
	assert_int_equal(service.tracer_count, 0);
	assert_int_equal(server.memory, 0);
	look_up(fd);
	close(fd);
}

/* While nobody asks for anything, it does not either. */
static void
a_tracer_is_not_the_one_that_a_limit_closes(void **state)
{
	struct server_config config = server_unit_config();
	struct client *client;
	int tracer, fds[3], size = 4096;

	config.client_limit = 2;
	config.client_memory = 16384;
	server_unit_restart(&config);
	tracer = connect_tracer(&client);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_client();
	assert_true(take(tracer));
	assert_false(take(fds[0]));
	assert_false(take(fds[1]));
	assert_true(take(fds[2]));
	/* It takes a little, and much is left. */
	assert_int_equal(
	    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	    0);
	while (client->output.len < 65536)
		look_up(fds[2]);
	assert_true(take(tracer));
	look_up(fds[2]);
	assert_in_range(client->output.len, 16384, 65536);
	assert_true(take(tracer));
	assert_int_equal(server.memory, 0);
	assert_int_equal(server.memory_closes, 0);
	close(tracer);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void
a_tracer_goes_where_there_is_room_for_nobody_else(void **state)
{
	struct server_config config = server_unit_config();
	struct client *client;
	int tracer, fd;

	config.client_limit = 1;
	server_unit_restart(&config);
	tracer = connect_tracer(&client);
	fd = connect_client();
	assert_false(take(tracer));
	expect_service(fd);
	close(tracer);
	close(fd);
}

static void
a_trace_has_what_is_asked_until_the_end(void **state)
{
	struct client *client;
	int tracer = connect_tracer(&client), fd = connect_client();

	for (int i = 0; i < 40; i++)
		send_all(fd, LIST(LOOKUP));
	server_drain(&server);
	assert_false(take(tracer));
	assert_int_equal(count_lists(), 40);
	assert_int_equal(server.client_count, 0);
	assert_int_equal(service.tracer_count, 0);
	close(tracer);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(each_event_is_there_as_soon_as_the_answer),
		SERVER_TEST(a_tracer_that_does_not_read_holds_up_nobody),
		SERVER_TEST(what_a_tracer_sends_ends_the_trace),
		SERVER_TEST(
		    what_a_tracer_sends_ends_the_trace_though_it_reads_nothing),
		SERVER_TEST(a_tracer_that_goes_is_forgotten),
		SERVER_TEST(a_tracer_is_not_the_one_that_a_limit_closes),
		SERVER_TEST(a_tracer_goes_where_there_is_room_for_nobody_else),
		SERVER_TEST(a_trace_has_what_is_asked_until_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

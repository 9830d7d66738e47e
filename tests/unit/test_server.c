/*
 * Unit tests of the server: what a client says and what it hears, over socket
 * pairs. Covers client.c and the handlers request_policy.c, request_seed.c,
 * request_session.c and request_ticket_key.c. What clients do to each other is
 * in test_clients.c, the end in test_server_drain.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "server_unit.h"

static void
a_client_is_spoken_to_first_where_the_version_wants_it(void **state)
{
	struct server_config config = server_unit_config();
	int fd;

	config.announce = true;
	server_unit_restart(&config);
	reply_len = 0;
	fd = connect_client();
	assert_true(take(fd));
	assert_int_equal(reply_len, sizeof("protocol\0tlsmgr_protocol\0"));
	assert_memory_equal(reply, "protocol\0tlsmgr_protocol\0", reply_len);
	close(fd);
}

static void
a_client_is_not_spoken_to_first_otherwise(void **state)
{
	int fd;

	reply_len = 0;
	fd = connect_client();
	assert_true(take(fd));
	assert_int_equal(reply_len, 0);
	expect(fd, LIST("request\0policy\0cache_type\0smtp\0"),
	    LIST("status\0"
		 "0\0cachable\0"
		 "0\0timeout\0"
		 "3600\0"));
	close(fd);
}

/* Each request, its reply, and that the connection goes on after it. */
static const struct {
	const char *request;
	size_t request_len;
	const char *reply;
	size_t reply_len;
} conversation[] = {
/* clang-format off */
#define ROW(request, reply) { LIST(request), LIST(reply) },
	ROW("request\0policy\0cache_type\0smtpd\0",
	    "status\0" "0\0cachable\0" "1\0timeout\0" "3600\0")
	ROW("request\0policy\0cache_type\0nntp\0",
	    "status\0" "4294967294\0cachable\0" "0\0timeout\0" "0\0")
	ROW("request\0policy\0",
	    "status\0" "4294967294\0cachable\0" "0\0timeout\0" "0\0")
	ROW("request\0lookup\0cache_type\0smtpd\0cache_id\0x\0",
	    "status\0" "4294967295\0session\0\0")
	ROW("request\0lookup\0cache_type\0smtp\0cache_id\0x\0",
	    "status\0" "4294967295\0session\0\0")
	ROW("request\0lookup\0cache_type\0lmtp\0cache_id\0x\0",
	    "status\0" "4294967294\0session\0\0")
	ROW("request\0lookup\0cache_id\0x\0cache_type\0smtpd\0",
	    "status\0" "4294967294\0session\0\0")
	ROW("request\0lookup\0cache_type\0smtpd\0",
	    "status\0" "4294967294\0session\0\0")
	ROW("request\0update\0cache_type\0smtpd\0cache_id\0x\0session\0aGk=\0",
	    "status\0" "0\0")
	ROW("request\0update\0cache_type\0smtpd\0cache_id\0x\0session\0aGk\0",
	    FAIL_ALONE)
	ROW("request\0update\0cache_type\0smtpd\0cache_id\0x\0", FAIL_ALONE)
	ROW("request\0lookup\0cache_type\0smtpd\0cache_id\0x\0",
	    "status\0" "0\0session\0aGk=\0")
	ROW("request\0lookup\0cache_type\0smtpd\0cache_id\0x\0more\0y\0",
	    "status\0" "0\0session\0aGk=\0")
	ROW("request\0delete\0cache_type\0smtpd\0cache_id\0x\0",
	    "status\0" "0\0")
	ROW("request\0delete\0cache_type\0smtpd\0cache_id\0x\0",
	    "status\0" "4294967295\0")
	ROW("request\0delete\0cache_type\0lmtp\0cache_id\0x\0", FAIL_ALONE)
	ROW("request\0seed\0size\0" "0\0", "status\0" "4294967294\0seed\0\0")
	ROW("request\0seed\0size\0" "256\0", "status\0" "4294967294\0seed\0\0")
	ROW("request\0seed\0size\0" "4294967295\0",
	    "status\0" "4294967294\0seed\0\0")
	ROW("request\0seed\0size\0x\0", "status\0" "4294967294\0seed\0\0")
	ROW("request\0tktkey\0keyname\0YQ==\0",
	    "status\0" "4294967294\0keybuf\0\0")
	ROW("request\0tktkey\0keyname\0MDEyMzQ1Njc4OWFiY2RlZg==\0",
	    "status\0" "4294967295\0keybuf\0\0")
	ROW("request\0frobnicate\0", FAIL_ALONE)
	ROW("policy\0x\0", FAIL_ALONE)
	ROW("", FAIL_ALONE)
#undef ROW
	/* clang-format on */
};

#define CONVERSATION_LEN (sizeof(conversation) / sizeof(conversation[0]))

static void
each_request_has_its_reply_and_the_connection_goes_on(void **state)
{
	int fd;

	fd = connect_client();
	for (size_t i = 0; i < CONVERSATION_LEN; i++)
		expect(fd, conversation[i].request, conversation[i].request_len,
		    conversation[i].reply, conversation[i].reply_len);
	close(fd);
}

static void
requests_in_single_bytes_have_the_same_replies(void **state)
{
	int fd;

	fd = connect_client();
	for (size_t i = 0; i < CONVERSATION_LEN; i++) {
		const char *data = conversation[i].request;
		size_t len = conversation[i].request_len;

		for (size_t j = 0; j + 1 < len; j++) {
			send_all(fd, data + j, 1);
			loop_run_once(loop);
		}
		expect(fd, data + len - 1, 1, conversation[i].reply,
		    conversation[i].reply_len);
	}
	close(fd);
}

/* All at once, over and over: more than one turn takes. */
static void
requests_sent_at_once_have_the_same_replies(void **state)
{
	static char all[1 << 16], wanted[1 << 16];
	size_t len = 0, wanted_len = 0;
	int fd;

	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < CONVERSATION_LEN; i++) {
			memcpy(all + len, conversation[i].request,
			    conversation[i].request_len);
			len += conversation[i].request_len;
			memcpy(wanted + wanted_len, conversation[i].reply,
			    conversation[i].reply_len);
			wanted_len += conversation[i].reply_len;
		}
	}
	fd = connect_client();
	expect(fd, all, len, wanted, wanted_len);
	close(fd);
}

static void
seeds_and_ticket_keys_have_their_length(void **state)
{
	int fd;
	char first[256];

	fd = connect_client();
	reply_len = 0;
	send_all(fd, LIST("request\0seed\0size\0"
			  "255\0"));
	loop_run_once(loop);
	assert_true(take(fd));
	assert_int_equal(reply_len, sizeof("status\0"
					   "0\0seed\0\0") +
					340);
	reply_len = 0;
	send_all(fd, LIST("request\0tktkey\0keyname\0\0"));
	loop_run_once(loop);
	assert_true(take(fd));
	assert_int_equal(reply_len, sizeof("status\0"
					   "0\0keybuf\0\0") +
					120);
	memcpy(first, reply, reply_len);
	/* The same key until it is old. */
	expect(fd, LIST("request\0tktkey\0keyname\0\0"), first, reply_len);
	ticket_keys.lifetime_s = 0;
	expect(fd, LIST("request\0tktkey\0keyname\0\0"),
	    LIST("status\0"
		 "4294967295\0keybuf\0\0"));
	close(fd);
}

static void
half_a_request_holds_up_nobody(void **state)
{
	int stalled, fd;

	stalled = connect_client();
	fd = connect_client();
	send_all(stalled, "request\0poli", 12);
	loop_run_once(loop);
	expect_service(fd);
	expect(stalled, LIST("cy\0cache_type\0smtpd\0"), POLICY_REPLY,
	    sizeof(POLICY_REPLY));
	close(stalled);
	close(fd);
}

static void
a_trigger_of_master_is_closed_without_an_answer(void **state)
{
	int fd;

	fd = connect_client();
	reply_len = 0;
	send_all(fd, "W", 1);
	loop_run_once(loop);
	assert_true(take(fd));
	send_all(fd, "\0", 1);
	loop_run_once(loop);
	assert_false(take(fd));
	assert_int_equal(reply_len, 0);
	assert_int_equal(server.client_count, 0);
	assert_string_equal(unit_lines, "");
	close(fd);
}

static void
what_is_too_large_is_refused_and_closed(void **state)
{
	static char name[ATTR_STRING_MAX + 2];
	int fd, other;

	fd = connect_client();
	other = connect_client();
	memset(name, 'a', sizeof(name));
	reply_len = 0;
	send_all(fd, name, sizeof(name));
	loop_run_once(loop);
	assert_false(take(fd));
	assert_int_equal(reply_len, sizeof(FAIL_ALONE));
	assert_memory_equal(reply, FAIL_ALONE, reply_len);
	assert_true(unit_log_has("larger than the limit"));
	assert_true(unit_log_has("process "));
	expect_service(other);
	close(fd);
	close(other);
}

static void
a_client_may_go_in_mid_request(void **state)
{
	int fd;

	fd = connect_client();
	send_all(fd, "request\0lookup", 14);
	loop_run_once(loop);
	close(fd);
	loop_run_once(loop);
	assert_int_equal(server.client_count, 0);
}

/* The socket was made by somebody else. */
static void
a_client_of_another_user_is_refused(void **state)
{
	int fds[2];

	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
	}
	/* A socket pair bears the ids of the process that made
	 * it. */
	assert_int_equal(setresuid(0, 65534, 0), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(setresuid(0, 0, 0), 0);
	server_add_client(&server, fds[1]);
	assert_int_equal(server.client_count, 0);
	assert_false(take(fds[0]));
	assert_true(unit_log_has("uid 65534 refused"));
	assert_int_equal(server.refused, 1);
	assert_int_equal(server.accepted, 0);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(
		    a_client_is_spoken_to_first_where_the_version_wants_it),
		SERVER_TEST(a_client_is_not_spoken_to_first_otherwise),
		SERVER_TEST(
		    each_request_has_its_reply_and_the_connection_goes_on),
		SERVER_TEST(requests_in_single_bytes_have_the_same_replies),
		SERVER_TEST(requests_sent_at_once_have_the_same_replies),
		SERVER_TEST(seeds_and_ticket_keys_have_their_length),
		SERVER_TEST(half_a_request_holds_up_nobody),
		SERVER_TEST(a_trigger_of_master_is_closed_without_an_answer),
		SERVER_TEST(what_is_too_large_is_refused_and_closed),
		SERVER_TEST(a_client_may_go_in_mid_request),
		SERVER_TEST(a_client_of_another_user_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

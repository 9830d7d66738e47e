/*
 * Unit tests of the server, its clients and the service: whole conversations
 * over socket pairs, against a store in memory. Every wait is one turn of the
 * loop that has something to do, so nothing here depends on time.
 */
#include "client.h"
#include "prng.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "store_memory.h"
#include "unit.h"

/* A string literal with all its NULs and one more: a whole list. */
#define LIST(text) (text), sizeof(text)

#define FAIL_ALONE \
	"status\0" \
	"4294967294\0"

static struct loop *loop;
static struct store_memory store;
static struct cache caches[CACHE_TYPES];
static struct ticket_keys ticket_keys;
static struct service service;
static struct master_status status;
static struct server server;

static char reply[1 << 20];
static size_t reply_len;

static void
wake(void *arg)
{
	(void)arg;
}

static void
ignore_done(void *arg, enum error error)
{
	(void)arg;
	(void)error;
}

static void
start_server(bool announce, size_t client_limit)
{
	const struct server_config config = {
		.announce = announce,
		.client_limit = client_limit,
		.client_uid = (uid_t)-1,
	};

	server_init(&server, loop, &service, &status, &config);
}

static int
setup(void **state)
{
	memset(&store, 0, sizeof(store));
	store.base.ops = &store_memory_ops;
	for (int i = 0; i < CACHE_TYPES; i++) {
		cache_init(&caches[i], (enum cache_type)i, 3600);
		caches[i].wake = wake;
	}
	caches[CACHE_SMTPD].database = strdup("test:x");
	caches[CACHE_SMTPD].store = &store.base;
	ticket_keys_init(&ticket_keys, 3600);
	service_init(&service, caches, &ticket_keys);
	master_status_init(&status, -1, 0);
	loop = loop_new();
	return unit_setup(state);
}

static int
teardown(void **state)
{
	server_fini(&server);
	service_fini(&service);
	ticket_keys_fini(&ticket_keys);
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_fini(&caches[i]);
	loop_free(loop);
	return unit_teardown(state);
}

/* A client of the server; returns our end of its connection. */
static int
connect_client(void)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server_add_client(&server, fds[1]);
	return fds[0];
}

/* What has arrived at our end, added to the reply. False: it was closed. */
static bool
take(int fd)
{
	ssize_t count;

	while ((count = recv(fd, reply + reply_len, sizeof(reply) - reply_len,
		    MSG_DONTWAIT)) > 0)
		reply_len += (size_t)count;
	return count < 0 && errno == EAGAIN;
}

static void
send_all(int fd, const char *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

/* Send a request, turn the loop until as much as expected is there. */
static void
expect(
    int fd, const char *data, size_t len, const char *wanted, size_t wanted_len)
{
	reply_len = 0;
	send_all(fd, data, len);
	while (reply_len < wanted_len) {
		loop_run_once(loop);
		assert_true(take(fd));
	}
	assert_int_equal(reply_len, wanted_len);
	assert_memory_equal(reply, wanted, wanted_len);
}

static void
test_announcement(void **state)
{
	int fd;

	start_server(true, 10);
	reply_len = 0;
	fd = connect_client();
	assert_true(take(fd));
	assert_int_equal(reply_len, sizeof("protocol\0tlsmgr_protocol\0"));
	assert_memory_equal(reply, "protocol\0tlsmgr_protocol\0", reply_len);
	close(fd);
}

static void
test_no_announcement(void **state)
{
	int fd;

	start_server(false, 10);
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
test_conversation(void **state)
{
	int fd;

	start_server(false, 10);
	fd = connect_client();
	for (size_t i = 0; i < CONVERSATION_LEN; i++)
		expect(fd, conversation[i].request, conversation[i].request_len,
		    conversation[i].reply, conversation[i].reply_len);
	close(fd);
}

static void
test_single_bytes(void **state)
{
	int fd;

	start_server(false, 10);
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
test_pipeline(void **state)
{
	static char all[1 << 16], wanted[1 << 16];
	size_t len = 0, wanted_len = 0;
	int fd;

	start_server(false, 10);
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
test_seed_and_ticket_key(void **state)
{
	int fd;
	char first[256];

	start_server(false, 10);
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
test_stalled_client_holds_up_nobody(void **state)
{
	int stalled, fd;

	start_server(false, 10);
	stalled = connect_client();
	fd = connect_client();
	send_all(stalled, "request\0poli", 12);
	loop_run_once(loop);
	expect(fd, conversation[0].request, conversation[0].request_len,
	    conversation[0].reply, conversation[0].reply_len);
	expect(stalled, LIST("cy\0cache_type\0smtpd\0"), conversation[0].reply,
	    conversation[0].reply_len);
	close(stalled);
	close(fd);
}

/* The reply to conversation[10] from then on. */
#define LONG_SESSION_LEN 4096
#define LONG_REPLY_LEN              \
	(sizeof("status\0"          \
		"0\0session\0\0") + \
	    (LONG_SESSION_LEN + 2) / 3 * 4)

static void
store_long_session(void)
{
	static unsigned char session[LONG_SESSION_LEN];

	memset(session, 'x', sizeof(session));
	store_memory_put(&store.base, "x", 1, session, sizeof(session),
	    time(NULL), ignore_done, NULL);
}

/* One that never takes its replies is not read from for ever. */
static void
test_client_that_never_reads(void **state)
{
	static const char request[] =
	    "request\0lookup\0cache_type\0smtpd\0cache_id\0x\0";
	struct client *client;
	unsigned turns = 0;
	ssize_t sent;
	int deaf, fd;

	start_server(false, 10);
	store_long_session();
	deaf = connect_client();
	fd = connect_client();
	client = TAILQ_FIRST(&server.clients);
	do {
		sent = send(deaf, request, sizeof(request), MSG_NOSIGNAL);
		if (sent < 0)
			turns++;
		expect(fd, conversation[0].request, conversation[0].request_len,
		    conversation[0].reply, conversation[0].reply_len);
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

static void
test_master_trigger(void **state)
{
	int fd;

	start_server(false, 10);
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
test_too_large(void **state)
{
	static char name[ATTR_STRING_MAX + 2];
	int fd, other;

	start_server(false, 10);
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
	expect(other, conversation[0].request, conversation[0].request_len,
	    conversation[0].reply, conversation[0].reply_len);
	close(fd);
	close(other);
}

static void
test_hangup_in_mid_request(void **state)
{
	int fd;

	start_server(false, 10);
	fd = connect_client();
	send_all(fd, "request\0lookup", 14);
	loop_run_once(loop);
	close(fd);
	loop_run_once(loop);
	assert_int_equal(server.client_count, 0);
}

/* The client goes while its request is in the store's hands. */
static void
test_late_answer(void **state)
{
	int fd;

	start_server(false, 10);
	store.is_late = true;
	fd = connect_client();
	send_all(fd, conversation[7].request, conversation[7].request_len);
	loop_run_once(loop);
	assert_non_null(store.late_done);
	reply_len = 0;
	assert_true(take(fd));
	assert_int_equal(reply_len, 0);
	store_memory_answer(&store);
	assert_true(take(fd));
	assert_int_equal(reply_len, conversation[7].reply_len);
	send_all(fd, conversation[7].request, conversation[7].request_len);
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
test_late_answer_in_between(void **state)
{
	int late, other;

	start_server(false, 10);
	store.is_late = true;
	late = connect_client();
	other = connect_client();
	send_all(late, conversation[7].request, conversation[7].request_len);
	loop_run_once(loop);
	assert_non_null(store.late_done);
	/* The second of these makes a log line, the first has its reply. */
	send_all(other, conversation[0].request, conversation[0].request_len);
	send_all(other, LIST("request\0nonsense\0"));
	log_set_sink(answer_in_between, NULL);
	loop_run_once(loop);
	assert_null(store.late_done);
	reply_len = 0;
	assert_true(take(late));
	assert_int_equal(reply_len, conversation[7].reply_len);
	assert_memory_equal(reply, conversation[7].reply, reply_len);
	reply_len = 0;
	assert_true(take(other));
	assert_int_equal(
	    reply_len, conversation[0].reply_len + sizeof(FAIL_ALONE));
	assert_memory_equal(
	    reply, conversation[0].reply, conversation[0].reply_len);
	close(late);
	close(other);
}

static void
test_client_limit(void **state)
{
	int fds[4];

	start_server(false, 3);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_client();
	/* The first is now the one that asked last. */
	expect(fds[0], conversation[0].request, conversation[0].request_len,
	    conversation[0].reply, conversation[0].reply_len);
	fds[3] = connect_client();
	assert_int_equal(server.client_count, 3);
	assert_true(take(fds[0]));
	assert_false(take(fds[1]));
	assert_true(take(fds[2]));
	assert_true(take(fds[3]));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* One answer counts once, all that came with it as well. */
static void
test_latency(void **state)
{
	char all[4096];
	size_t len = 0;
	int fd;

	start_server(false, 10);
	fd = connect_client();
	assert_int_equal(server.latency.count, 0);
	expect(fd, conversation[0].request, conversation[0].request_len,
	    conversation[0].reply, conversation[0].reply_len);
	assert_int_equal(server.latency.count, 1);
	for (int i = 0; i < 5; i++) {
		memcpy(all + len, conversation[0].request,
		    conversation[0].request_len);
		len += conversation[0].request_len;
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

/* Whoever asks for what takes a while gets one a turn. */
static void
test_long_requests_take_turns(void **state)
{
	static const char request[] =
	    "request\0list\0cache_type\0smtpd\0cursor\0"
	    "0\0filter\0\0";
	char all[sizeof(request) * 3];
	int fd;

	start_server(false, 10);
	fd = connect_client();
	for (int i = 0; i < 3; i++)
		memcpy(all + (size_t)i * sizeof(request), request,
		    sizeof(request));
	send_all(fd, all, sizeof(all));
	for (uint64_t i = 1; i <= 3; i++) {
		loop_run_once(loop);
		assert_int_equal(service.requests, i);
	}
	reply_len = 0;
	assert_true(take(fd));
	assert_int_equal(reply_len, 3 * sizeof("status\0"
					       "0\0cursor\0"
					       "0\0"));
	close(fd);
}

/* The socket was made by somebody else. */
static void
test_stranger(void **state)
{
	int fds[2];

	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
	}
	start_server(false, 10);
	/* A socket pair bears the ids of the process that made it. */
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

/* What has arrived when the end comes is answered all the same. */
static void
test_drain(void **state)
{
	int fd;

	start_server(false, 10);
	fd = connect_client();
	for (int i = 0; i < 40; i++)
		send_all(
		    fd, conversation[0].request, conversation[0].request_len);
	server_drain(&server);
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, 40 * conversation[0].reply_len);
	assert_int_equal(server.client_count, 0);
	close(fd);
}

/* Also where it takes several reads. */
static void
test_drain_of_much(void **state)
{
	static const char head[] = "request\0update\0cache_type\0smtpd\0"
				   "cache_id\0large\0session";
	static char request[sizeof(head) + 80000 + 2];
	int fd, size = sizeof(request) * 2;

	start_server(false, 10);
	fd = connect_client();
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)), 0);
	memset(request, 'A', sizeof(request) - 2);
	memcpy(request, head, sizeof(head));
	send_all(fd, request, sizeof(request));
	send_all(fd, conversation[0].request, conversation[0].request_len);
	server_drain(&server);
	reply_len = 0;
	assert_false(take(fd));
	assert_int_equal(reply_len, sizeof("status\0"
					   "4294967295\0") +
					conversation[0].reply_len);
	assert_int_equal(server.client_count, 0);
	close(fd);
}

#define SLOW_REQUESTS 200

/* A client that has asked for more than its socket takes, and reads nothing. */
static int
connect_and_ask_much(void)
{
	int fd = connect_client();

	store_long_session();
	for (int i = 0; i < SLOW_REQUESTS; i++)
		send_all(
		    fd, conversation[10].request, conversation[10].request_len);
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
	while ((count = read(fd, reply, 20000)) > 0) {
		total += (size_t)count;
		usleep(1000);
	}
	_exit(total != SLOW_REQUESTS * LONG_REPLY_LEN);
}

/* Replies that are still to be written, to whoever reads them. */
static void
test_drain_of_slow_reader(void **state)
{
	int fd, wait_status;
	pid_t pid;

	start_server(false, 10);
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
test_drain_of_deaf_client(void **state)
{
	int fd;

	start_server(false, 10);
	fd = connect_and_ask_much();
	server_drain(&server);
	assert_int_equal(server.client_count, 0);
	close(fd);
}

/* Without descriptors nobody is accepted, nothing spins, and it gets over. */
static void
test_out_of_descriptors(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rlimit limit, low;
	int listener, fd;

	start_server(false, 10);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    unit_path("socket"));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 5), 0);
	server_listen(&server, listener);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &low);
	loop_run_once(loop);
	assert_int_equal(server.client_count, 0);
	assert_true(unit_log_has("accept connection: "));
	assert_true(loop_timer_is_set(&server.accept_timer));
	setrlimit(RLIMIT_NOFILE, &limit);
	while (server.client_count == 0)
		loop_run_once(loop);
	expect(fd, conversation[0].request, conversation[0].request_len,
	    conversation[0].reply, conversation[0].reply_len);
	close(fd);
	server_fini(&server);
	close(listener);
	start_server(false, 10);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_announcement),
		TEST(test_no_announcement),
		TEST(test_conversation),
		TEST(test_single_bytes),
		TEST(test_pipeline),
		TEST(test_seed_and_ticket_key),
		TEST(test_stalled_client_holds_up_nobody),
		TEST(test_client_that_never_reads),
		TEST(test_master_trigger),
		TEST(test_too_large),
		TEST(test_hangup_in_mid_request),
		TEST(test_late_answer),
		TEST(test_late_answer_in_between),
		TEST(test_client_limit),
		TEST(test_latency),
		TEST(test_long_requests_take_turns),
		TEST(test_stranger),
		TEST(test_drain),
		TEST(test_drain_of_much),
		TEST(test_drain_of_slow_reader),
		TEST(test_drain_of_deaf_client),
		TEST(test_out_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * server_unit: a server for unit tests, and the other end of its connections.
 * Whole conversations over socket pairs; every wait is a turn of the loop that
 * has something to do, so nothing depends on time. Included once, after
 * cmocka.h, by the test's only file.
 */
#ifndef SERVER_UNIT_H
#define SERVER_UNIT_H

#include "clock.h"
#include "master.h"
#include "server.h"

#include "cmocka_range.h"
#include "service_unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A string literal with all its NULs and one more: a whole list. */
#define LIST(text) (text), sizeof(text)

#define FAIL_ALONE \
	"status\0" \
	"4294967294\0"

/* A request that costs nothing, and its reply. */
#define POLICY "request\0policy\0cache_type\0smtpd\0"
#define POLICY_REPLY    \
	"status\0"      \
	"0\0cachable\0" \
	"1\0timeout\0"  \
	"3600\0"

/* A long request, and its reply where the cache is empty. */
#define LIST_REQUEST                                 \
	"request\0list\0cache_type\0smtpd\0cursor\0" \
	"0\0filter\0\0"
#define LIST_REPLY    \
	"status\0"    \
	"0\0cursor\0" \
	"0\0"

/* A lookup of an entry, and an update with its reply. */
#define LOOKUP "request\0lookup\0cache_type\0smtpd\0cache_id\0x\0"
#define UPDATE \
	"request\0update\0cache_type\0smtpd\0cache_id\0x\0session\0aGk=\0"

#define OK_ALONE   \
	"status\0" \
	"0\0"

/* The reply to LOOKUP after store_large_session(). */
#define LARGE_SESSION_LEN 4096
#define LARGE_REPLY_LEN             \
	(sizeof("status\0"          \
		"0\0session\0\0") + \
	    (LARGE_SESSION_LEN + 2) / 3 * 4)

static struct loop *loop;
static struct master_status status;
static struct server server;

static char reply[1 << 20];
static size_t reply_len;

static inline struct server_config
server_unit_config(void)
{
	return (struct server_config){
		.client_limit = 10,
		.client_memory = 64 << 20,
		.client_uid = (uid_t)-1,
	};
}

static inline void
server_unit_start(const struct server_config *config)
{
	server_init(&server, loop, &service, &status, config);
}

/* Setup: a server with the configuration above. */
static inline int
server_unit_setup(void **state)
{
	const struct server_config config = server_unit_config();

	if (service_unit_setup(state) != 0)
		return -1;
	master_status_init(&status, -1, 0);
	loop = loop_new();
	server_unit_start(&config);
	return 0;
}

/* Instead of that one, a server with another configuration. */
static inline void
server_unit_restart(const struct server_config *config)
{
	server_fini(&server);
	server_unit_start(config);
}

static inline int
server_unit_teardown(void **state)
{
	server_fini(&server);
	loop_free(loop);
	return service_unit_teardown(state);
}

/* A client of the server; returns our end of its connection. */
static inline int
connect_client(void)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server_add_client(&server, fds[1]);
	return fds[0];
}

/* What has arrived at our end, added to the reply. False: it was closed. */
static inline bool
take(int fd)
{
	ssize_t count;

	while ((count = recv(fd, reply + reply_len, sizeof(reply) - reply_len,
		    MSG_DONTWAIT)) > 0)
		reply_len += (size_t)count;
	return count < 0 && errno == EAGAIN;
}

static inline void
send_all(int fd, const char *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

/* Send a request, turn the loop until as much as expected is there. */
static inline void
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

/* It is served as ever. */
static inline void
expect_service(int fd)
{
	expect(fd, LIST(POLICY), LIST(POLICY_REPLY));
}

static inline void
store_large_session(void)
{
	static unsigned char session[LARGE_SESSION_LEN];

	memset(session, 'x', sizeof(session));
	service_unit_put("x", session, sizeof(session), time(NULL));
}

/*
 * A store of which each lookup, and each slice of a listing, takes a second of
 * the clock: more than any budget or deadline here.
 */
static struct store_ops slow_ops;

static inline void
slow_get(struct store *base, const char *key, size_t key_len,
    store_get_fn *done, void *arg)
{
	clock_advance(1);
	store_memory_ops.get(base, key, key_len, done, arg);
}

static inline enum error
slow_each(struct store *base, uint64_t *cursor, uint64_t budget_us,
    bool *is_complete, store_each_fn *each, void *arg)
{
	clock_advance(1);
	return store_memory_ops.each(
	    base, cursor, budget_us, is_complete, each, arg);
}

static inline void
make_store_slow(void)
{
	slow_ops = store_memory_ops;
	slow_ops.get = slow_get;
	slow_ops.each = slow_each;
	store.base.ops = &slow_ops;
}

/* Listen on a socket in the test's directory; `connected` waits for accept. */
static inline void
server_unit_listen(int *listener, int *connected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    unit_path("socket"));
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	*connected = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(*listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(*listener, 5), 0);
	assert_int_equal(
	    connect(*connected, (struct sockaddr *)&address, sizeof(address)),
	    0);
	server_listen(&server, *listener);
}

/* A row of the table of tests. */
#define SERVER_TEST(name)                \
	cmocka_unit_test_setup_teardown( \
	    name, server_unit_setup, server_unit_teardown)

#endif

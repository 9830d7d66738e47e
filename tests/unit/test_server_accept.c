/*
 * Unit tests of server, where accept4(2) fails: whatever it says, who waits is
 * accepted in the end, and meanwhile nothing spins.
 */
#include "server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "unit.h"

static struct {
	int error_number; /* what the next calls fail with */
	unsigned failures_left;
	unsigned calls;
} fault;

/*
 * Stands between the server, which does not ask for the address, and the
 * kernel: the linker finds it first.
 */
int
accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	(void)address;
	(void)len;
	fault.calls++;
	if (fault.failures_left > 0) {
		fault.failures_left--;
		errno = fault.error_number;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, NULL, NULL, flags);
}

static struct loop *loop;
static struct cache caches[CACHE_TYPES];
static struct ticket_keys ticket_keys;
static struct service service;
static struct master_status status;
static struct server server;
static int listener, client;

static int
setup(void **state)
{
	const struct server_config config = {
		.client_limit = 10,
		.client_uid = (uid_t)-1,
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (unit_setup(state) != 0)
		return -1;
	memset(&fault, 0, sizeof(fault));
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_init(&caches[i], (enum cache_type)i, 3600);
	ticket_keys_init(&ticket_keys, 3600);
	service_init(&service, caches, &ticket_keys);
	master_status_init(&status, -1, 0);
	loop = loop_new();
	server_init(&server, loop, &service, &status, &config);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    unit_path("socket"));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 5) != 0 ||
	    connect(client, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	server_listen(&server, listener);
	return 0;
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
	close(client);
	close(listener);
	return unit_teardown(state);
}

/* An error of a connection that is gone: the next one is waiting. */
static void
test_error_of_one_connection(void **state)
{
	static const int errors[] = { ECONNABORTED, EPROTO, EINTR, EAGAIN };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault.error_number = errors[i];
		fault.failures_left = 1;
		loop_run_once(loop);
		assert_false(loop_timer_is_set(&server.accept_timer));
	}
	loop_run_once(loop);
	assert_int_equal(server.client_count, 1);
	assert_int_equal(unit_log_complaints(), 0);
}

/* One that stays: a pause for each call that failed, and one line. */
static void
test_error_that_stays(void **state)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM,
		EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault.error_number = errors[i];
		fault.failures_left = 1;
		fault.calls = 0;
		while (fault.calls == 0)
			loop_run_once(loop);
		assert_int_equal(fault.calls, 1);
		assert_int_equal(server.client_count, 0);
		assert_true(loop_timer_is_set(&server.accept_timer));
	}
	while (server.client_count == 0)
		loop_run_once(loop);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("accept connection: Too many open files"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_error_of_one_connection),
		TEST(test_error_that_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

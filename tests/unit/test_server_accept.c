/*
 * Unit tests of the server where accept4(2) fails: whatever it says, who waits
 * is accepted in the end, and meanwhile nothing spins.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "server_unit.h"

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

static int listener, client;

static int
setup(void **state)
{
	memset(&fault, 0, sizeof(fault));
	if (server_unit_setup(state) != 0)
		return -1;
	server_unit_listen(&listener, &client);
	return 0;
}

static int
teardown(void **state)
{
	close(client);
	close(listener);
	return server_unit_teardown(state);
}

static void
an_error_of_one_connection_does_not_hold_up_the_next(void **state)
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

static void
an_error_that_stays_is_one_line_and_a_pause_for_each_try(void **state)
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

static void
without_descriptors_nothing_spins_and_it_gets_over(void **state)
{
	struct rlimit limit, low;

	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)client + 1;
	setrlimit(RLIMIT_NOFILE, &low);
	loop_run_once(loop);
	assert_int_equal(server.client_count, 0);
	assert_true(unit_log_has("accept connection: "));
	assert_true(loop_timer_is_set(&server.accept_timer));
	setrlimit(RLIMIT_NOFILE, &limit);
	while (server.client_count == 0)
		loop_run_once(loop);
	expect_service(client);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_error_of_one_connection_does_not_hold_up_the_next),
		TEST(an_error_that_stays_is_one_line_and_a_pause_for_each_try),
		TEST(without_descriptors_nothing_spins_and_it_gets_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

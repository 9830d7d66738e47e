/*
 * Unit tests of shared_server.
 */
#include "shared_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
a_list_of_addresses_and_paths_is_taken(void **state)
{
	struct shared_servers servers;
	char *cause = NULL;

	assert_int_equal(shared_servers_parse(&servers,
			     " 192.0.2.1:6379,[2001:db8::1]:6380\n "
			     "unix:/run/x.sock, ",
			     &cause),
	    ERROR_NONE);
	assert_int_equal(servers.count, 3);
	assert_string_equal(servers.list[0].text, "192.0.2.1:6379");
	assert_int_equal(servers.list[0].address.ss_family, AF_INET);
	assert_int_equal(shared_server_port(&servers.list[0]), 6379);
	assert_int_equal(servers.list[1].address.ss_family, AF_INET6);
	assert_int_equal(shared_server_port(&servers.list[1]), 6380);
	assert_string_equal(servers.list[2].text, "unix:/run/x.sock");
	assert_int_equal(servers.list[2].address.ss_family, AF_UNIX);
	assert_int_equal(shared_server_port(&servers.list[2]), 0);
	shared_servers_fini(&servers);
}

static void
an_empty_list_is_one_of_none(void **state)
{
	struct shared_servers servers;
	char *cause = NULL;

	assert_int_equal(
	    shared_servers_parse(&servers, " , ", &cause), ERROR_NONE);
	assert_int_equal(servers.count, 0);
}

static const char *const bad[][2] = {
	{ "valkey.example.com:6379",
	    "valkey.example.com:6379: not an address (host names" },
	{ "localhost:1", "not an address" },
	{ "192.0.2.1", "no port" },
	{ "192.0.2.1:", "no port number" },
	{ "192.0.2.1:x", "no port number" },
	{ "192.0.2.1:0", "from 1 to 65535" },
	{ "192.0.2.1:65536", "from 1 to 65535" },
	{ "192.0.2.1:+1", "no port number" },
	{ "192.0.2.256:1", "not an address" },
	{ "2001:db8::1:6379", "not an address" },
	{ "[2001:db8::1]", "no port number" },
	{ "[]:1", "no IPv6 address" },
	{ "[192.0.2.1]:1", "no IPv6 address" },
	{ "[fe80::1%eth0]:1", "no IPv6 address" },
	{ "unix:run/x", "absolute" },
	{ "unix:", "absolute" },
	{ "redis://192.0.2.1:6379", "not an address" },
	{ ":6379", "not an address" },
};

static void
what_is_none_is_named(void **state)
{
	struct shared_servers servers;
	char *cause, text[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "192.0.2.1:1, %s", bad[i][0]);
		cause = NULL;
		assert_int_equal(shared_servers_parse(&servers, text, &cause),
		    ERROR_INVALID);
		assert_int_equal(servers.count, 0);
		assert_non_null(strstr(cause, bad[i][0]));
		assert_non_null(strstr(cause, bad[i][1]));
		free(cause);
	}
}

static void
paths_and_lists_have_bounds(void **state)
{
	struct shared_servers servers;
	char text[1000] = "unix:/";
	char *cause = NULL;

	memset(text + 6, 'x', 106);
	assert_int_equal(
	    shared_servers_parse(&servers, text, &cause), ERROR_NONE);
	shared_servers_fini(&servers);
	text[112] = 'x';
	assert_int_equal(
	    shared_servers_parse(&servers, text, &cause), ERROR_INVALID);
	free(cause);
	text[0] = '\0';
	for (int i = 0; i < SHARED_SERVERS_MAX; i++)
		strcat(text, "192.0.2.1:1 ");
	assert_int_equal(
	    shared_servers_parse(&servers, text, &cause), ERROR_NONE);
	assert_int_equal(servers.count, SHARED_SERVERS_MAX);
	shared_servers_fini(&servers);
	strcat(text, "192.0.2.1:1 ");
	assert_int_equal(
	    shared_servers_parse(&servers, text, &cause), ERROR_INVALID);
	assert_non_null(strstr(cause, "more than 16"));
	free(cause);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_addresses_and_paths_is_taken),
		cmocka_unit_test(an_empty_list_is_one_of_none),
		cmocka_unit_test(what_is_none_is_named),
		cmocka_unit_test(paths_and_lists_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

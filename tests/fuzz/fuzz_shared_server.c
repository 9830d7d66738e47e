/*
 * fuzz_shared_server: any text as a list of servers. Each is an address that a
 * socket takes, and is read again as the same; or there is none, and a line
 * that says why.
 */
#include "fuzz.h"

#include "shared_server.h"

static bool
is_same(const struct shared_server *one, const struct shared_server *other)
{
	return one->address_len == other->address_len &&
	       memcmp(&one->address, &other->address, sizeof(one->address)) ==
	           0;
}

static void
check_server(const struct shared_server *server)
{
	struct shared_servers again;
	char *cause = NULL;

	fuzz_expect(server->address_len > 0 &&
		    server->address_len <= sizeof(server->address));
	fuzz_expect(server->address.ss_family == AF_UNIX ||
		    shared_server_port(server) > 0);
	fuzz_expect(
	    shared_servers_parse(&again, server->text, &cause) == ERROR_NONE);
	fuzz_expect(again.count == 1 && is_same(server, &again.list[0]));
	shared_servers_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	char *text = fuzz_take_string(&input), *cause = NULL;
	struct shared_servers servers;

	if (shared_servers_parse(&servers, text, &cause) == ERROR_NONE) {
		fuzz_expect(
		    cause == NULL && servers.count <= SHARED_SERVERS_MAX);
		for (unsigned i = 0; i < servers.count; i++)
			check_server(&servers.list[i]);
	} else {
		fuzz_expect(servers.count == 0 && cause != NULL);
	}
	shared_servers_fini(&servers);
	free(cause);
	free(text);
	return 0;
}

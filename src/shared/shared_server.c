/*
 * shared_server: addresses from text, and sockets to them. Owns the text of
 * each.
 */
#include "shared_server.h"

#include "shared_reply.h"
#include "words.h"
#include "xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define PORT_MAX    65535

/* NULL: it is a port. */
static const char *
parse_port(const char *text, in_port_t *port)
{
	size_t len = strspn(text, "0123456789");
	unsigned long value;

	if (len == 0 || len > 5 || text[len] != '\0')
		return "no port number behind the last colon";
	value = strtoul(text, NULL, 10);
	if (value == 0 || value > PORT_MAX)
		return "a port is a number from 1 to 65535";
	*port = htons((in_port_t)value);
	return NULL;
}

static const char *
parse_unix(struct shared_server *server, const char *path)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&server->address;
	size_t len = strlen(path);

	if (path[0] != '/')
		return "the path of a socket is absolute";
	if (len >= sizeof(address->sun_path))
		return "the path of a socket has at most 107 characters";
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, len + 1);
	server->address_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return NULL;
}

static const char *
parse_ipv6(struct shared_server *server, const char *host, in_port_t port)
{
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&server->address;

	if (inet_pton(AF_INET6, host, &address->sin6_addr) != 1)
		return "no IPv6 address between the brackets";
	address->sin6_family = AF_INET6;
	address->sin6_port = port;
	server->address_len = sizeof(*address);
	return NULL;
}

static const char *
parse_ipv4(struct shared_server *server, const char *host, in_port_t port)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&server->address;

	if (inet_pton(AF_INET, host, &address->sin_addr) != 1)
		return "not an address (host names cannot be looked up)";
	address->sin_family = AF_INET;
	address->sin_port = port;
	server->address_len = sizeof(*address);
	return NULL;
}

static const char *
parse_internet(struct shared_server *server, char *text)
{
	char *colon = strrchr(text, ':');
	const char *problem;
	in_port_t port;
	size_t len;

	if (colon == NULL)
		return "no port";
	problem = parse_port(colon + 1, &port);
	if (problem != NULL)
		return problem;
	*colon = '\0';
	len = strlen(text);
	if (len < 2 || text[0] != '[' || text[len - 1] != ']')
		return parse_ipv4(server, text, port);
	text[len - 1] = '\0';
	return parse_ipv6(server, text + 1, port);
}

/* NULL: it is in the list now. */
static const char *
add(struct shared_servers *servers, const char *text, size_t len)
{
	struct shared_server *server;
	const char *problem;
	char *copy;

	if (servers->count == SHARED_SERVERS_MAX)
		return "more than 16 servers";
	server = &servers->list[servers->count++];
	*server = (struct shared_server){ .text = xstrndup(text, len) };
	copy = xstrndup(text, len);
	if (strncmp(copy, UNIX_PREFIX, sizeof(UNIX_PREFIX) - 1) == 0)
		problem = parse_unix(server, copy + sizeof(UNIX_PREFIX) - 1);
	else
		problem = parse_internet(server, copy);
	free(copy);
	return problem;
}

enum error
shared_servers_parse(
    struct shared_servers *servers, const char *text, char **cause)
{
	const char *word, *problem;
	size_t len;

	servers->count = 0;
	while ((word = words_next(&text, &len)) != NULL) {
		problem = add(servers, word, len);
		if (problem == NULL)
			continue;
		*cause = xasprintf("%.*s: %s", (int)len, word, problem);
		shared_servers_fini(servers);
		return ERROR_INVALID;
	}
	return ERROR_NONE;
}

enum error
shared_servers_check(const char *text, char **cause)
{
	struct shared_servers servers;
	enum error error = shared_servers_parse(&servers, text, cause);

	if (error != ERROR_NONE)
		return error;
	if (servers.count > 0 && !shared_reply_is_built_in()) {
		*cause = xasprintf("%s: this program was built without hiredis",
		    servers.list[0].text);
		error = ERROR_UNSUPPORTED;
	}
	shared_servers_fini(&servers);
	return error;
}

void
shared_servers_fini(struct shared_servers *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		free(servers->list[i].text);
	servers->count = 0;
}

unsigned
shared_server_port(const struct shared_server *server)
{
	const struct sockaddr_storage *address = &server->address;

	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return 0;
}

/* Options only improve a connection; a failure is ignored. */
static void
set_option(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

/* A peer that is gone is noticed within a minute, where nobody asks. */
static void
prepare_tcp(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

int
shared_server_connect(const struct shared_server *server, bool *is_connected)
{
	const struct sockaddr *address =
	    (const struct sockaddr *)&server->address;
	int fd = socket(
	    address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error_number;

	if (fd < 0)
		return -1;
	if (address->sa_family != AF_UNIX)
		prepare_tcp(fd);
	*is_connected = connect(fd, address, server->address_len) == 0;
	if (*is_connected || errno == EINPROGRESS)
		return fd;
	error_number = errno;
	close(fd);
	errno = error_number;
	return -1;
}

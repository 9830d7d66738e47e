/*
 * ctl_listen: see its header. Names are not looked up: what listens is to be
 * where it was meant to be, and nowhere else.
 */
#include "ctl_listen.h"

#include "ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG  128
#define PORT_MAX 65535

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static bool
parse_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number > PORT_MAX)
		return false;
	*port = htons((in_port_t)number);
	return true;
}

static bool
parse_host(const char *host, bool is_in_brackets, union address *address)
{
	if (is_in_brackets) {
		address->ipv6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &address->ipv6.sin6_addr) == 1;
	}
	address->ipv4.sin_family = AF_INET;
	return inet_pton(AF_INET, host, &address->ipv4.sin_addr) == 1;
}

/* False: it has not one of the two forms. */
static bool
parse(const char *text, union address *address)
{
	bool is_in_brackets = *text == '[';
	const char *host = text + is_in_brackets, *colon = strrchr(text, ':');
	const char *end = colon;
	char copy[INET6_ADDRSTRLEN];
	in_port_t port;

	memset(address, 0, sizeof(*address));
	if (colon == NULL || !parse_port(colon + 1, &port))
		return false;
	if (is_in_brackets && *--end != ']')
		return false;
	if (end <= host || (size_t)(end - host) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%.*s", (int)(end - host), host);
	if (!parse_host(copy, is_in_brackets, address))
		return false;
	if (is_in_brackets)
		address->ipv6.sin6_port = port;
	else
		address->ipv4.sin_port = port;
	return true;
}

static socklen_t
length_of(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->ipv6)
	                                          : sizeof(address->ipv4);
}

int
ctl_listen(const char *text, int *fd)
{
	union address address;
	int on = 1;

	if (!parse(text, &address)) {
		ctl_error("%s: must be ADDRESS:PORT or [ADDRESS]:PORT, of "
			  "numbers, as 127.0.0.1:9100 and [::1]:9100",
		    text);
		return CTL_USAGE;
	}
	*fd = socket(address.any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* So that it can be started again at once. */
	if (*fd >= 0 &&
	    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(*fd, &address.any, length_of(&address)) == 0 &&
	    listen(*fd, BACKLOG) == 0)
		return CTL_OK;
	ctl_error("cannot listen on %s: %s", text, strerror(errno));
	if (*fd >= 0)
		close(*fd);
	return CTL_NO;
}

void
ctl_listen_name(int fd, char name[CTL_LISTEN_NAME_MAX])
{
	union address address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";

	memset(&address, 0, sizeof(address));
	getsockname(fd, &address.any, &len);
	if (address.any.sa_family == AF_INET6) {
		inet_ntop(
		    AF_INET6, &address.ipv6.sin6_addr, host, sizeof(host));
		snprintf(name, CTL_LISTEN_NAME_MAX, "[%s]:%d", host,
		    ntohs(address.ipv6.sin6_port));
	} else {
		inet_ntop(AF_INET, &address.ipv4.sin_addr, host, sizeof(host));
		snprintf(name, CTL_LISTEN_NAME_MAX, "%s:%d", host,
		    ntohs(address.ipv4.sin_port));
	}
}

/*
 * connect: connects and hears the announcement.
 */
#include "connect.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool
hear_announcement(int fd)
{
	static const char wanted[] = "protocol\0tlsmgr_protocol\0";
	char heard[sizeof(wanted)] = "";

	return recv(fd, heard, sizeof(heard), MSG_WAITALL) ==
	           (ssize_t)sizeof(heard) &&
	       memcmp(heard, wanted, sizeof(wanted)) == 0;
}

static void
set_wait(int fd, int wait_s)
{
	const struct timeval wait = { .tv_sec = wait_s };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
		err(EXIT_FAILURE, "setsockopt");
}

int
connect_server(const char *path, bool announced, int wait_s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	if (strlen(path) >= sizeof(address.sun_path))
		errx(EXIT_FAILURE, "%s: too long", path);
	memcpy(address.sun_path, path, strlen(path));
	set_wait(fd, wait_s);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(EXIT_FAILURE, "connect %s", path);
	if (announced && !hear_announcement(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * entropy_egd: a server of the Entropy Gathering Daemon's protocol, on a UNIX
 * stream socket. The command is the bytes {1, N}; the answer is a count byte,
 * at most N, and that many bytes. After an incomplete answer the protocol is
 * out of step, so the connection is closed.
 */
#include "entropy_ops.h"

#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EGD_READ_NONBLOCKING 1 /* the command: give what there is */

/* Connect fd to the path; errno says why not. */
static int
connect_path(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/*
 * A UNIX socket connects at once or fails: with EAGAIN where the server's
 * backlog is full, which a blocking connect(2) would wait for.
 */
static enum error
egd_open(struct entropy_source *source)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect_path(fd, source->path) == 0) {
		source->fd = fd;
		return ERROR_NONE;
	}
	log_warning("cannot connect to EGD server %s: %s", source->path,
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return ERROR_IO;
}

static enum error
egd_request(struct entropy_source *source)
{
	unsigned char command[] = { EGD_READ_NONBLOCKING,
		(unsigned char)source->wanted };
	ssize_t written;

	source->has_count = false;
	written = send(source->fd, command, sizeof(command), MSG_NOSIGNAL);
	if (written == (ssize_t)sizeof(command))
		return ERROR_NONE;
	return written < 0 && errno != EPIPE ? ERROR_IO : ERROR_CLOSED;
}

/* The count byte, which becomes the number of bytes wanted. */
static enum error
receive_count(struct entropy_source *source)
{
	size_t asked = source->wanted;
	enum error error;

	source->wanted = 1;
	error = entropy_read_bytes(source);
	source->wanted = asked;
	if (error != ERROR_NONE)
		return error;
	source->len = 0;
	if (source->bytes[0] == 0)
		return ERROR_NOT_FOUND;
	if (source->bytes[0] > asked)
		return ERROR_PROTOCOL;
	source->wanted = source->bytes[0];
	source->has_count = true;
	return ERROR_NONE;
}

static enum error
egd_receive(struct entropy_source *source)
{
	enum error error;

	if (!source->has_count && (error = receive_count(source)) != ERROR_NONE)
		return error;
	return entropy_read_bytes(source);
}

const struct entropy_ops entropy_egd_ops = {
	.prefix = "egd:",
	.noun = "EGD server",
	.is_framed = true,
	.open = egd_open,
	.request = egd_request,
	.receive = egd_receive,
};

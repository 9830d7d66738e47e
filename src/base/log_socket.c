/*
 * log_socket: a connected local socket to a log daemon. Owns its descriptor.
 * Never waits: not for a full queue, and not for a log daemon that is gone.
 */
#include "log_transport.h"

#include "clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* When to try again a log daemon whose queue is full. */
#define BUSY_DELAY_US 20000

/* When to connect again, while there is no new line to send. */
#define RECONNECT_DELAY_US 1000000

/* Connect a new socket of this type. False, with errno: it failed. */
static bool
connect_socket(struct log_socket *sock, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int error, fd;

	memcpy(address.sun_path, sock->path, sizeof(address.sun_path));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = errno;
		close(fd);
		errno = error;
		return false;
	}
	sock->is_stream = type == SOCK_STREAM;
	sock->fd = fd;
	return true;
}

/* syslogd's socket is of either type; nearly always it takes datagrams. */
static bool
connect_either(struct log_socket *sock)
{
	if (connect_socket(sock, SOCK_DGRAM))
		return true;
	return errno == EPROTOTYPE && sock->may_be_stream &&
	       connect_socket(sock, SOCK_STREAM);
}

enum error
log_socket_open(struct log_socket *sock, const char *path, bool may_be_stream)
{
	size_t len = strlen(path);

	_Static_assert(
	    LOG_PATH_MAX == sizeof(((struct sockaddr_un *)NULL)->sun_path),
	    "the path is copied whole");
	log_socket_close(sock);
	if (len >= sizeof(sock->path))
		return ERROR_TOO_LARGE;
	memset(sock->path, 0, sizeof(sock->path));
	memcpy(sock->path, path, len);
	sock->may_be_stream = may_be_stream;
	return connect_either(sock) ? ERROR_NONE : ERROR_IO;
}

/* Send a whole line. A stream has a NUL, as in glibc, to tell lines apart. */
static bool
send_line(struct log_socket *sock, const struct log_line *line)
{
	char nul = '\0';
	struct iovec parts[2] = {
		{ .iov_base = (void *)line->bytes, .iov_len = line->len },
		{ .iov_base = &nul, .iov_len = 1 },
	};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = sock->is_stream ? 2 : 1,
	};
	ssize_t sent;

	sent = sendmsg(sock->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return false;
	if (!sock->is_stream || (size_t)sent == line->len + 1)
		return true;
	/* A partial write: a new connection keeps the next line apart. */
	log_socket_close(sock);
	errno = EAGAIN;
	return false;
}

static bool
is_busy(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == EINTR;
}

/* Keep a line for later; not in a signal handler that interrupted this. */
static bool
backlog_add(struct log_socket *sock, const struct log_line *line)
{
	char *end = sock->backlog + sock->backlog_len;

	if (sock->is_backlog_in_use ||
	    sizeof(line->len) + line->len > LOG_BACKLOG_MAX - sock->backlog_len)
		return false;
	sock->is_backlog_in_use = true;
	memcpy(end, &line->len, sizeof(line->len));
	memcpy(end + sizeof(line->len), line->bytes, line->len);
	sock->backlog_len += sizeof(line->len) + line->len;
	sock->is_backlog_in_use = false;
	return true;
}

/* Send from the backlog what the socket takes; errno is why not all. */
static bool
backlog_send(struct log_socket *sock)
{
	struct log_line line;
	size_t done = 0;

	if (sock->backlog_len == 0)
		return true;
	errno = EAGAIN;
	if (sock->is_backlog_in_use)
		return false;
	sock->is_backlog_in_use = true;
	while (done < sock->backlog_len) {
		memcpy(&line.len, sock->backlog + done, sizeof(line.len));
		memcpy(line.bytes, sock->backlog + done + sizeof(line.len),
		    line.len);
		if (!send_line(sock, &line))
			break;
		done += sizeof(line.len) + line.len;
	}
	sock->backlog_len -= done;
	memmove(sock->backlog, sock->backlog + done, sock->backlog_len);
	sock->is_backlog_in_use = false;
	return sock->backlog_len == 0;
}

bool
log_socket_send(struct log_socket *sock, const struct log_line *line)
{
	if (sock->fd >= 0) {
		if (backlog_send(sock) && send_line(sock, line))
			return true;
		if (is_busy(errno))
			return backlog_add(sock, line);
	}
	/*
	 * The log daemon was restarted, or is not there yet. Within the jail
	 * the path is looked up there, where there may be a socket for this
	 * very purpose (as in Debian's /var/spool/postfix/dev/log).
	 */
	log_socket_close(sock);
	if (!connect_either(sock))
		return false;
	if (backlog_send(sock) && send_line(sock, line))
		return true;
	return is_busy(errno) && backlog_add(sock, line);
}

uint64_t
log_socket_write_backlog(struct log_socket *sock)
{
	uint64_t now_us;

	if (sock->backlog_len == 0)
		return UINT64_MAX;
	if (sock->fd >= 0) {
		if (backlog_send(sock))
			return UINT64_MAX;
		if (is_busy(errno))
			return BUSY_DELAY_US;
		log_socket_close(sock);
	}
	now_us = clock_monotonic_us();
	if (now_us < sock->reconnect_us)
		return sock->reconnect_us - now_us;
	sock->reconnect_us = now_us + RECONNECT_DELAY_US;
	if (!connect_either(sock))
		return RECONNECT_DELAY_US;
	return backlog_send(sock) ? UINT64_MAX : BUSY_DELAY_US;
}

void
log_socket_close(struct log_socket *sock)
{
	int fd = sock->fd;

	sock->fd = -1;
	if (fd >= 0)
		close(fd);
}

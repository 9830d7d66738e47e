/*
 * floor: what no server on a UNIX stream socket can do better than, one system
 * call after the other: epoll_wait, read, write. It looks at no request beyond
 * its end, and answers all with the same bytes, as many as a tlsmgr(8) would.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS_MAX   512
#define BUFFER_LEN   65536
#define BACKLOG      1024
#define SEED_LEN     32
#define KEYBUF_LEN   88
#define ANNOUNCEMENT "protocol\0tlsmgr_protocol\0"

struct reply {
	char *bytes;
	size_t len;
};

static void
reply_add(struct reply *reply, const char *bytes, size_t len)
{
	reply->bytes = realloc(reply->bytes, reply->len + len);
	if (reply->bytes == NULL)
		err(EXIT_FAILURE, "realloc");
	memcpy(reply->bytes + reply->len, bytes, len);
	reply->len += len;
}

/* An attribute whose value is as long as `len` bytes are in base64. */
static void
reply_add_data(struct reply *reply, const char *name, size_t len)
{
	reply_add(reply, name, strlen(name) + 1);
	for (size_t i = 0; i < (len + 2) / 3 * 4; i++)
		reply_add(reply, "A", 1);
	reply_add(reply, "", 1);
}

static void
reply_make(struct reply *reply, const char *operation, size_t session_len)
{
	reply_add(reply, "status\0000", sizeof("status\0000"));
	if (strcmp(operation, "lookup") == 0)
		reply_add_data(reply, "session", session_len);
	else if (strcmp(operation, "seed") == 0)
		reply_add_data(reply, "seed", SEED_LEN);
	else if (strcmp(operation, "tktkey") == 0)
		reply_add_data(reply, "keybuf", KEYBUF_LEN);
	else if (strcmp(operation, "policy") == 0)
		reply_add(reply, "cachable\0001\0timeout\0003600",
		    sizeof("cachable\0001\0timeout\0003600"));
	else if (strcmp(operation, "update") != 0)
		errx(EXIT_FAILURE, "no such operation: %s", operation);
	reply_add(reply, "", 1);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(EXIT_FAILURE, "%s: too long", path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		err(EXIT_FAILURE, "epoll_ctl");
}

static void
take_client(int epoll_fd, int listen_fd)
{
	int fd = accept(listen_fd, NULL, NULL);

	if (fd < 0)
		err(EXIT_FAILURE, "accept");
	if (write(fd, ANNOUNCEMENT, sizeof(ANNOUNCEMENT)) < 0)
		warn("write");
	watch(epoll_fd, fd);
}

static void
answer(int fd, const struct reply *reply)
{
	static char request[BUFFER_LEN];
	ssize_t len = read(fd, request, sizeof(request));

	if (len <= 0) {
		close(fd);
		return;
	}
	if (len < 2 || request[len - 1] != '\0' || request[len - 2] != '\0')
		return;
	if (write(fd, reply->bytes, reply->len) != (ssize_t)reply->len)
		warn("write");
}

int
main(int argc, char *argv[])
{
	struct epoll_event events[EVENTS_MAX];
	struct reply reply = { NULL, 0 };
	int listen_fd, epoll_fd, count;

	if (argc != 4)
		errx(EXIT_FAILURE, "usage: floor socket operation bytes");
	reply_make(&reply, argv[2], strtoul(argv[3], NULL, 10));
	listen_fd = listen_at(argv[1]);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		err(EXIT_FAILURE, "epoll_create1");
	watch(epoll_fd, listen_fd);
	for (;;) {
		count = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listen_fd)
				take_client(epoll_fd, listen_fd);
			else
				answer(events[i].data.fd, &reply);
		}
	}
}

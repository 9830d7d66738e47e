/*
 * pretend_engine: an engine on a socket in the test's directory, in the test's
 * own process: the test reads what it was sent, and says what it answers.
 * Included once, after unit.h, by the test's only file.
 */
#ifndef PRETEND_ENGINE_H
#define PRETEND_ENGINE_H

#include "loop.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct pretend_engine {
	char path[PATH_MAX + NAME_MAX];
	int listen_fd, fd; /* -1: none */
	char received[256 * 1024];
	size_t len;
	unsigned accepted;
};

static inline void
pretend_engine_start(struct pretend_engine *engine, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(
	    engine->path, sizeof(engine->path), "%s/%s", unit_directory, name);
	assert_true(strlen(engine->path) < sizeof(address.sun_path));
	strcpy(address.sun_path, engine->path);
	engine->listen_fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	engine->fd = -1;
	engine->len = 0;
	engine->accepted = 0;
	assert_int_equal(bind(engine->listen_fd, (struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	assert_int_equal(listen(engine->listen_fd, 8), 0);
}

static inline void
pretend_engine_hang_up(struct pretend_engine *engine)
{
	if (engine->fd >= 0)
		close(engine->fd);
	engine->fd = -1;
	engine->len = 0;
}

/* Nobody can connect to it any more. */
static inline void
pretend_engine_stop(struct pretend_engine *engine)
{
	pretend_engine_hang_up(engine);
	if (engine->listen_fd >= 0)
		close(engine->listen_fd);
	engine->listen_fd = -1;
	unlink(engine->path);
}

/* Accept, and read what is there. */
static inline void
pretend_engine_poll(struct pretend_engine *engine)
{
	ssize_t len;
	int fd;

	fd = accept4(engine->listen_fd, NULL, NULL, SOCK_NONBLOCK);
	if (fd >= 0) {
		pretend_engine_hang_up(engine);
		engine->fd = fd;
		engine->accepted++;
	}
	if (engine->fd < 0)
		return;
	len = recv(engine->fd, engine->received + engine->len,
	    sizeof(engine->received) - engine->len - 1, 0);
	if (len > 0)
		engine->len += (size_t)len;
	else if (len == 0)
		pretend_engine_hang_up(engine);
	engine->received[engine->len] = '\0';
}

static inline void
pretend_engine_say(struct pretend_engine *engine, const char *bytes, size_t len)
{
	assert_true(engine->fd >= 0);
	assert_int_equal(send(engine->fd, bytes, len, MSG_NOSIGNAL), len);
}

/* The whole of "*2\r\n$3\r\nGET\r\n..." as "GET name", at *from. */
static inline bool
pretend_engine_command(struct pretend_engine *engine, char *words, size_t size)
{
	char *next = engine->received;
	unsigned long count, len;
	size_t used = 0;

	if (engine->len == 0)
		return false;
	count = strtoul(next + 1, &next, 10);
	next += 2;
	for (; count > 0; count--) {
		if (next >= engine->received + engine->len)
			return false;
		len = strtoul(next + 1, &next, 10);
		next += 2;
		if (next + len + 2 > engine->received + engine->len)
			return false;
		used += (size_t)snprintf(words + used, size - used, "%s%.*s",
		    used > 0 ? " " : "", (int)len, next);
		next += len + 2;
	}
	engine->len -= (size_t)(next - engine->received);
	memmove(engine->received, next, engine->len + 1);
	return true;
}

#endif

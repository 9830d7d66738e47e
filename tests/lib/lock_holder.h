/*
 * lock_holder: another process that holds an fcntl(2) lock on a file until it
 * is told to let go, or for so many milliseconds.
 */
#ifndef LOCK_HOLDER_H
#define LOCK_HOLDER_H

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

struct lock_holder {
	pid_t pid;
	int fd; /* closing it ends the child */
};

/* The child: take the lock, say so, and stay until the pipe is closed. */
static inline void
lock_holder_child(const char *path, int ready_fd, int until_fd, int hold_ms)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct pollfd until = { .fd = until_fd, .events = POLLIN };
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ||
	    write(ready_fd, "", 1) != 1)
		_exit(1);
	poll(&until, 1, hold_ms);
	_exit(0);
}

/* True when another process has the lock; hold_ms -1: until told. */
static inline bool
lock_holder_start(struct lock_holder *holder, const char *path, int hold_ms)
{
	int ready[2], until[2];
	ssize_t len;
	char byte;

	*holder = (struct lock_holder){ .pid = -1, .fd = -1 };
	if (pipe(ready) < 0 || pipe(until) < 0)
		return false;
	if ((holder->pid = fork()) == 0) {
		close(until[1]);
		lock_holder_child(path, ready[1], until[0], hold_ms);
	}
	close(ready[1]);
	close(until[0]);
	holder->fd = until[1];
	len = read(ready[0], &byte, 1);
	close(ready[0]);
	return len == 1;
}

static inline void
lock_holder_stop(struct lock_holder *holder)
{
	close(holder->fd);
	waitpid(holder->pid, NULL, 0);
}

#endif

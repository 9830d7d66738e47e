/*
 * child: run a piece of code that may end its process in one of its own, with
 * the log lines it wrote. For tests; include after <cmocka.h>.
 */
#ifndef CHILD_H
#define CHILD_H

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void child_fn(void *arg);

struct child {
	pid_t pid;
	int log_fd;
	int status;       /* as from waitpid(2) */
	char lines[8192]; /* "fatal: text\n", as far as they fit */
};

/* Async-signal-safe, as the watchdog's line comes from a handler. */
static inline void
child_write_line(void *arg, enum log_level level, const char *text)
{
	static const char *const words[] = {
		"info: ", "warning: ", "error: ", "fatal: ", "panic: "
	};
	int fd = *(int *)arg;

	if (write(fd, words[level], strlen(words[level])) < 0 ||
	    write(fd, text, strlen(text)) < 0 || write(fd, "\n", 1) < 0)
		_exit(127);
}

/* The child ends with status 0 when its code returns. */
static inline void
child_start(struct child *child, child_fn *code, void *arg)
{
	static int write_fd;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		close(fds[0]);
		write_fd = fds[1];
		log_set_sink(child_write_line, &write_fd);
		code(arg);
		_exit(0);
	}
	close(fds[1]);
	child->log_fd = fds[0];
}

static inline void
child_wait(struct child *child)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(child->log_fd, child->lines + len,
		    sizeof(child->lines) - 1 - len)) > 0)
		len += (size_t)got;
	child->lines[len] = '\0';
	close(child->log_fd);
	assert_int_equal(waitpid(child->pid, &child->status, 0), child->pid);
}

static inline void
child_run(struct child *child, child_fn *code, void *arg)
{
	child_start(child, code, arg);
	child_wait(child);
}

static inline void
child_assert_exited(const struct child *child, int status)
{
	if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != status)
		fail_msg("not exit status %d but wait status %#x: %s", status,
		    (unsigned)child->status, child->lines);
}

static inline void
child_assert_killed(const struct child *child, int signal_number)
{
	if (!WIFSIGNALED(child->status) ||
	    WTERMSIG(child->status) != signal_number)
		fail_msg("not signal %d but wait status %#x: %s", signal_number,
		    (unsigned)child->status, child->lines);
}

#endif

/*
 * ctl_run: starts a program and collects what it prints, in memory, so that
 * whatever it leaves running in the background cannot keep us waiting for the
 * end of a pipe.
 */
#include "ctl_run.h"

#include "xalloc.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8
#define OUTPUT_MAX    65536

extern char **environ;

/* Standard input, output and error of a child. */
struct stdio {
	int fds[3];
};

/* A child may be interrupted also where we may not. */
int
ctl_run_start(
    pid_t *pid, const char *path, const char *const *argv, const int stdio[3])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipe_signal;
	int number;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_adddup2(&actions, stdio[fd], fd);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
	/* It changes no argument; its prototype is older than const. */
	number = posix_spawnp(
	    pid, path, &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return number;
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What was written to a file, up to a bound, and a NUL. */
static char *
read_back(int fd, size_t *len)
{
	char *text = xmalloc(OUTPUT_MAX + 1);
	ssize_t got = pread(fd, text, OUTPUT_MAX, 0);

	*len = got > 0 ? (size_t)got : 0;
	text[*len] = '\0';
	return text;
}

/* Lines in one, for a message. */
static char *
join_lines(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	for (char *newline = text; (newline = strchr(newline, '\n')) != NULL;)
		*newline = ' ';
	return text;
}

static bool
open_stdio(struct stdio *stdio, const struct buffer *input)
{
	bool is_open = true;

	for (int i = 0; i < 3; i++) {
		stdio->fds[i] = memfd_create(CTL_NAME, MFD_CLOEXEC);
		is_open &= stdio->fds[i] >= 0;
	}
	/* So little goes into memory at once, or not at all. */
	return is_open &&
	       (input == NULL || pwrite(stdio->fds[0], buffer_head(input),
				     input->len, 0) >= 0);
}

static void
close_stdio(struct stdio *stdio)
{
	int number = errno;

	for (int i = 0; i < 3; i++)
		if (stdio->fds[i] >= 0)
			close(stdio->fds[i]);
	errno = number;
}

void
ctl_run(
    struct ctl_run *run, const char *const *argv, const struct buffer *input)
{
	struct stdio stdio;
	int number;
	size_t len;
	pid_t pid = -1;

	*run = (struct ctl_run){ .status = -1 };
	number = open_stdio(&stdio, input)
	             ? ctl_run_start(&pid, argv[0], argv, stdio.fds)
	             : errno;
	if (number == 0) {
		run->status = wait_for(pid);
		run->output = read_back(stdio.fds[1], &run->output_len);
		run->complaints = join_lines(read_back(stdio.fds[2], &len));
	} else {
		run->output = xstrdup("");
		run->complaints =
		    xasprintf("cannot run %s: %s", argv[0], strerror(number));
	}
	close_stdio(&stdio);
}

void
ctl_run_postfix(struct ctl_run *run, struct ctl *ctl, const char *name,
    const char *const *arguments)
{
	char *directory = ctl_config_value(ctl, "command_directory");
	/* Without the directory, the error comes when this cannot be run. */
	char *path =
	    xasprintf("%s/%s", directory != NULL ? directory : "", name);
	const char *argv[ARGUMENTS_MAX + 4] = { path, "-c",
		ctl->config_directory };

	for (int i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++)
		argv[3 + i] = arguments[i];
	ctl_run(run, argv, NULL);
	free(path);
	free(directory);
}

void
ctl_run_fini(struct ctl_run *run)
{
	free(run->output);
	free(run->complaints);
	*run = (struct ctl_run){ .status = -1 };
}

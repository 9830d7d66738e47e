/*
 * sandbox: enters the two halves in order, and logs what is missing.
 *
 * Where a filter of system calls is in force already, from a service manager or
 * a container, it may end a process that makes a filter of its own (systemd's
 * SystemCallFilter=@system-service does, in version 252). So a child tries each
 * half first. It can be made: under the same filter master(8) has made us.
 */
#include "sandbox.h"

#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* One half: a name for messages, and what enters it. */
struct half {
	const char *name;
	enum error (*limit)(const char *source_file,
	    const struct sandbox_network *, char **cause);
};

static enum error
limit_calls(const char *source_file, const struct sandbox_network *network,
    char **cause)
{
	(void)source_file;
	return sandbox_limit_calls(network, cause);
}

/* Files first: the calls that this takes are forbidden afterwards. */
static const struct half halves[] = {
	{ "files", sandbox_limit_files },
	{ "system calls", limit_calls },
};

/* False: none for sure. Unlike /proc this can be had in the jail. */
static bool
may_be_filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

/* More than are open at this time, when there are no clients yet. */
#define CHILD_DESCRIPTORS 64

/* Does a child live through it? Why not, or NULL: it does. */
static const char *
find_obstacle(const struct half *half, const char *source_file,
    const struct sandbox_network *network)
{
	char *cause = NULL;
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return "no child can be made to try it";
	if (pid == 0) {
		/* Where we are killed now, it must not keep our locks. */
		for (int fd = 0; fd < CHILD_DESCRIPTORS; fd++)
			close(fd);
		signal(SIGSYS, SIG_DFL);
		(void)half->limit(source_file, network, &cause);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? NULL
	                         : "the filter of system calls that is in "
	                           "force ends a process that asks for it";
}

static char *
enter_half(const struct half *half, const char *source_file,
    const struct sandbox_network *network)
{
	const char *obstacle = NULL;
	char *cause = NULL;

	if (may_be_filtered())
		obstacle = find_obstacle(half, source_file, network);
	if (obstacle != NULL)
		return xasprintf("%s: %s", half->name, obstacle);
	(void)half->limit(source_file, network, &cause);
	return cause;
}

void
sandbox_enter(const char *source_file, const struct sandbox_network *network)
{
	char *files = enter_half(&halves[0], source_file, network);
	char *calls = enter_half(&halves[1], source_file, network);

	if (calls != NULL || files != NULL)
		log_info("the sandbox is incomplete: %s%s%s",
		    calls != NULL ? calls : "",
		    calls != NULL && files != NULL ? "; " : "",
		    files != NULL ? files : "");
	free(files);
	free(calls);
}

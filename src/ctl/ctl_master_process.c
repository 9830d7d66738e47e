/*
 * ctl_master_process: looks for the master(8) that runs, and at it, by what it
 * and the kernel leave in files. Asks nobody and changes nothing.
 */
#include "ctl_master_process.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* As proc(5) has it. */
#define SECCOMP_LINE   "Seccomp:"
#define SECCOMP_FILTER 2
#define COMM_LEN       15

/*
 * A lock that is free is taken for a moment; master(8) tries it only at its
 * start.
 */
static bool
is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

pid_t
ctl_master_process_find(const char *queue_directory)
{
	char *path = xasprintf("%s/pid/master.pid", queue_directory);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char text[64] = ""; /* the number is right-aligned */
	long pid = 0;

	free(path);
	if (fd < 0)
		return 0;
	if (is_locked(fd) && read(fd, text, sizeof(text) - 1) > 0)
		pid = strtol(text, NULL, 10);
	close(fd);
	return pid > 0 ? (pid_t)pid : 0;
}

/* comm of proc(5), which cuts it. */
static bool
is_called(long pid, const char *program)
{
	char path[64], name[COMM_LEN + 2] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
	return *name != '\0' && strncmp(name, program, COMM_LEN) == 0;
}

bool
ctl_master_process_has_child(pid_t pid, const char *program)
{
	char path[64], *list = NULL, *next, *end;
	FILE *file;
	size_t size = 0;
	long child;
	bool is_there = false;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return true;
	if (getline(&list, &size, file) > 0)
		for (next = list; !is_there; next = end) {
			child = strtol(next, &end, 10);
			if (end == next)
				break;
			is_there = is_called(child, program);
		}
	free(list);
	fclose(file);
	return is_there;
}

bool
ctl_master_process_is_filtered(pid_t pid)
{
	char *path = xasprintf("/proc/%ld/status", (long)pid), line[256];
	FILE *file = fopen(path, "re");
	bool is_filtered = false;

	free(path);
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, SECCOMP_LINE, strlen(SECCOMP_LINE)) == 0)
			is_filtered = strtol(line + strlen(SECCOMP_LINE), NULL,
					  10) == SECCOMP_FILTER;
	fclose(file);
	return is_filtered;
}

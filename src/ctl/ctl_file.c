/*
 * ctl_file: no file is ever seen half written, and none is lost in a crash.
 */
#include "ctl_file.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES    (16L * 1024 * 1024)
#define PART_WAIT_MS      10000
#define DIRECTORY_WAIT_MS 60000
#define PAUSE_MS          20

static enum error
fail(enum error error, const char *path, const char *reason, char **cause)
{
	*cause = xasprintf("%s: %s", path, reason);
	return error;
}

static enum error
read_all(int fd, const char *path, char **text, size_t *len, char **cause)
{
	struct stat st;
	ssize_t got = 0;

	if (fstat(fd, &st) < 0)
		return fail(ERROR_IO, path, strerror(errno), cause);
	if (!S_ISREG(st.st_mode))
		return fail(ERROR_IO, path, "is no plain file", cause);
	if (st.st_size > SIZE_MAX_BYTES)
		return fail(ERROR_IO, path, "is too large", cause);
	*text = xmalloc((size_t)st.st_size + 1);
	*len = 0;
	do {
		*len += (size_t)got;
		got = read(fd, *text + *len, (size_t)st.st_size - *len);
	} while (got > 0);
	(*text)[*len] = '\0';
	if (got == 0)
		return ERROR_NONE;
	free(*text);
	return fail(ERROR_IO, path, strerror(errno), cause);
}

enum error
ctl_file_read(const char *path, char **text, size_t *len, char **cause)
{
	/* A FIFO in its place is not waited for. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum error error;

	if (fd < 0) {
		error = errno == ENOENT   ? ERROR_NOT_FOUND
		        : errno == EACCES ? ERROR_PERMISSION
		                          : ERROR_IO;
		return fail(error, path, strerror(errno), cause);
	}
	error = read_all(fd, path, text, len, cause);
	close(fd);
	return error;
}

/* ERROR_LOCKED: not within that time; ERROR_IO: see errno. */
static enum error
lock_within(int fd, int timeout_ms)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return ERROR_IO;
		if (timeout_ms <= 0)
			return ERROR_LOCKED;
		poll(NULL, 0, PAUSE_MS);
		timeout_ms -= PAUSE_MS;
	}
	return ERROR_NONE;
}

/* Or has another process given it another name, while we waited? */
static bool
is_still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

enum error
ctl_file_lock_part(
    const char *path, const char *suffix, int *part_fd, char **cause)
{
	char *part = xasprintf("%s%s", path, suffix);
	enum error error;

	for (;;) {
		*part_fd = open(part,
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
		error = *part_fd < 0 ? ERROR_IO
		                     : lock_within(*part_fd, PART_WAIT_MS);
		if (error != ERROR_NONE || is_still_there(*part_fd, part))
			break;
		close(*part_fd);
	}
	if (error == ERROR_LOCKED)
		fail(error, path, "somebody else is changing it", cause);
	else if (error == ERROR_IO)
		fail(error, part, strerror(errno), cause);
	if (error != ERROR_NONE && *part_fd >= 0)
		close(*part_fd);
	free(part);
	return error;
}

static bool
write_all(int fd, const char *text, size_t len)
{
	ssize_t written;

	if (ftruncate(fd, 0) < 0)
		return false;
	for (; len > 0; text += written, len -= (size_t)written) {
		written = write(fd, text, len);
		if (written < 0)
			return false;
	}
	return true;
}

/* A new name is there after a crash only if its directory was synced. */
static void
sync_directory(const char *path)
{
	char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(directory);
}

enum error
ctl_file_replace(const char *path, const char *suffix, int part_fd,
    const char *text, size_t len, char **cause)
{
	char *part = xasprintf("%s%s", path, suffix);
	enum error error = ERROR_NONE;
	struct stat st;

	/* The mode last: a change of the owner may take bits of it away. */
	if (stat(path, &st) == 0 && write_all(part_fd, text, len) &&
	    fchown(part_fd, st.st_uid, st.st_gid) == 0 &&
	    fchmod(part_fd, st.st_mode & 07777) == 0 && fsync(part_fd) == 0 &&
	    rename(part, path) == 0) {
		sync_directory(path);
	} else {
		error = fail(ERROR_IO, path, strerror(errno), cause);
		unlink(part);
	}
	free(part);
	return error;
}

enum error
ctl_file_lock_directory(const char *path, char **cause)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum error error =
	    fd < 0 ? ERROR_IO : lock_within(fd, DIRECTORY_WAIT_MS);

	if (error == ERROR_LOCKED)
		fail(error, path, "another enable or disable has not ended yet",
		    cause);
	else if (error == ERROR_IO)
		fail(error, path, strerror(errno), cause);
	/* Kept open: that is the lock. */
	if (error != ERROR_NONE && fd >= 0)
		close(fd);
	return error;
}

/*
 * shared_file: reads files at the start. Checks are made on what was opened,
 * not on a name; a symbolic link is followed, since what it leads to is judged
 * by the same rules.
 */
#include "shared_file.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_LEN 65536

static enum error
complain(char **cause, const char *path, enum error error, const char *problem)
{
	*cause = xasprintf("%s: %s", path, problem);
	return error;
}

/* A FIFO or a terminal must not hold up the start. */
static enum error
open_file(const char *path, int *fd, struct stat *st, char **cause)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		return complain(cause, path, ERROR_IO, strerror(errno));
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return ERROR_NONE;
	close(*fd);
	return complain(cause, path, ERROR_PERMISSION, "not a regular file");
}

/* At most `size` bytes; -1: errno says why. */
static ssize_t
read_all(int fd, unsigned char *to, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		got = read(fd, to + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

static enum error
check_access(const char *path, const struct stat *st, uid_t owner, char **cause)
{
	unsigned mode = st->st_mode & 07777;

	if (st->st_uid != 0 && st->st_uid != owner) {
		*cause = xasprintf("%s: it belongs to uid %ld, neither root "
				   "nor the mail owner",
		    path, (long)st->st_uid);
		return ERROR_PERMISSION;
	}
	if ((mode & 077) != 0) {
		*cause = xasprintf("%s: mode %04o, others can %s it", path,
		    mode, (mode & 044) != 0 ? "read" : "use");
		return ERROR_PERMISSION;
	}
	return ERROR_NONE;
}

static enum error
read_secret(int fd, const char *path, struct buffer *bytes, char **cause)
{
	/* One more than it may have, to see whether it has. */
	unsigned char *end = buffer_reserve(bytes, SHARED_SECRET_FILE_MAX + 1);
	ssize_t len = read_all(fd, end, SHARED_SECRET_FILE_MAX + 1);

	if (len >= 0 && len <= SHARED_SECRET_FILE_MAX) {
		buffer_commit(bytes, (size_t)len);
		return ERROR_NONE;
	}
	if (len < 0)
		return complain(cause, path, ERROR_IO, strerror(errno));
	explicit_bzero(end, (size_t)len);
	return complain(
	    cause, path, ERROR_INVALID, "longer than a file of secrets may be");
}

enum error
shared_file_read_secret(
    const char *path, uid_t owner, struct buffer *bytes, char **cause)
{
	enum error error;
	struct stat st;
	int fd;

	if (path[0] != '/')
		return complain(
		    cause, path, ERROR_INVALID, "not an absolute path");
	error = open_file(path, &fd, &st, cause);
	if (error != ERROR_NONE)
		return error;
	error = check_access(path, &st, owner, cause);
	if (error == ERROR_NONE)
		error = read_secret(fd, path, bytes, cause);
	close(fd);
	return error;
}

/* The content goes through in pieces. False: reading failed, or too long. */
static bool
hash_content(int fd, struct sha256 *hash)
{
	unsigned char *chunk = xmalloc(CHUNK_LEN);
	size_t total = 0;
	ssize_t len;

	while ((len = read_all(fd, chunk, CHUNK_LEN)) > 0) {
		total += (size_t)len;
		if (total > SHARED_TRUST_FILE_MAX)
			break;
		sha256_add(hash, chunk, (size_t)len);
	}
	free(chunk);
	if (len > 0)
		errno = EFBIG;
	return len == 0;
}

enum error
shared_file_hash(const char *path, unsigned char out[SHA256_LEN], char **cause)
{
	struct sha256 hash;
	enum error error;
	struct stat st;
	int fd;

	sha256_begin(&hash);
	error = open_file(path, &fd, &st, cause);
	if (error == ERROR_NONE) {
		if (!hash_content(fd, &hash))
			error =
			    complain(cause, path, ERROR_IO, strerror(errno));
		close(fd);
	}
	sha256_end(&hash, out);
	if (error != ERROR_NONE) {
		sha256_begin(&hash);
		sha256_end(&hash, out);
	}
	return error;
}

/*
 * safe_open: the checks are made on the open descriptor, so that nothing can
 * be swapped in between. Owns nothing, logs nothing, never changes anything
 * about a file that it refuses.
 */
#include "safe_open.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_BITS 07777

/* What open(2) says when it meets something that is not a file of ours. */
static enum error
explain_open(int error_number, char **cause)
{
	switch (error_number) {
	case ELOOP:
		*cause = xstrdup("it is a symbolic link");
		return ERROR_PERMISSION;
	case EISDIR:
		*cause = xstrdup("it is a directory");
		return ERROR_PERMISSION;
	case ENXIO:
		*cause = xstrdup("it is a socket or a device");
		return ERROR_PERMISSION;
	default:
		*cause = xstrdup(strerror(error_number));
		return ERROR_IO;
	}
}

/* Why this file is not to be used, allocated, or NULL. */
static char *
find_refusal(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return xstrdup("it is not a regular file");
	if (st->st_uid != geteuid())
		return xasprintf("it is owned by uid %lu, not by uid %lu",
		    (unsigned long)st->st_uid, (unsigned long)geteuid());
	if (st->st_nlink != 1)
		return xasprintf("it has %lu names (hard links)",
		    (unsigned long)st->st_nlink);
	return NULL;
}

/* Judge the open file, and make it private. */
static enum error
check_file(int fd, char **cause)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		*cause = xstrdup(strerror(errno));
		return ERROR_IO;
	}
	if ((*cause = find_refusal(&st)) != NULL)
		return ERROR_PERMISSION;
	if ((st.st_mode & MODE_BITS) != (S_IRUSR | S_IWUSR) &&
	    fchmod(fd, S_IRUSR | S_IWUSR) < 0) {
		*cause = xstrdup(strerror(errno));
		return ERROR_IO;
	}
	return ERROR_NONE;
}

static enum error
open_and_check(const char *path, int *fd, char **cause)
{
	enum error error;

	/* O_NONBLOCK: neither a FIFO nor a lease makes us wait. */
	*fd = open(path,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	if (*fd < 0)
		return explain_open(errno, cause);
	if ((error = check_file(*fd, cause)) != ERROR_NONE) {
		close(*fd);
		*fd = -1;
	}
	return error;
}

enum error
safe_open_update(const char *path, int *fd, char **cause)
{
	enum error error = open_and_check(path, fd, cause);
	char *reason = *cause;

	if (error != ERROR_NONE) {
		*cause = xasprintf("%s: %s", path, reason);
		free(reason);
	}
	return error;
}

/* Others may read it, or write to it. */
static bool
is_exposed(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

enum error
safe_open_private(const char *path, int *fd, char **cause)
{
	*fd = -1;
	/* Asked first: safe_open_update() would make it private unseen. */
	if (!is_exposed(path))
		return safe_open_update(path, fd, cause);
	*cause = xasprintf("%s: others have access to it", path);
	return ERROR_PERMISSION;
}

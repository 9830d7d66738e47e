/*
 * exchange: the PRNG exchange file. Owns its descriptor, and with that the
 * lock, which the kernel drops when any descriptor of the file is closed: so
 * nobody else opens it. Never trusts the content: it is mixed in, and credited
 * with nothing.
 */
#include "exchange.h"

#include "log.h"
#include "prng.h"
#include "safe_open.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Updates may come every second, and the disk may stay full for days. */
#define COMPLAINT_PERIOD_S 60

void
exchange_init(struct exchange_file *file)
{
	*file = (struct exchange_file){ .fd = -1 };
}

enum error
exchange_open(struct exchange_file *file, const char *path)
{
	enum error error;
	char *cause;

	error = safe_open_update(path, &file->fd, &cause);
	if (error != ERROR_NONE) {
		log_warning("cannot open PRNG exchange file %s", cause);
		free(cause);
		return error;
	}
	file->path = xstrdup(path);
	return ERROR_NONE;
}

void
exchange_close(struct exchange_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	exchange_init(file);
}

static enum error
fail_io(struct exchange_file *file, const char *verb)
{
	enum error error = error_of_write(errno);

	if (log_limit_allows(&file->complaints, COMPLAINT_PERIOD_S))
		log_warning("cannot %s PRNG exchange file %s: %s", verb,
		    file->path, strerror(errno));
	return error;
}

static void
unlock_file(const struct exchange_file *file)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(file->fd, F_SETLK, &lock);
	(void)flock(file->fd, LOCK_UN);
}

/*
 * Both locks that a Postfix may use, without waiting: on Linux the stock
 * daemon takes flock(2) (observed on 3.7), elsewhere fcntl(2).
 */
static bool
try_lock(const struct exchange_file *file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int saved_errno;

	if (fcntl(file->fd, F_SETLK, &lock) == 0 &&
	    flock(file->fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	saved_errno = errno;
	unlock_file(file);
	errno = saved_errno;
	return false;
}

/* Take the lock of a file that still has a name. */
static enum error
lock_file(struct exchange_file *file)
{
	struct stat st;

	if (!try_lock(file))
		return errno == EACCES || errno == EAGAIN
		           ? ERROR_LOCKED
		           : fail_io(file, "lock");
	if (fstat(file->fd, &st) < 0)
		return fail_io(file, "examine");
	return st.st_nlink > 0 ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* A file that is new, or was cut short, has less to give, which is no fault. */
static enum error
stir_content(struct exchange_file *file)
{
	unsigned char content[EXCHANGE_FILE_LEN];
	ssize_t len;

	len = pread(file->fd, content, sizeof(content), 0);
	if (len < 0)
		return fail_io(file, "read");
	prng_stir(content, (size_t)len);
	explicit_bzero(content, sizeof(content));
	return ERROR_NONE;
}

static enum error
write_output(struct exchange_file *file)
{
	unsigned char output[EXCHANGE_FILE_LEN];
	enum error error;
	ssize_t len;

	if ((error = prng_generate(output, sizeof(output))) != ERROR_NONE) {
		log_warning("PRNG exchange file %s not updated: %s", file->path,
		    error_text(error));
		return error;
	}
	errno = ENOSPC; /* what a short write means */
	len = pwrite(file->fd, output, sizeof(output), 0);
	explicit_bzero(output, sizeof(output));
	if (len != (ssize_t)sizeof(output))
		return fail_io(file, "write");
	if (ftruncate(file->fd, sizeof(output)) < 0)
		return fail_io(file, "truncate");
	return ERROR_NONE;
}

enum error
exchange_update(struct exchange_file *file)
{
	enum error error;

	if (file->fd < 0)
		return ERROR_DISABLED;
	if ((error = lock_file(file)) == ERROR_NONE &&
	    (error = stir_content(file)) == ERROR_NONE)
		error = write_output(file);
	if (error != ERROR_LOCKED)
		unlock_file(file);
	return error;
}

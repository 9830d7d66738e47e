/*
 * file_lock: see its header. A lock of the open file, which nobody drops by
 * closing another descriptor of it; where the kernel or the file system has
 * none, one of the process.
 */
#include "file_lock.h"

#include <errno.h>
#include <fcntl.h>

enum error
file_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return ERROR_NONE;
	if (errno == EINVAL && fcntl(fd, F_SETLK, &lock) == 0)
		return ERROR_NONE;
	return errno == EAGAIN || errno == EACCES ? ERROR_LOCKED : ERROR_IO;
}

void
file_unlock(int fd)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) < 0 && errno == EINVAL)
		(void)fcntl(fd, F_SETLK, &lock);
}

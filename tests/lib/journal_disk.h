/*
 * journal_disk: stands between the journal and the kernel, to fail calls,
 * count them, or look at the file between them. The functions have the names
 * of the system calls that they pass on, so the linker finds these first.
 * Included once, by the test's only file.
 */
#ifndef JOURNAL_DISK_H
#define JOURNAL_DISK_H

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Not static: with _FORTIFY_SOURCE, clang takes pread() below for inline. */
struct {
	int write_errno; /* writes fail with this; 0: they do not */
	int read_errno;
	/* Of reads of what is in memory each so-manieth finds nothing there. */
	unsigned absent_stride;
	int cached_errno;  /* or all of them fail with this */
	off_t absent_from; /* or they find what is before this; 0: all */
	unsigned cached_calls;
	off_t full_at; /* no byte is written from here on; 0: no such end */
	unsigned write_calls;
	/* Called before each write with what is to be written. */
	void (*before_write)(int fd, const void *data, size_t len, off_t at);
	/* And before each change of a file's length. */
	void (*before_truncate)(int fd, off_t len);
	char order[64]; /* w: write, h: header, s: sync */
} disk;

static inline void
disk_note(char what)
{
	size_t len = strlen(disk.order);

	if (len + 1 < sizeof(disk.order)) {
		disk.order[len] = what;
		disk.order[len + 1] = '\0';
	}
}

static inline ssize_t
disk_write(int fd, const void *data, size_t len, off_t at)
{
	return syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	disk.write_calls++;
	disk_note(at == 0 ? 'h' : 'w');
	if (disk.write_errno != 0) {
		errno = disk.write_errno;
		return -1;
	}
	if (disk.full_at != 0 && at + (off_t)len > disk.full_at) {
		errno = ENOSPC;
		if (at >= disk.full_at)
			return -1;
		len = (size_t)(disk.full_at - at);
	}
	if (disk.before_write != NULL)
		disk.before_write(fd, data, len, at);
	return disk_write(fd, data, len, at);
}

ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
	if (disk.read_errno != 0) {
		errno = disk.read_errno;
		return -1;
	}
	return syscall(SYS_pread64, fd, data, len, at);
}

ssize_t
preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
	(void)count;
	(void)flags;
	disk.cached_calls++;
	errno = disk.cached_errno;
	if (disk.absent_stride > 0 &&
	    disk.cached_calls % disk.absent_stride == 0)
		errno = EAGAIN;
	if (disk.absent_from != 0 && at >= disk.absent_from)
		errno = EAGAIN;
	if (errno != 0)
		return -1;
	if (disk.absent_from == 0)
		return pread(fd, parts->iov_base, parts->iov_len, at);
	if (at + (off_t)parts->iov_len > disk.absent_from)
		return syscall(SYS_pread64, fd, parts->iov_base,
		    disk.absent_from - at, at);
	return syscall(SYS_pread64, fd, parts->iov_base, parts->iov_len, at);
}

int
ftruncate(int fd, off_t len)
{
	if (disk.before_truncate != NULL)
		disk.before_truncate(fd, len);
	return (int)syscall(SYS_ftruncate, fd, len);
}

int
fdatasync(int fd)
{
	disk_note('s');
	return (int)syscall(SYS_fdatasync, fd);
}

#endif

/*
 * fake_disk: stands between the program and the kernel, to fail calls, delay
 * them, count them, or look at the file between them. The functions have the
 * names of the system calls that they pass on, so the linker finds these
 * first. Included once, by the test's only file.
 */
#ifndef FAKE_DISK_H
#define FAKE_DISK_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

enum disk_call {
	DISK_WRITE = 1,
	DISK_TRUNCATE = 2,
	DISK_SYNC = 4,
	DISK_READ = 8,
	DISK_CHANGES = DISK_WRITE | DISK_TRUNCATE | DISK_SYNC,
	DISK_ALL = DISK_CHANGES | DISK_READ,
};

#define DISK_PAGE_LEN  4096
#define DISK_PAGES_MAX (1 << 18)

static struct {
	int write_errno; /* writes fail with this; 0: they do not */
	int read_errno;
	int64_t fail_from, fail_to; /* or reads of any of these bytes do */

	/* Calls of these kinds are counted; from the `first` on they fail. */
	unsigned kinds, count, failed, first;
	bool is_permanent; /* not that one alone */
	int error;

	/* Of reads of what is in memory each so-manieth finds nothing there. */
	unsigned absent_stride;
	int cached_errno;  /* or all of them fail with this */
	off_t absent_from; /* or they find what is before this; 0: all */

	/* Nothing is in memory but what was asked for so long ago; 0: all. */
	uint64_t seek_us;
	uint64_t there_at[DISK_PAGES_MAX];

	off_t full_at; /* no byte is written from here on; 0: no such end */
	unsigned write_calls, read_calls, cached_calls, truncate_calls;
	/* Called before each write with what is to be written. */
	void (*before_write)(int fd, const void *data, size_t len, off_t at);
	/* And before each change of a file's length. */
	void (*before_truncate)(int fd, off_t len);
	char order[64]; /* w: write, h: superblock, s: sync */
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

/* Is this call to fail? errno says how. */
static inline bool
disk_fails(unsigned call)
{
	if ((disk.kinds & call) == 0)
		return false;
	disk.count++;
	if (disk.first == 0 || disk.count < disk.first ||
	    (disk.count > disk.first && !disk.is_permanent))
		return false;
	disk.failed++;
	errno = disk.error;
	return true;
}

static inline uint64_t
disk_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* So many of these bytes have been brought by now. */
static inline size_t
disk_there(off_t at, size_t len)
{
	uint64_t now_us = disk_now_us();

	for (off_t page = at / DISK_PAGE_LEN;
	     disk.seek_us > 0 && page * DISK_PAGE_LEN < at + (off_t)len; page++)
		if (page < DISK_PAGES_MAX &&
		    (disk.there_at[page] == 0 || disk.there_at[page] > now_us))
			return page * DISK_PAGE_LEN <= at
			           ? 0
			           : (size_t)(page * DISK_PAGE_LEN - at);
	return len;
}

static inline void
disk_bring(off_t at, off_t len, uint64_t when_us)
{
	for (off_t page = at / DISK_PAGE_LEN;
	     page * DISK_PAGE_LEN < at + len && page < DISK_PAGES_MAX; page++)
		if (disk.there_at[page] == 0)
			disk.there_at[page] = when_us;
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
	if (disk_fails(DISK_WRITE)) {
		/* A disk that is full takes what there is room for. */
		if (disk.error != ENOSPC || disk.failed != 1)
			return -1;
		len /= 2;
	}
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
	disk_bring(at, (off_t)len, 1);
	return disk_write(fd, data, len, at);
}

ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
	const struct timespec seek = { .tv_nsec = (long)disk.seek_us * 1000 };

	disk.read_calls++;
	if (disk_fails(DISK_READ))
		return -1;
	errno = disk.read_errno;
	if (at < disk.fail_to && at + (off_t)len > disk.fail_from) {
		errno = EIO;
		if (at < disk.fail_from)
			return syscall(
			    SYS_pread64, fd, data, disk.fail_from - at, at);
	}
	if (errno != 0)
		return -1;
	if (disk_there(at, len) < len) {
		nanosleep(&seek, NULL);
		disk_bring(at, (off_t)len, 1);
	}
	return syscall(SYS_pread64, fd, data, len, at);
}

ssize_t
preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
	size_t len = disk_there(at, parts->iov_len);

	(void)count;
	(void)flags;
	disk.cached_calls++;
	errno = disk.cached_errno;
	if (len == 0 || (disk.absent_stride > 0 &&
			    disk.cached_calls % disk.absent_stride == 0))
		errno = EAGAIN;
	if (disk.absent_from != 0 && at >= disk.absent_from)
		errno = EAGAIN;
	/* What cannot be read does not come to be in memory. */
	if (at < disk.fail_to && at + (off_t)len > disk.fail_from)
		errno = EAGAIN;
	if (errno != 0)
		return -1;
	if (disk.absent_from == 0)
		return pread(fd, parts->iov_base, len, at);
	if (at + (off_t)len > disk.absent_from)
		len = (size_t)(disk.absent_from - at);
	return syscall(SYS_pread64, fd, parts->iov_base, len, at);
}

int
posix_fadvise(int fd, off_t at, off_t len, int advice)
{
	(void)fd;
	if (advice == POSIX_FADV_WILLNEED)
		disk_bring(at, len, disk_now_us() + disk.seek_us);
	return 0;
}

int
ftruncate(int fd, off_t len)
{
	disk.truncate_calls++;
	if (disk_fails(DISK_TRUNCATE))
		return -1;
	if (disk.before_truncate != NULL)
		disk.before_truncate(fd, len);
	return (int)syscall(SYS_ftruncate, fd, len);
}

int
fdatasync(int fd)
{
	disk_note('s');
	if (disk_fails(DISK_SYNC))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

/* Before each test: a disk as it should be. */
static inline int
disk_setup(void **state)
{
	memset(&disk, 0, sizeof(disk));
	return unit_setup(state);
}

#endif

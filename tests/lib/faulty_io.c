/*
 * faulty_io: preloaded into a daemon (LD_PRELOAD), is a disk that fails. Calls
 * on files under FAULTY_IO_DIRECTORY fail with what FAULTY_IO_FILE holds: for
 * each kind of call a native int32_t, the errno, 0 for none, and then for each
 * a native uint32_t in which this library counts what it made fail. The file
 * is mapped at start, so a jail does not matter and can be changed meanwhile.
 *
 * Files are known by what they are, not by descriptor: those are duplicated.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault {
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_TRUNCATE,
	FAULT_READ,
	FAULTS,
};

#define FILES_MAX 16

static struct {
	volatile int32_t error[FAULTS];
	volatile uint32_t count[FAULTS];
} no_faults, *faults = &no_faults;

static const char *directory;
static struct {
	dev_t device;
	ino_t number;
} files[FILES_MAX];
static int file_count;

static void __attribute__((constructor)) faulty_io_map(void)
{
	const char *path = getenv("FAULTY_IO_FILE");
	void *map;
	int fd;

	directory = getenv("FAULTY_IO_DIRECTORY");
	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	map = mmap(
	    NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		faults = map;
}

/* The next definition of a function: the C library's. */
static void *
next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

static void
file_remember(const char *path, int fd)
{
	struct stat st;

	if (fd < 0 || directory == NULL || file_count == FILES_MAX ||
	    strncmp(path, directory, strlen(directory)) != 0 ||
	    fstat(fd, &st) < 0)
		return;
	files[file_count].device = st.st_dev;
	files[file_count++].number = st.st_ino;
}

/* Is this call to fail? errno says how. */
static bool
fails(enum fault fault, int fd)
{
	int32_t error = faults->error[fault];
	struct stat st;

	if (error == 0 || fstat(fd, &st) < 0)
		return false;
	for (int i = 0; i < file_count; i++)
		if (files[i].device == st.st_dev &&
		    files[i].number == st.st_ino) {
			faults->count[fault]++;
			errno = error;
			return true;
		}
	return false;
}

int
open(const char *path, int flags, ...)
{
	int (*next_open)(const char *, int, ...);
	mode_t mode = 0;
	va_list ap;
	int fd;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	*(void **)&next_open = next("open");
	fd = next_open(path, flags, mode);
	file_remember(path, fd);
	return fd;
}

/* What stands in for a function of the C library, with these arguments. */
#define FAULTY(type, name, fault, parameters, arguments)      \
	type name parameters                                  \
	{                                                     \
		static type(*next_##name) parameters;         \
                                                              \
		if (fails(fault, fd))                         \
			return -1;                            \
		if (next_##name == NULL)                      \
			*(void **)&next_##name = next(#name); \
		return next_##name arguments;                 \
	}

FAULTY(ssize_t, write, FAULT_WRITE, (int fd, const void *data, size_t len),
    (fd, data, len))
FAULTY(ssize_t, pwrite, FAULT_WRITE,
    (int fd, const void *data, size_t len, off_t offset),
    (fd, data, len, offset))
FAULTY(ssize_t, read, FAULT_READ, (int fd, void *data, size_t len),
    (fd, data, len))
FAULTY(ssize_t, pread, FAULT_READ,
    (int fd, void *data, size_t len, off_t offset), (fd, data, len, offset))
FAULTY(ssize_t, preadv2, FAULT_READ,
    (int fd, const struct iovec *parts, int count, off_t offset, int flags),
    (fd, parts, count, offset, flags))
FAULTY(int, fsync, FAULT_SYNC, (int fd), (fd))
FAULTY(int, fdatasync, FAULT_SYNC, (int fd), (fd))
FAULTY(int, ftruncate, FAULT_TRUNCATE, (int fd, off_t len), (fd, len))

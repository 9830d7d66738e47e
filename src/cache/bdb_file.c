/*
 * bdb_file: hands descriptors to Berkeley DB 5.3 by name, and keeps it from
 * what it cannot bear. Owns nothing: descriptors are borrowed.
 *
 * The names are "/.", "/./." and so on. To make a table the library takes a
 * file identifier from stat(2) of its name, a call that cannot be replaced; so
 * the name must resolve, inside the jail as well, and the root does.
 */
#include "bdb_file.h"

#include "log.h"
#include "xalloc.h"

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX         8
#define OPEN_MAX_PER_FILE 4

/* Where a page says which one it is. */
#define PAGE_NUMBER_OFFSET 8

static struct file {
	char name[2 * FILES_MAX + 1];
	bool may_have_zeros;           /* a page of zeros is one */
	int fd;                        /* -1: free */
	int opened[OPEN_MAX_PER_FILE]; /* duplicates that the library has */
	int write_error;
} files[FILES_MAX];

static struct file *
find_by_name(const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (files[i].fd >= 0 && strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

/* Of a file that the caller has registered. */
static struct file *
get_by_name(const char *name)
{
	struct file *file = find_by_name(name);

	if (file == NULL)
		log_panic("Berkeley DB: no such file: %s", name);
	return file;
}

static struct file *
find_by_opened(int fd)
{
	for (int i = 0; i < FILES_MAX; i++)
		for (int j = 0; j < OPEN_MAX_PER_FILE; j++)
			if (files[i].fd >= 0 && files[i].opened[j] == fd)
				return &files[i];
	return NULL;
}

/* The library does not say when it closes one; its number comes again. */
static void
note_opened(struct file *file, int fd)
{
	struct file *former = find_by_opened(fd);

	for (int j = 0; former != NULL && j < OPEN_MAX_PER_FILE; j++)
		if (former->opened[j] == fd)
			former->opened[j] = -1;
	memmove(file->opened + 1, file->opened,
	    sizeof(file->opened) - sizeof(file->opened[0]));
	file->opened[0] = fd;
}

static int
open_hook(const char *name, int flags, ...)
{
	struct file *file = find_by_name(name);
	int fd;

	if (file == NULL) {
		errno = ENOENT;
		return -1;
	}
	if ((flags & O_TRUNC) != 0 && ftruncate(file->fd, 0) < 0)
		return -1;
	/* Its first read comes without an offset, and duplicates share one. */
	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return -1;
	fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		note_opened(file, fd);
	return fd;
}

static int
exists_hook(const char *name, int *is_directory)
{
	if (is_directory != NULL)
		*is_directory = 0;
	return find_by_name(name) != NULL ? 0 : ENOENT;
}

static int
rename_hook(const char *from, const char *to)
{
	(void)from;
	(void)to;
	errno = EPERM;
	return -1;
}

static int
unlink_hook(const char *name)
{
	(void)name;
	errno = EPERM;
	return -1;
}

/* When the disk must be waited for, bdb_sync() does that. */
static int
fsync_hook(int fd)
{
	(void)fd;
	return 0;
}

/* Where nothing can be written it would sleep for a second, four times. */
static int
yield_hook(unsigned long seconds, unsigned long microseconds)
{
	(void)seconds;
	(void)microseconds;
	return 0;
}

/*
 * Pages go to the disk whole: no bytes of what else was in this memory. And
 * the library would crash where there is none.
 */
static void *
malloc_hook(size_t size)
{
	return xcalloc(1, size);
}

/* Is the page the one that belongs at this offset? */
static bool
is_in_place(const struct file *file, const unsigned char *page, off_t offset)
{
	static const unsigned char zero[32];
	uint32_t number;

	memcpy(&number, page + PAGE_NUMBER_OFFSET, sizeof(number));
	return number == (uint32_t)(offset / BDB_PAGE_LEN) ||
	       (file->may_have_zeros && memcmp(page, zero, sizeof(zero)) == 0);
}

/*
 * Where this fails or falls short, the library would try read(2); and what is
 * not there for that either, it would take for a new page.
 */
static ssize_t
pread_hook(int fd, void *page, size_t len, off_t offset)
{
	const struct file *file = find_by_opened(fd);
	ssize_t count = pread(fd, page, len, offset);
	bool is_sound;

	if (file == NULL || len != BDB_PAGE_LEN)
		return count;
	if (count == BDB_PAGE_LEN)
		is_sound = is_in_place(file, page, offset);
	else
		is_sound = count >= 0 && file->may_have_zeros;
	if (is_sound && file->write_error == 0)
		return count;
	memset(page, 0xa5, len);
	return (ssize_t)len;
}

/*
 * A table of which a page could not be written is lost, but the library would
 * go on with what it has, without end. So the write is said to be done, and
 * the next page that is read ends it.
 */
static ssize_t
written(int fd, ssize_t count, size_t len)
{
	struct file *file = find_by_opened(fd);

	if (count == (ssize_t)len)
		return count;
	if (file != NULL && file->write_error == 0)
		file->write_error = count < 0 ? errno : ENOSPC;
	return (ssize_t)len;
}

static ssize_t
pwrite_hook(int fd, const void *data, size_t len, off_t offset)
{
	return written(fd, pwrite(fd, data, len, offset), len);
}

static ssize_t
write_hook(int fd, const void *data, size_t len)
{
	return written(fd, write(fd, data, len), len);
}

static void
install_hooks(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		files[i].fd = -1;
	if (db_env_set_func_open(open_hook) != 0 ||
	    db_env_set_func_exists(exists_hook) != 0 ||
	    db_env_set_func_rename(rename_hook) != 0 ||
	    db_env_set_func_unlink(unlink_hook) != 0 ||
	    db_env_set_func_fsync(fsync_hook) != 0 ||
	    db_env_set_func_yield(yield_hook) != 0 ||
	    db_env_set_func_malloc(malloc_hook) != 0 ||
	    db_env_set_func_realloc(xrealloc) != 0 ||
	    db_env_set_func_pread(pread_hook) != 0 ||
	    db_env_set_func_pwrite(pwrite_hook) != 0 ||
	    db_env_set_func_write(write_hook) != 0)
		log_fatal("Berkeley DB: system calls cannot be replaced");
}

const char *
bdb_file_register(int fd, bool may_have_zeros)
{
	static bool is_installed;
	int i = 0;

	if (!is_installed)
		install_hooks();
	is_installed = true;
	while (i < FILES_MAX && files[i].fd >= 0)
		i++;
	if (i == FILES_MAX)
		log_panic("Berkeley DB: too many files");
	files[i].fd = fd;
	files[i].may_have_zeros = may_have_zeros;
	files[i].write_error = 0;
	for (int j = 0; j < OPEN_MAX_PER_FILE; j++)
		files[i].opened[j] = -1;
	for (int j = 0; j <= i; j++)
		memcpy(files[i].name + (size_t)j * 2, "/.", sizeof("/."));
	return files[i].name;
}

void
bdb_file_unregister(const char *name)
{
	get_by_name(name)->fd = -1;
}

void
bdb_file_forgive(const char *name)
{
	get_by_name(name)->write_error = 0;
}

int
bdb_file_write_error(const char *name)
{
	return get_by_name(name)->write_error;
}

/*
 * memory_directory: see its header. Everybody can create files in /dev/shm, so
 * what is there is used only if no other user made it or can write to it.
 */
#include "memory_directory.h"

#include <errno.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* /run is on a disk in many containers; /dev/shm is in memory there. */
const char *const memory_directories[] = {
	"/run/tlsmgr",
	"/dev/shm/tlsmgr",
	NULL,
};

/* Is the directory that this one is in, or is to be in? */
static bool
is_in_memory(const char *path)
{
	char parent[32];
	struct statfs fs;

	snprintf(parent, sizeof(parent), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	return statfs(parent, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

bool
memory_directory_is_ours(const struct stat *st, uid_t uid)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & 077) == 0 &&
	       (st->st_uid == uid || st->st_uid == 0);
}

/* Root's: left by a process that was killed before the chown. */
static bool
make(const char *directory, uid_t uid, gid_t gid)
{
	struct stat st;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return false;
	if (lstat(directory, &st) < 0 || !memory_directory_is_ours(&st, uid))
		return false;
	return st.st_uid == uid || lchown(directory, uid, gid) == 0;
}

const char *
memory_directory_make(uid_t uid, gid_t gid)
{
	for (const char *const *each = memory_directories; *each != NULL;
	     each++)
		if (is_in_memory(*each) && make(*each, uid, gid))
			return *each;
	return NULL;
}

/*
 * memory_directory: a directory of ours that is on no disk, for keys that are
 * to outlive a process but not the machine.
 */
#ifndef MEMORY_DIRECTORY_H
#define MEMORY_DIRECTORY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Where it may be, the best first; ends with NULL. */
extern const char *const memory_directories[];

/*
 * Make it, or find it made, for that user; with the privileges that the
 * process was started with. Returns its path, one of memory_directories, or
 * NULL: none of these is on a memory file system and ours.
 */
const char *memory_directory_make(uid_t uid, gid_t gid);

/*
 * Would this one, which is there, be used for that user? Root's is taken over.
 */
bool memory_directory_is_ours(const struct stat *, uid_t uid);

#endif

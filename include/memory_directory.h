/*
 * memory_directory: a directory of ours that is on no disk, for keys that are
 * to outlive a process but not the machine.
 */
#ifndef MEMORY_DIRECTORY_H
#define MEMORY_DIRECTORY_H

#include "master.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Where it may be, the best first; ends with NULL. */
extern const char *const memory_directories[];

/*
 * Make it, or find it made, for the owner; with the privileges that the
 * process was started with. Returns its path, one of memory_directories, or
 * NULL: none of these is on a memory file system and ours.
 */
const char *memory_directory_make(const struct master_owner *);

/* Would this one, which is there, be used? Root's is the owner's to be. */
bool memory_directory_is_ours(const struct stat *, const struct master_owner *);

#endif

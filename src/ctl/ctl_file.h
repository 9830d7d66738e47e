/*
 * ctl_file: files of a configuration directory: read whole, replaced whole, and
 * locks. Errors come with a cause that names the path, for the caller to free.
 */
#ifndef CTL_FILE_H
#define CTL_FILE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Read a regular file of at most 16 MB into *text, *len bytes and a NUL, to be
 * freed. ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_IO.
 */
enum error ctl_file_read(
    const char *path, char **text, size_t *len, char **cause);

/*
 * Open the file "PATH SUFFIX", which is to replace the one at `path`, and lock
 * it against all that use the same name, waiting for 10 s at most. Closing the
 * descriptor unlocks it. ERROR_LOCKED, ERROR_IO.
 */
enum error ctl_file_lock_part(
    const char *path, const char *suffix, int *part_fd, char **cause);

/*
 * Write the text into that file, give it the owner, the group and the mode of
 * the one at `path`, and let it take its place. ERROR_IO: nothing was changed.
 */
enum error ctl_file_replace(const char *path, const char *suffix, int part_fd,
    const char *text, size_t len, char **cause);

/*
 * Lock a directory against other processes of this program, waiting for 60 s at
 * most; the end of the process unlocks it. ERROR_LOCKED, ERROR_IO.
 */
enum error ctl_file_lock_directory(const char *path, char **cause);

#endif

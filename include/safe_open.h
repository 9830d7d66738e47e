/*
 * safe_open: open a file that lives in a directory which others may write to.
 * Never follows a symbolic link in the last component, never blocks (a FIFO),
 * never returns anything but a regular file with one name, owned by the
 * effective user, and makes it 0600.
 */
#ifndef SAFE_OPEN_H
#define SAFE_OPEN_H

#include "error.h"

/*
 * Open for reading and writing, or create; close-on-exec. The content is left
 * as it is. On failure *fd is -1 and *cause says which file and why, "PATH:
 * REASON", for the caller to free. ERROR_PERMISSION: what is there is not a
 * file that we may use (a link, its type, its owner, a second name); ERROR_IO:
 * the system said no.
 */
enum error safe_open_update(const char *path, int *fd, char **cause);

/*
 * The same, and refuse a file that others have access to, rather than make it
 * private: they may know, or have made, what is in it.
 */
enum error safe_open_private(const char *path, int *fd, char **cause);

#endif

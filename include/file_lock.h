/*
 * file_lock: the lock of a file that only we use, so that the process before us
 * and the one after never do at once.
 */
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include "error.h"

/*
 * Take the lock, without waiting; it ends with the descriptor, or before that
 * with file_unlock(). ERROR_LOCKED: another process has it; ERROR_IO: see
 * errno.
 */
enum error file_lock(int fd);
void file_unlock(int fd);

#endif

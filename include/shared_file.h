/*
 * shared_file: what this host reads at its start for its group: the file of
 * secrets, and files whose content all hosts must have in common. Nothing of
 * them is looked into here.
 */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include "buffer.h"
#include "error.h"
#include "sha256.h"

#include <stdbool.h>
#include <sys/types.h>

#define SHARED_SECRET_FILE_MAX 16384   /* bytes */
#define SHARED_TRUST_FILE_MAX  4194304 /* bytes */

/*
 * Append the bytes of a file that nobody but root and `owner` can read or
 * write. Never waits. On failure nothing is appended, and *cause, for the
 * caller to free, is "PATH: what is wrong". ERROR_PERMISSION: it belongs to
 * somebody else, others have access to it, or it is no file; ERROR_INVALID: it
 * is too long, or the path is not absolute; ERROR_IO: the system said no.
 */
enum error shared_file_read_secret(
    const char *path, uid_t owner, struct buffer *bytes, char **cause);

/*
 * SHA-256 of the content of a file, read as the effective user. On failure it
 * is that of no bytes, and *cause is as above. Never waits.
 */
enum error shared_file_hash(
    const char *path, unsigned char hash[SHA256_LEN], char **cause);

#endif

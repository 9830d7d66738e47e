/*
 * data_path: which directory a file of the mail owner is kept in.
 */
#ifndef DATA_PATH_H
#define DATA_PATH_H

#include <sys/types.h>

/*
 * The path to use for `path`: itself, or, where its directory belongs to
 * somebody else than `owner`, the same base name in data_directory, with the
 * two warnings that Postfix's daemons give. `type` (NULL: a plain file) is
 * what stood before the colon. Symbolic links in the directory part are
 * resolved, so equal files have equal paths. The caller frees it.
 */
char *data_path(const char *type, const char *path, uid_t owner,
    const char *data_directory);

#endif

/*
 * data_path: keeps the files that $mail_owner writes out of directories that
 * belong to other users, who could put anything in their place.
 */
#include "data_path.h"

#include "log.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void
warn_redirect(const char *type, const char *path, const char *directory,
    const char *data_directory)
{
	if (type != NULL)
		log_warning("request to update table %s:%s in non-postfix "
			    "directory %s",
		    type, path, directory);
	else
		log_warning("request to update file %s in non-postfix "
			    "directory %s",
		    path, directory);
	log_warning("redirecting the request to postfix-owned "
		    "data_directory %s",
	    data_directory);
}

char *
data_path(
    const char *type, const char *path, uid_t owner, const char *data_directory)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	char *directory, *resolved, *result;
	struct stat st;

	if (slash == NULL)
		directory = xstrdup(".");
	else if (slash == path)
		directory = xstrdup("/");
	else
		directory = xstrndup(path, (size_t)(slash - path));
	if (stat(directory, &st) == 0 && st.st_uid != owner) {
		warn_redirect(type, path, directory, data_directory);
		free(directory);
		directory = xstrdup(data_directory);
	}
	resolved = realpath(directory, NULL);
	/* A missing directory is reported by open(2) later. */
	result =
	    xasprintf("%s/%s", resolved != NULL ? resolved : directory, base);
	free(resolved);
	free(directory);
	return result;
}

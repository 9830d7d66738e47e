/*
 * daemon_memory_file: where a file lives that outlives the process and never
 * reaches a disk.
 */
#include "daemon.h"

#include "checksum.h"
#include "memory_directory.h"
#include "xalloc.h"

#include <string.h>

char *
daemon_memory_file(const struct daemon *daemon, const char *ending)
{
	const char *queue = daemon->settings->queue_directory;
	const char *directory =
	    memory_directory_make(daemon->owner.uid, daemon->owner.gid);

	if (directory == NULL)
		return NULL;
	return xasprintf("%s/%016llx.%s", directory,
	    (unsigned long long)checksum64(0, queue, strlen(queue)), ending);
}

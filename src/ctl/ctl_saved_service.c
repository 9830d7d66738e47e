/*
 * ctl_saved_service: keeps a line of master.cf in a file of its own, with a
 * comment that says what it is for.
 */
#include "ctl_saved_service.h"

#include "ctl_master_cf.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "tlsmgr.master.cf"
#define HEAD                                                                   \
	"# The line of master.cf that \"" CTL_NAME " enable\" changed, as it " \
	"was.\n# \"" CTL_NAME " disable\" puts it back and removes this "      \
	"file.\n"

static char *
make_path(const struct ctl *ctl, const char *suffix)
{
	return xasprintf("%s/" FILE_NAME "%s", ctl->config_directory, suffix);
}

/* Whoever may read master.cf may read this, and nobody else. */
static bool
write_file(const struct ctl *ctl, const char *path, const char *line)
{
	struct stat st;
	bool is_written;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	is_written = ctl_master_cf_stat(ctl, &st) &&
	             dprintf(fd, HEAD "%s\n", line) > 0 &&
	             fchown(fd, st.st_uid, st.st_gid) == 0 &&
	             fchmod(fd, st.st_mode & 0777) == 0 && fsync(fd) == 0;
	return close(fd) == 0 && is_written;
}

enum error
ctl_saved_service_write(
    const struct ctl *ctl, const struct ctl_service *service, char **cause)
{
	char *path = make_path(ctl, ""), *part = make_path(ctl, ".part");
	char *line = ctl_service_format(service);
	enum error error = ERROR_NONE;

	if (!write_file(ctl, part, line) || rename(part, path) < 0) {
		*cause = xasprintf("%s: %s", path, strerror(errno));
		unlink(part);
		error = ERROR_IO;
	}
	free(line);
	free(part);
	free(path);
	return error;
}

enum error
ctl_saved_service_read(const struct ctl *ctl, struct ctl_service *service)
{
	enum error error = ERROR_NOT_FOUND;
	char *path = make_path(ctl, ""), *line = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;

	free(path);
	if (file == NULL)
		return error;
	while (error != ERROR_NONE && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '#' &&
		    ctl_service_parse(service, line) == ERROR_NONE)
			error = ERROR_NONE;
	}
	free(line);
	fclose(file);
	return error;
}

void
ctl_saved_service_remove(const struct ctl *ctl)
{
	char *path = make_path(ctl, "");

	if (unlink(path) < 0 && errno != ENOENT)
		ctl_error("%s: %s", path, strerror(errno));
	free(path);
}

/*
 * ctl_master_cf: reads master.cf whole, and replaces it by way of a temporary
 * file beside it: the one that postconf(1) uses and locks, so that two do not
 * change the file at once.
 */
#include "ctl_master_cf.h"

#include "ctl_file.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART_SUFFIX ".tmp"

static char *
make_path(const struct ctl *ctl)
{
	return xasprintf("%s/master.cf", ctl->config_directory);
}

static enum error
find(struct ctl_service *service, struct ctl *ctl, const char *path,
    const char *text, size_t len, char **cause)
{
	char *name = ctl_config_service(ctl);
	const char *known_name = name != NULL ? name : "tlsmgr";
	enum error error = ctl_service_find(service, text, len, known_name);

	if (error == ERROR_NOT_FOUND)
		*cause =
		    xasprintf("%s has no service %s/unix", path, known_name);
	else if (error == ERROR_INVALID)
		*cause = xasprintf("%s, line %u: the service %s/unix has less "
				   "than 8 columns",
		    path, service->line, known_name);
	free(name);
	return error;
}

enum error
ctl_master_cf_read(struct ctl_service *service, struct ctl *ctl, char **cause)
{
	char *path = make_path(ctl), *text;
	size_t len;
	enum error error = ctl_file_read(path, &text, &len, cause);

	if (error == ERROR_NONE) {
		error = find(service, ctl, path, text, len, cause);
		free(text);
	}
	free(path);
	return error;
}

/* The file is locked against others that change it. */
static enum error
replace_program(struct ctl *ctl, const char *path, int part_fd,
    const char *program, char **cause)
{
	struct ctl_service service;
	char *text, *changed;
	size_t len;
	enum error error = ctl_file_read(path, &text, &len, cause);

	if (error != ERROR_NONE)
		return error;
	error = find(&service, ctl, path, text, len, cause);
	if (error == ERROR_NONE) {
		changed =
		    ctl_service_replace_program(&service, text, &len, program);
		error = ctl_file_replace(
		    path, PART_SUFFIX, part_fd, changed, len, cause);
		free(changed);
		ctl_service_fini(&service);
	}
	free(text);
	return error;
}

enum error
ctl_master_cf_write_program(struct ctl *ctl, const char *program, char **cause)
{
	char *link = make_path(ctl), *path = realpath(link, NULL);
	int part_fd;
	enum error error = ERROR_IO;

	if (path == NULL) {
		*cause = xasprintf("%s: %s", link, strerror(errno));
	} else {
		error = ctl_file_lock_part(path, PART_SUFFIX, &part_fd, cause);
		if (error == ERROR_NONE) {
			error =
			    replace_program(ctl, path, part_fd, program, cause);
			close(part_fd);
		}
	}
	free(path);
	free(link);
	return error;
}

bool
ctl_master_cf_stat(const struct ctl *ctl, struct stat *st)
{
	char *path = make_path(ctl);
	bool is_seen = stat(path, st) == 0;

	free(path);
	return is_seen;
}

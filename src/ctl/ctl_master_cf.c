/*
 * ctl_master_cf: a service of master.cf as eight fields. Only postconf(1)
 * reads and writes the file.
 */
#include "ctl_master_cf.h"

#include "ctl_command.h"
#include "ctl_run.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* As postconf(1) names them, from 2.11 on. */
static const char *const field_names[CTL_FIELDS] = {
	[CTL_FIELD_SERVICE] = "service",
	[CTL_FIELD_TYPE] = "type",
	[CTL_FIELD_PRIVATE] = "private",
	[CTL_FIELD_UNPRIVILEGED] = "unprivileged",
	[CTL_FIELD_CHROOT] = "chroot",
	[CTL_FIELD_WAKEUP] = "wakeup",
	[CTL_FIELD_PROCESS_LIMIT] = "process_limit",
	[CTL_FIELD_COMMAND] = "command",
};

static bool
is_whole(const struct ctl_service *service)
{
	for (int i = 0; i < CTL_FIELDS; i++)
		if (service->fields[i] == NULL || *service->fields[i] == '\0')
			return false;
	return true;
}

/* "tlsmgr/unix/chroot = y" */
static void
take_field(struct ctl_service *service, const char *line, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(line, prefix, len) != 0)
		return;
	line += len;
	for (int i = 0; i < CTL_FIELDS; i++) {
		len = strlen(field_names[i]);
		if (strncmp(line, field_names[i], len) == 0 &&
		    strncmp(line + len, " = ", 3) == 0 &&
		    service->fields[i] == NULL)
			service->fields[i] = xstrdup(line + len + 3);
	}
}

static void
take_fields(struct ctl_service *service, char *output, const char *prefix)
{
	char *line;

	*service = (struct ctl_service){ 0 };
	while ((line = strsep(&output, "\n")) != NULL)
		take_field(service, line, prefix);
}

enum error
ctl_service_read(struct ctl_service *service, struct ctl *ctl, char **cause)
{
	char *name = ctl_config_service(ctl);
	char *pattern = xasprintf("%s/unix", name != NULL ? name : "tlsmgr");
	char *prefix = xasprintf("%s/", pattern);
	const char *const arguments[] = { "-F", pattern, NULL };
	enum error error = ERROR_NONE;
	struct ctl_run run;

	ctl_run_postfix(&run, ctl, "postconf", arguments);
	take_fields(service, run.output, prefix);
	if (run.status != 0) {
		*cause = xasprintf("postconf failed: %s", run.complaints);
		error = ERROR_IO;
	} else if (!is_whole(service)) {
		*cause = xasprintf("%s/master.cf has no service %s",
		    ctl->config_directory, pattern);
		error = ERROR_NOT_FOUND;
	}
	if (error != ERROR_NONE)
		ctl_service_fini(service);
	ctl_run_fini(&run);
	free(prefix);
	free(pattern);
	free(name);
	return error;
}

void
ctl_service_fini(struct ctl_service *service)
{
	for (int i = 0; i < CTL_FIELDS; i++)
		free(service->fields[i]);
	*service = (struct ctl_service){ 0 };
}

enum error
ctl_service_write_command(struct ctl *ctl, const char *command, char **cause)
{
	char *name = ctl_config_service(ctl);
	char *assignment = xasprintf(
	    "%s/unix/command=%s", name != NULL ? name : "tlsmgr", command);
	const char *const arguments[] = { "-F", assignment, NULL };
	enum error error = ERROR_NONE;
	struct ctl_run run;

	ctl_run_postfix(&run, ctl, "postconf", arguments);
	if (run.status != 0) {
		*cause = xasprintf("cannot change %s/master.cf: %s",
		    ctl->config_directory, run.complaints);
		error = ERROR_IO;
	}
	ctl_run_fini(&run);
	free(assignment);
	free(name);
	return error;
}

char *
ctl_service_format(const struct ctl_service *service)
{
	char *const *f = service->fields;

	return xasprintf("%s %s %s %s %s %s %s %s", f[0], f[1], f[2], f[3],
	    f[4], f[5], f[6], f[7]);
}

enum error
ctl_service_parse(struct ctl_service *service, const char *line)
{
	size_t len;

	*service = (struct ctl_service){ 0 };
	for (int i = 0; i < CTL_FIELDS; i++) {
		line += strspn(line, CTL_COMMAND_BLANKS);
		len = i == CTL_FIELD_COMMAND
		          ? strlen(line)
		          : strcspn(line, CTL_COMMAND_BLANKS);
		service->fields[i] = xstrndup(line, len);
		line += len;
	}
	if (is_whole(service))
		return ERROR_NONE;
	ctl_service_fini(service);
	return ERROR_INVALID;
}

bool
ctl_service_is_same(const struct ctl_service *a, const struct ctl_service *b)
{
	const char *left = a->fields[CTL_FIELD_COMMAND];
	const char *right = b->fields[CTL_FIELD_COMMAND];

	for (int i = 0; i < CTL_FIELD_COMMAND; i++)
		if (strcmp(a->fields[i], b->fields[i]) != 0)
			return false;
	return strcmp(left + ctl_command_program_len(left),
		   right + ctl_command_program_len(right)) == 0;
}

/*
 * ctl_master_cf: the line of the tlsmgr service in master.cf, read and changed
 * through postconf(1).
 */
#ifndef CTL_MASTER_CF_H
#define CTL_MASTER_CF_H

#include "ctl.h"
#include "error.h"

#include <stdbool.h>

enum ctl_field {
	CTL_FIELD_SERVICE,
	CTL_FIELD_TYPE,
	CTL_FIELD_PRIVATE,
	CTL_FIELD_UNPRIVILEGED,
	CTL_FIELD_CHROOT,
	CTL_FIELD_WAKEUP,
	CTL_FIELD_PROCESS_LIMIT,
	CTL_FIELD_COMMAND,
	CTL_FIELDS,
};

struct ctl_service {
	char *fields[CTL_FIELDS]; /* owned; the last is a program and options */
};

/* ERROR_NOT_FOUND: master.cf has no such line; ERROR_IO: postconf failed. Both
 * with a cause, and nothing to fini. */
enum error ctl_service_read(struct ctl_service *, struct ctl *, char **cause);
void ctl_service_fini(struct ctl_service *);

/*
 * All settings as the daemon of that line would have them, with its options;
 * NULL: without any. As settings_load(), into ctl->config.
 */
enum error ctl_settings_load(struct ctl *, const struct ctl_service *,
    struct settings *, char **cause);

/* Change the command, and nothing else. ERROR_IO with a cause. */
enum error ctl_service_write_command(
    struct ctl *, const char *command, char **cause);

/* One line "tlsmgr unix - - y 1000? 1 tlsmgr", for the caller to free. */
char *ctl_service_format(const struct ctl_service *);
/* Pure. ERROR_INVALID: that is no such line; nothing to fini. */
enum error ctl_service_parse(struct ctl_service *, const char *line);
/* The same but for the program (what its command begins with)? */
bool ctl_service_is_same(
    const struct ctl_service *, const struct ctl_service *);

#endif

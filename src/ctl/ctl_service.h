/*
 * ctl_service: a service of master.cf, found in the text of that file as
 * master(5) describes it. Pure.
 */
#ifndef CTL_SERVICE_H
#define CTL_SERVICE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

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
	unsigned line;            /* where it begins, from 1 */
	unsigned line_before;     /* another of that name before it; 0: none */
	size_t program_at;        /* of its command, from the file's start */
};

/*
 * Find the UNIX service of that name; of several the last, as master(8) uses
 * that. ERROR_NOT_FOUND: there is none; ERROR_INVALID: it has too few columns
 * (service->line says where). Both with nothing to fini.
 */
enum error ctl_service_find(
    struct ctl_service *, const char *text, size_t len, const char *name);
void ctl_service_fini(struct ctl_service *);

/*
 * A copy of the text with another program in the place of that one, *len bytes,
 * and nothing else changed; to be freed.
 */
char *ctl_service_replace_program(const struct ctl_service *, const char *text,
    size_t *len, const char *program);

/* On one line, "tlsmgr unix - - y 1000? 1 tlsmgr", for the caller to free. */
char *ctl_service_format(const struct ctl_service *);
/* The opposite. ERROR_INVALID: that is no such line; nothing to fini. */
enum error ctl_service_parse(struct ctl_service *, const char *line);

/* The same but for the program (what its command begins with)? */
bool ctl_service_is_same(
    const struct ctl_service *, const struct ctl_service *);

#endif

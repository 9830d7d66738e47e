/*
 * ctl_saved_service: the line of master.cf as it was before "tlsmgrctl enable",
 * in tlsmgr.master.cf beside master.cf, until "tlsmgrctl disable".
 */
#ifndef CTL_SAVED_SERVICE_H
#define CTL_SAVED_SERVICE_H

#include "ctl.h"
#include "ctl_service.h"
#include "error.h"

/* Replaces the file at once or not at all. ERROR_IO with a cause. */
enum error ctl_saved_service_write(
    const struct ctl *, const struct ctl_service *, char **cause);
/* ERROR_NOT_FOUND: no such file, or nothing of use in it; nothing to fini. */
enum error ctl_saved_service_read(const struct ctl *, struct ctl_service *);
/* A file that is not there is no error; others are printed. */
void ctl_saved_service_remove(const struct ctl *);

#endif

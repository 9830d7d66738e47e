/*
 * ctl_group: what this host has in common with others, read anew and as the
 * daemon would.
 */
#ifndef CTL_GROUP_H
#define CTL_GROUP_H

#include "config.h"
#include "ctl_reply.h"
#include "master.h"
#include "settings.h"
#include "shared_group.h"

#include <stdbool.h>

/*
 * Read all of it: as root with the privileges of the daemon at each step, else
 * with those that there are. Problems are logged. Changes the working
 * directory. Everything is borrowed for as long as the group, for
 * shared_group_close().
 */
void ctl_group_open(struct shared_group *, const struct settings *,
    const struct config *, const struct master_owner *);

/* Has the daemon with these statistics the same? */
bool ctl_group_is_running(
    const struct shared_group *, const struct ctl_reply *statistics);

#endif

/*
 * ctl_master_cf: master.cf on disk. postconf(1) is not asked to change it: that
 * rewrites all lines of a name, takes "-oname=value" apart in the wrong place,
 * and leaves a file of mode 0644 where a link or another mode was.
 */
#ifndef CTL_MASTER_CF_H
#define CTL_MASTER_CF_H

#include "ctl.h"
#include "ctl_service.h"
#include "error.h"

#include <sys/stat.h>

/*
 * Find the line of $tlsmgr_service_name. ERROR_NOT_FOUND: there is none;
 * ERROR_INVALID: it cannot be understood; ERROR_PERMISSION, ERROR_IO: the file
 * cannot be read. All with a cause, and nothing to fini.
 */
enum error ctl_master_cf_read(struct ctl_service *, struct ctl *, char **cause);

/*
 * Put another program in the place of that one in the file, and leave all else
 * as it is: comments, options, owner, mode; of a symbolic link, the link. At
 * once or not at all. The same errors, and ERROR_LOCKED: somebody, postconf(1)
 * for one, is changing it for longer than can be waited for.
 */
enum error ctl_master_cf_write_program(
    struct ctl *, const char *program, char **cause);

/* Owner and mode, for what is kept beside it. False: it cannot be seen. */
bool ctl_master_cf_stat(const struct ctl *, struct stat *);

#endif

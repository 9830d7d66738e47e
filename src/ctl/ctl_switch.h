/*
 * ctl_switch: another command for the tlsmgr service, in master.cf and in the
 * Postfix that runs.
 */
#ifndef CTL_SWITCH_H
#define CTL_SWITCH_H

#include "ctl.h"

#include <stdbool.h>

/*
 * Write the command into master.cf, reload Postfix if it runs, and wait until
 * a process that was not there before answers (wants_ours: this project's).
 * Says what came of it. Where that fails, or Postfix cannot be reloaded, the
 * previous command is put back: CTL_NO. Not so on the way back to Postfix's own
 * from a daemon that did not answer: master(8) pauses after one that does not
 * start, and there would be no way out. With equal commands only the process
 * is seen to.
 */
int ctl_switch_command(struct ctl *, const char *previous, const char *wanted,
    bool wants_ours);

#endif

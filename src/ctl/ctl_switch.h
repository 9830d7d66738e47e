/*
 * ctl_switch: another program for the tlsmgr service, in master.cf and in the
 * Postfix that runs.
 */
#ifndef CTL_SWITCH_H
#define CTL_SWITCH_H

#include "ctl_check.h"

#include <stdbool.h>

/*
 * Write the program into the tlsmgr line of master.cf, reload Postfix if it
 * runs, and wait until a process that was not there before answers (wants_ours:
 * this project's). Prints the outcome. Where that fails, or Postfix cannot be
 * reloaded, the previous program is put back: CTL_NO. Not so on the way back to
 * Postfix's own from a daemon that did not answer: master(8) pauses after one
 * that does not start, and there would be no way out; nor with
 * CTL_OPTION_FORCE. With equal programs only the process is checked.
 */
int ctl_switch_program(
    struct ctl *, const char *previous, const char *wanted, bool wants_ours);

/*
 * Reload Postfix, and wait until a process that was not there before answers:
 * this project's, or any of Postfix, whose processes cannot be told apart.
 * Prints the outcome.
 */
bool ctl_switch_reload(struct ctl *, bool wants_ours);

/* Print that the program of a command is about to become another. */
void ctl_switch_announce(const char *command, const char *program);

/*
 * Keep another process from switching at the same time, until this one ends.
 * False: the error was printed.
 */
bool ctl_switch_lock(const struct ctl *);

/*
 * As root, with that lock: check what is configured, and then do it. Returns
 * the exit status, CTL_NO where it is not done, and the reason was printed.
 */
int ctl_switch_checked(struct ctl *, int (*change)(struct ctl_check *));

#endif

/*
 * ctl_run: other programs, started without a shell.
 */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "ctl.h"

#include <stddef.h>
#include <sys/types.h>

struct ctl_run {
	int status;   /* its exit status; -1: it could not be run, or died */
	char *output; /* owned; a NUL follows */
	size_t output_len;
	char *complaints; /* owned; from standard error, on one line */
};

/*
 * Start a program, with these descriptors as its standard input, output and
 * error, and no signal blocked. Returns 0, or a number of errno; the process is
 * the caller's to wait for.
 */
int ctl_run_start(
    pid_t *, const char *path, const char *const *argv, const int stdio[3]);

/*
 * Run a program and wait for its end, with `input` (may be NULL) to read.
 * argv[0] is its path, or a name that is looked for in PATH. Pair with
 * ctl_run_fini() always.
 */
void ctl_run(
    struct ctl_run *, const char *const *argv, const struct buffer *input);
/*
 * The same for a program of $command_directory, as "NAME -c CONFIG_DIRECTORY
 * arguments...".
 */
void ctl_run_postfix(
    struct ctl_run *, struct ctl *, const char *name, const char *const *);
void ctl_run_fini(struct ctl_run *);

#endif

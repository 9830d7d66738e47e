/*
 * sandbox: limits this process, once its start is done, to the system calls
 * that serving takes, by seccomp(2), and to no file but the source of entropy,
 * by landlock(7). An attacker who takes over the process has no more than that.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "error.h"

#include <stdbool.h>

#define SANDBOX_PORTS_MAX 16

/* Servers elsewhere that are connected to while it is in force. */
struct sandbox_network {
	bool has_ipv4, has_ipv6;
	unsigned ports[SANDBOX_PORTS_MAX]; /* TCP; no others */
	unsigned port_count;
};

/*
 * Enter it; it cannot be left. After master_jail(), when everything is open.
 * `source_file`: may still be opened for reading; NULL: none. `network`: may
 * still be connected to; NULL: none. A half that the kernel, the container or
 * the build does not support, or for which a filter of system calls that is
 * already in force would end the process, is left out, and named in one info
 * line. May fork to find that out.
 */
void sandbox_enter(const char *source_file, const struct sandbox_network *);

/*
 * Its two halves. ERROR_UNSUPPORTED, with a cause: nothing is limited.
 *
 * After sandbox_limit_calls() a call that is not on the list is logged with
 * its name, and aborts the process. It forbids what sandbox_limit_files()
 * needs, so that comes first.
 */
enum error sandbox_limit_files(
    const char *source_file, const struct sandbox_network *, char **cause);
enum error sandbox_limit_calls(const struct sandbox_network *, char **cause);

#endif

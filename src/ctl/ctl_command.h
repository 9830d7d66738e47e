/*
 * ctl_command: the last column of a line in master.cf, a program and its
 * options, as text. Pure.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_COMMAND_BLANKS " \t\r\n"

/* The program that a command begins with; its length. */
size_t ctl_command_program_len(const char *command);
bool ctl_command_runs(const char *command, const char *program);
/* The command with another program and the same options; to be freed. */
char *ctl_command_with(const char *command, const char *program);

/*
 * The argument of each -o in order, without braces round it, as the daemon will
 * get it: *count of them, to be freed with ctl_command_overrides_free(). In the
 * forms that getopt(3) takes: "-o a=b", "-oa=b", "-vo a=b".
 */
char **ctl_command_overrides(const char *command, int *count);
void ctl_command_overrides_free(char **overrides);

#endif

/*
 * ctl_master_process: the master(8) that runs now.
 */
#ifndef CTL_MASTER_PROCESS_H
#define CTL_MASTER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Its process ID, from pid/master.pid in the queue directory, which it keeps
 * locked. 0: none runs, or it cannot be told without being root.
 */
pid_t ctl_master_process_find(const char *queue_directory);

/*
 * Has it a child of that name, or can that not be seen? A daemon that is idle
 * may have ended, and is started when somebody asks.
 */
bool ctl_master_process_has_child(pid_t, const char *program);

/* Is there a filter of system calls on that process (seccomp(2))? */
bool ctl_master_process_is_filtered(pid_t);

#endif

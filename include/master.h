/*
 * master: what master(8) and its daemons expect of each other: arguments
 * (tlsmgr(8)), inherited descriptors, the status channel, the jail, the
 * watchdog and signals.
 */
#ifndef MASTER_H
#define MASTER_H

#include "error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MASTER_FLOW_READ_FD  3
#define MASTER_FLOW_WRITE_FD 4
#define MASTER_STATUS_FD     5
#define MASTER_LISTEN_FD     6

/* The command line and the environment. */
struct master_options {
	const char *service_name; /* -n, borrowed; default "tlsmgr" */
	const char *transport;    /* -t, borrowed: "unix"; NULL with -S */
	bool single_process;      /* -l: process limit is 1 */
	bool no_process_limit;    /* -z */
	bool drop_privileges;     /* -u */
	bool chroot;              /* -c */
	bool standalone;          /* -d: not under master's care */
	bool debug;               /* -D: start the debugger */
	bool stdio_client;        /* -S */
	bool log_to_stderr;       /* -V */
	int verbosity;            /* -v, repeatable */
	int listen_count;         /* -s, default 1 */
	const char **overrides;   /* -o name=value in order; owned array */
	int override_count;
	const char *config_directory; /* MAIL_CONFIG, borrowed, or NULL */
	unsigned generation;          /* GENERATION, octal */
};

/*
 * ERROR_INVALID with a cause: an unknown option, a missing or bad argument, a
 * non-option argument; unless there is -S, no -l or no -t unix. What was
 * found up to there is valid. Pair with master_options_fini() either way.
 */
enum error master_options_parse(
    struct master_options *, int argc, char *const argv[], char **cause);
void master_options_fini(struct master_options *);

/*
 * Was this command typed in at a terminal? To be asked also, and first, when
 * the options could not be parsed.
 */
bool master_options_by_hand(const struct master_options *);

/*
 * The status channel: records of {pid, generation, avail} that tell master
 * whether this process is free. The first pair at once, then at most one pair
 * a second; a write never blocks and never fails the caller.
 *
 * A pair that was begun is always completed: where the channel is full, the
 * next master_status_ready() tries again, whether anything came before it or
 * not.
 */
struct master_status {
	int fd; /* borrowed; -1: master does not listen */
	unsigned generation;
	bool is_busy; /* the last record written said 0 */
	uint64_t next_pair_us;
};
/* `fd` -1, or not open: not under master's care, nothing is written. */
void master_status_init(struct master_status *, int fd, unsigned generation);
/* This process begins to serve a request, at now_us (monotonic). */
void master_status_busy(struct master_status *, uint64_t now_us);
/* It is free again. */
void master_status_ready(struct master_status *);

/* Who the unprivileged part of the start runs as. */
struct master_owner {
	char *name; /* owned */
	uid_t uid;
	gid_t gid;
};
/*
 * $mail_owner by name. ERROR_NOT_FOUND: no such user; ERROR_INVALID: a
 * privileged one; both with a cause, and nothing to fini.
 */
enum error master_owner_find(
    struct master_owner *, const char *name, char **cause);
void master_owner_fini(struct master_owner *);

/*
 * Take on the owner's effective ids to open files as he would, and go back.
 * Both do nothing where the process is not privileged. A failure to go either
 * way is fatal, and logged.
 */
void master_owner_enter(const struct master_owner *);
void master_owner_leave(void);

/*
 * The jail, in this order: supplementary groups, gid, chroot, uid; then no
 * way back: no new privileges, no core file, no tracing by others. Cannot be
 * undone. `owner` NULL: keep the ids; `root` NULL: no chroot. Fatal on error.
 */
void master_jail(const struct master_owner *owner, const char *root);

/*
 * The watchdog: abort with "fatal: watchdog timeout" when it was not patted for
 * timeout_s seconds (and at most a third more). A pat costs no system call.
 * Uses SIGALRM. An idle loop must pat it too, so it needs a timer that is
 * shorter than timeout_s.
 */
void master_watchdog_start(unsigned timeout_s);
void master_watchdog_pat(void);
/*
 * From now on, that many seconds without a pat are allowed where that is more
 * than timeout_s. No system call.
 */
void master_watchdog_allow(unsigned seconds);

/*
 * The signals that ask this process to end: of master(8), of a terminal that is
 * closed, and of a person.
 */
#define MASTER_END_SIGNALS 3
extern const int master_end_signals[MASTER_END_SIGNALS];

/* Block them. The mask from before is left in *before, unless that is NULL. */
void master_block_end_signals(sigset_t *before);

/*
 * The version of the Postfix that is installed, e.g. "3.7.11", as found in
 * daemon_directory/master, for the caller to free; NULL if it is not there.
 */
char *master_postfix_version(const char *daemon_directory);

/* Does that version's tlsmgr speak first (3.6 and later)? NULL: yes. */
bool master_version_announces(const char *version);

#endif

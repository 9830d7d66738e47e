/*
 * ctl_check: what may be wrong with the surroundings of the daemon. Each part
 * adds findings, and each finding that matters says what to do.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl.h"
#include "ctl_finding.h"
#include "ctl_group.h"
#include "ctl_master_cf.h"
#include "master.h"
#include "settings.h"

#include <stdbool.h>

struct ctl_check {
	struct ctl *ctl;
	struct ctl_findings findings;
	enum ctl_level log_level; /* of a warning that a module logs */
	bool has_service;
	struct ctl_service service;
	bool has_settings;
	struct settings settings;
	bool has_owner;
	struct master_owner owner;
	bool has_group;
	struct shared_group group;
};

/*
 * All parts, or before a start only those that look at what it would read. The
 * latter prints only what matters. The caller looks at the counts, and finis.
 */
void ctl_check_run(struct ctl_check *, struct ctl *, bool is_before_start);
void ctl_check_fini(struct ctl_check *);

/*
 * The parts, in their order: later ones use what earlier ones have found. Those
 * behind ctl_check_master_cf() need check->has_settings.
 */
void ctl_check_settings(struct ctl_check *);

/* With the error of ctl_master_cf_read(), and its cause. */
void ctl_check_master_cf(struct ctl_check *, enum error, const char *cause);

/* The version of Postfix, and whether the daemon speaks first as that wants. */
void ctl_check_postfix_version(struct ctl_check *);

/* The type and the path of each cache, then its files. */
void ctl_check_caches(struct ctl_check *);
/* The files of one cache, whose path is without suffix. */
void ctl_check_cache_files(struct ctl_check *, const char *path);

/* Other files and directories of the daemon, and its socket. */
void ctl_check_files(struct ctl_check *);

/* Reads one byte of the entropy source. */
void ctl_check_entropy(struct ctl_check *);

/* Comes first, as what is wrong with it is what matters most. */
void ctl_check_shared(struct ctl_check *);
/* Does this Postfix use TLS at all? */
void ctl_check_tls(struct ctl_check *);

/* Which daemon answers, of which version, and what troubles it. */
void ctl_check_daemon(struct ctl_check *);
/* Of a daemon of this project: what its statistics have of trouble. */
void ctl_check_running(struct ctl_check *, const struct ctl_reply *statistics);
/* Whether it has the values of the files; a connection that is identified. */
void ctl_check_changes(struct ctl_check *, struct ctl_client *);
/* The values alone; how many differ, each of which is a finding. */
unsigned ctl_check_values(struct ctl_check *, struct ctl_client *);
/* Does the master(8) that runs have a filter of system calls? */
void ctl_check_master_process(struct ctl_check *);

#endif

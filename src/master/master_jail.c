/*
 * master_jail: whose privileges this process has. Owns the ids to go back to
 * while it acts as $mail_owner. Only the start calls it: every failure is
 * fatal, since going on with privileges unknown is the worst that can happen.
 */
#include "master.h"

#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The privileged ids, between master_owner_enter() and _leave(). */
static struct {
	bool is_set;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int group_count;
} privileged;

enum error
master_owner_find(struct master_owner *owner, const char *name, char **cause)
{
	const struct passwd *user;

	user = getpwnam(name);
	if (user == NULL) {
		*cause = xstrdup("unknown user name value");
		return ERROR_NOT_FOUND;
	}
	if (user->pw_uid == 0) {
		*cause = xstrdup("user has privileged user ID");
		return ERROR_INVALID;
	}
	owner->name = xstrdup(name);
	owner->uid = user->pw_uid;
	owner->gid = user->pw_gid;
	return ERROR_NONE;
}

void
master_owner_fini(struct master_owner *owner)
{
	free(owner->name);
	owner->name = NULL;
}

static void
save_privileged_ids(void)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		log_fatal("cannot list the groups of this process: %s",
		    strerror(errno));
	privileged.groups = xcalloc((size_t)count, sizeof(gid_t));
	privileged.group_count = getgroups(count, privileged.groups);
	if (privileged.group_count < 0)
		log_fatal("cannot list the groups of this process: %s",
		    strerror(errno));
	privileged.uid = geteuid();
	privileged.gid = getegid();
	privileged.is_set = true;
}

void
master_owner_enter(const struct master_owner *owner)
{
	if (geteuid() != 0)
		return;
	save_privileged_ids();
	/* The user last: without his privileges the rest is not permitted. */
	if (setgroups(1, &owner->gid) < 0 || setegid(owner->gid) < 0 ||
	    seteuid(owner->uid) < 0)
		log_fatal(
		    "cannot act as user %s: %s", owner->name, strerror(errno));
}

void
master_owner_leave(void)
{
	if (!privileged.is_set)
		return;
	if (seteuid(privileged.uid) < 0 || setegid(privileged.gid) < 0 ||
	    setgroups((size_t)privileged.group_count, privileged.groups) < 0)
		log_fatal("cannot go back to the privileges of the start: %s",
		    strerror(errno));
	free(privileged.groups);
	privileged.groups = NULL;
	privileged.is_set = false;
}

/* Without chdir(2) the working directory would be a way out. */
static void
change_root(const char *root)
{
	if (chroot(root) < 0 || chdir("/") < 0)
		log_fatal("cannot change the root directory to %s: %s", root,
		    strerror(errno));
}

/* Fatal if any id was kept or privileges can be regained. */
static void
check_ids_dropped(const struct master_owner *owner)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 ||
	    getresgid(&rgid, &egid, &sgid) < 0)
		log_fatal(
		    "cannot get the ids of this process: %s", strerror(errno));
	if (ruid != owner->uid || euid != owner->uid || suid != owner->uid ||
	    rgid != owner->gid || egid != owner->gid || sgid != owner->gid)
		log_fatal("user %s: not all ids were changed", owner->name);
	if (seteuid(0) == 0 || setuid(0) == 0 ||
	    (owner->gid != 0 && setegid(0) == 0))
		log_fatal("user %s: privileges could be regained", owner->name);
}

/*
 * Memory here holds the keys and the sessions of every client. A core file
 * would be a copy of it on disk: the limit prevents the file, and the dumpable
 * flag a pipe to a collector of core dumps, for which the limit does not
 * count, and tracing by other processes of the same user. Nothing is executed
 * from here on, so nothing needs the privileges of a set-user-ID program.
 */
static void
forbid_cores_and_tracing(void)
{
	static const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_fatal("cannot give up core dumps and new privileges: %s",
		    strerror(errno));
}

static void
drop_groups(const struct master_owner *owner)
{
	if (setgroups(1, &owner->gid) < 0 ||
	    setresgid(owner->gid, owner->gid, owner->gid) < 0)
		log_fatal("cannot take on the group of user %s: %s",
		    owner->name, strerror(errno));
}

static void
drop_user(const struct master_owner *owner)
{
	if (setresuid(owner->uid, owner->uid, owner->uid) < 0)
		log_fatal(
		    "cannot become user %s: %s", owner->name, strerror(errno));
	check_ids_dropped(owner);
}

void
master_jail(const struct master_owner *owner, const char *root)
{
	/* Started by the owner himself: there is nothing to give up. */
	if (owner != NULL && geteuid() == owner->uid && getuid() == owner->uid)
		owner = NULL;
	if (owner != NULL)
		drop_groups(owner);
	if (root != NULL)
		change_root(root);
	if (owner != NULL)
		drop_user(owner);
	forbid_cores_and_tracing();
}

/*
 * Unit tests of master_jail, each in a process of its own. Most need to be
 * root, and are skipped where they are not.
 */
#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"

#define OWNER "nobody"

static char directory[] = "/tmp/the_jail_leaves_no_way_back.XXXXXX";
static struct master_owner owner;

/* A check in a child: the line is the test's output when it fails. */
#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			log_fatal("%d: not so: %s (%s)", __LINE__, #condition, \
			    strerror(errno));                                  \
	} while (0)

static void
run_as_root(child_fn *code)
{
	struct child child;

	if (geteuid() != 0) {
		print_message("this test needs root\n");
		skip();
	}
	child_run(&child, code, NULL);
	child_assert_exited(&child, 0);
	assert_string_equal(child.lines, "");
}

static int
set_up(void **state)
{
	char *cause = NULL;

	if (mkdtemp(directory) == NULL || chmod(directory, 0777) < 0)
		return -1;
	return master_owner_find(&owner, OWNER, &cause) == ERROR_NONE ? 0 : -1;
}

static int
tear_down(void **state)
{
	master_owner_fini(&owner);
	return rmdir(directory);
}

static void
the_owner_is_found_by_name_and_is_not_root(void **state)
{
	struct master_owner found;
	char *cause;

	assert_string_equal(owner.name, OWNER);
	assert_int_not_equal(owner.uid, 0);
	assert_int_equal(
	    master_owner_find(&found, "no such user", &cause), ERROR_NOT_FOUND);
	assert_string_equal(cause, "unknown user name value");
	free(cause);
	assert_int_equal(
	    master_owner_find(&found, "root", &cause), ERROR_INVALID);
	assert_string_equal(cause, "user has privileged user ID");
	free(cause);
}

static void
act_as_owner(void *arg)
{
	static const gid_t before[] = { 3, 4, 7 };
	gid_t groups[10];
	struct stat st;
	char path[100];

	(void)arg;
	CHECK(setgroups(3, before) == 0 && setegid(5) == 0);
	master_owner_enter(&owner);
	CHECK(geteuid() == owner.uid && getegid() == owner.gid);
	CHECK(getgroups(10, groups) == 1 && groups[0] == owner.gid);
	snprintf(path, sizeof(path), "%s/file", directory);
	CHECK(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
	CHECK(stat(path, &st) == 0 && unlink(path) == 0);
	CHECK(st.st_uid == owner.uid && st.st_gid == owner.gid);
	master_owner_leave();
	CHECK(geteuid() == 0 && getegid() == 5);
	CHECK(getgroups(10, groups) == 3);
	CHECK(memcmp(groups, before, sizeof(before)) == 0);
	/* And once more: nothing is left over from the first time. */
	master_owner_enter(&owner);
	CHECK(geteuid() == owner.uid && getegid() == owner.gid);
	master_owner_leave();
	CHECK(geteuid() == 0 && getegid() == 5);
	master_owner_leave();
	CHECK(geteuid() == 0 && getegid() == 5);
}

static void
acting_as_the_owner_can_be_undone(void **state)
{
	run_as_root(act_as_owner);
}

static void
check_side_doors(void)
{
	struct rlimit limit;

	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0);
	CHECK(limit.rlim_cur == 0 && limit.rlim_max == 0);
}

static void
go_to_jail(void *arg)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, groups[10];
	char cwd[100];

	(void)arg;
	CHECK(chdir("/tmp") == 0);
	master_jail(&owner, directory);
	CHECK(getresuid(&ruid, &euid, &suid) == 0);
	CHECK(getresgid(&rgid, &egid, &sgid) == 0);
	CHECK(ruid == owner.uid && euid == owner.uid && suid == owner.uid);
	CHECK(rgid == owner.gid && egid == owner.gid && sgid == owner.gid);
	CHECK(getgroups(10, groups) == 1 && groups[0] == owner.gid);
	CHECK(seteuid(0) < 0 && setuid(0) < 0 && setegid(0) < 0);
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/") == 0);
	CHECK(access("/etc/passwd", F_OK) < 0);
	CHECK(access("../etc/passwd", F_OK) < 0);
	CHECK(chroot("/") < 0);
	check_side_doors();
}

static void
the_jail_leaves_no_way_back(void **state)
{
	run_as_root(go_to_jail);
}

static void
keep_root_directory(void *arg)
{
	(void)arg;
	master_jail(&owner, NULL);
	CHECK(geteuid() == owner.uid && getuid() == owner.uid);
	CHECK(access("/etc/passwd", F_OK) == 0);
	check_side_doors();
}

static void
the_jail_works_without_chroot(void **state)
{
	run_as_root(keep_root_directory);
}

static void
keep_ids(void *arg)
{
	(void)arg;
	master_jail(NULL, directory);
	CHECK(geteuid() == 0);
	CHECK(access("/etc/passwd", F_OK) < 0);
	check_side_doors();
}

static void
the_jail_works_without_an_owner(void **state)
{
	run_as_root(keep_ids);
}

static void
no_such_directory(void *arg)
{
	(void)arg;
	master_jail(&owner, "/nonexistent");
}

static void
a_failed_chroot_is_fatal(void **state)
{
	struct child child;

	if (geteuid() != 0)
		skip();
	child_run(&child, no_such_directory, NULL);
	child_assert_exited(&child, 1);
	assert_string_equal(child.lines, "fatal: cannot change the root "
					 "directory to /nonexistent: "
					 "No such file or directory\n");
}

/* From here on, root becomes somebody else first. */
static void
give_up_root(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return;
	CHECK(setgroups(1, &gid) == 0);
	CHECK(setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0);
}

static void
act_unprivileged(void *arg)
{
	struct master_owner self;
	uid_t uid;

	(void)arg;
	give_up_root(owner.uid, owner.gid);
	uid = geteuid();
	master_owner_enter(&owner);
	CHECK(geteuid() == uid);
	master_owner_leave();
	CHECK(geteuid() == uid);
	self = (struct master_owner){ .uid = uid, .gid = getegid() };
	master_jail(&self, NULL);
	CHECK(geteuid() == uid);
	check_side_doors();
}

static void
an_unprivileged_process_stays_what_it_is(void **state)
{
	struct child child;

	child_run(&child, act_unprivileged, NULL);
	child_assert_exited(&child, 0);
	assert_string_equal(child.lines, "");
}

static void
become_another(void *arg)
{
	struct master_owner other = owner;

	(void)arg;
	give_up_root(owner.uid, owner.gid);
	other.uid = geteuid() + 1;
	master_jail(&other, NULL);
}

static void
chroot_unprivileged(void *arg)
{
	(void)arg;
	give_up_root(owner.uid, owner.gid);
	master_jail(NULL, directory);
}

static void
an_unprivileged_process_cannot_become_another(void **state)
{
	struct child child;

	child_run(&child, become_another, NULL);
	child_assert_exited(&child, 1);
	assert_non_null(strstr(child.lines, "fatal: cannot take on the group "
					    "of user " OWNER));
	child_run(&child, chroot_unprivileged, NULL);
	child_assert_exited(&child, 1);
	assert_non_null(strstr(child.lines, "fatal: cannot change the root"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_is_found_by_name_and_is_not_root),
		cmocka_unit_test(acting_as_the_owner_can_be_undone),
		cmocka_unit_test(the_jail_leaves_no_way_back),
		cmocka_unit_test(the_jail_works_without_chroot),
		cmocka_unit_test(the_jail_works_without_an_owner),
		cmocka_unit_test(a_failed_chroot_is_fatal),
		cmocka_unit_test(an_unprivileged_process_stays_what_it_is),
		cmocka_unit_test(an_unprivileged_process_cannot_become_another),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

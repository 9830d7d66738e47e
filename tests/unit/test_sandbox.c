/*
 * Unit tests of sandbox.c, sandbox_calls.c and sandbox_files.c: each in a child
 * that cannot get out of it again. Where this machine or this build has no
 * seccomp or no Landlock, the tests for it prove that this is told, and are
 * skipped.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "unit.h"

/* How a child ends that finds something wrong. */
#define UNSUPPORTED 77
#define WRONG       99

static void
expect(int is_true)
{
	if (!is_true)
		_exit(WRONG);
}

/* Servers elsewhere, in tests of these. */
static const struct sandbox_network *network;

static void
limit_calls(void)
{
	char *cause = NULL;

	if (sandbox_limit_calls(network, &cause) != ERROR_NONE) {
		expect(cause != NULL);
		_exit(UNSUPPORTED);
	}
	expect(cause == NULL);
}

static void
limit_files(const char *source_file)
{
	char *cause = NULL;

	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (sandbox_limit_files(source_file, network, &cause) != ERROR_NONE) {
		expect(cause != NULL);
		_exit(UNSUPPORTED);
	}
	expect(cause == NULL);
}

static void
skip_if_unsupported(const struct child *child)
{
	if (WIFEXITED(child->status) &&
	    WEXITSTATUS(child->status) == UNSUPPORTED) {
		print_message("not supported here\n");
		skip();
	}
}

/* What serving takes. */
static void
use_allowed_calls(void *arg)
{
	int fd = open(arg, O_RDWR | O_CREAT, 0600), duplicate;
	char byte = 'x';
	void *memory;

	expect(fd >= 0);
	limit_calls();
	expect(pwrite(fd, &byte, 1, 0) == 1 && pread(fd, &byte, 1, 0) == 1);
	duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	expect(duplicate >= 0 && close(duplicate) == 0);
	memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	expect(memory != MAP_FAILED && munmap(memory, 4096) == 0);
	memory = malloc(1 << 20);
	expect(memory != NULL);
	free(memory);
	expect(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
	expect(open(arg, O_RDONLY) >= 0);
	expect(prctl(0x53564d41, 0, 0, 0, 0) < 0 && errno == EINVAL);
	expect(raise(SIGUSR2) == 0);
}

static void
what_serving_takes_is_allowed(void **state)
{
	struct child child;

	signal(SIGUSR2, SIG_IGN);
	child_run(&child, use_allowed_calls, (void *)unit_path("file"));
	skip_if_unsupported(&child);
	child_assert_exited(&child, 0);
	assert_string_equal(child.lines, "");
}

static void
make_socket(void *arg)
{
	(void)arg;
	limit_calls();
	socket(AF_INET, SOCK_STREAM, 0);
}

static void
execute(void *arg)
{
	char *const arguments[] = { NULL };

	(void)arg;
	limit_calls();
	execve("/bin/true", arguments, arguments);
}

static void
make_process(void *arg)
{
	(void)arg;
	limit_calls();
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
make_memory_executable(void *arg)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	limit_calls();
	mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

#ifndef __s390__ /* a filter cannot look at its arguments there */
static void
map_executable(void *arg)
{
	(void)arg;
	limit_calls();
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#endif

static void
write_file(void *arg)
{
	limit_calls();
	syscall(SYS_openat, AT_FDCWD, arg, O_WRONLY | O_CREAT, 0600);
}

static void
signal_another(void *arg)
{
	pid_t parent = getppid();

	(void)arg;
	limit_calls();
	syscall(SYS_tgkill, parent, parent, 0);
}

static void
trace(void *arg)
{
	(void)arg;
	limit_calls();
	syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void
call_unknown(void *arg)
{
	(void)arg;
	limit_calls();
	syscall(9999);
}

static void
change_attributes(void *arg)
{
	(void)arg;
	limit_calls();
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void
a_forbidden_call_ends_the_process_and_is_named(void **state)
{
	static const struct {
		child_fn *code;
		const char *name;
	} forbidden[] = {
		{ make_socket, "socket" },
		{ execute, "execve" },
		{ make_process, "clone" },
		{ make_memory_executable, "mprotect" },
#ifndef __s390__
		{ map_executable, "mmap" },
#endif
		{ write_file, "openat" },
		{ signal_another, "tgkill" },
		{ trace, "ptrace" },
		{ change_attributes, "prctl" },
		{ call_unknown, "unknown" },
	};
	struct child child;
	char line[128];

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++) {
		child_run(&child, forbidden[i].code, (void *)unit_path("new"));
		skip_if_unsupported(&child);
		child_assert_killed(&child, SIGABRT);
		snprintf(line, sizeof(line),
		    "panic: forbidden system call: %s\n", forbidden[i].name);
		assert_string_equal(child.lines, line);
		assert_int_not_equal(access(unit_path("new"), F_OK), 0);
	}
}

/* With a server that has an IPv4 address. */
static void
use_network(void *arg)
{
	struct sandbox_network server = { .has_ipv4 = true };
	int fd, on = 1;

	network = &server;
	limit_calls();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	expect(fd >= 0 || errno == EAFNOSUPPORT);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (arg != NULL)
		socket(AF_INET6, SOCK_STREAM, 0);
}

static void
sockets_of_the_families_of_servers_are_allowed_and_of_no_others(void **state)
{
	struct child child;

	child_run(&child, use_network, NULL);
	skip_if_unsupported(&child);
	child_assert_exited(&child, 0);
	child_run(&child, use_network, (void *)unit_path(""));
	child_assert_killed(&child, SIGABRT);
	assert_string_equal(
	    child.lines, "panic: forbidden system call: socket\n");
}

static void
connect_elsewhere(void *arg)
{
	struct sandbox_network server = {
		.has_ipv4 = true, .ports = { 1 }, .port_count = 1
	};
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		_exit(UNSUPPORTED);
	network = &server;
	limit_files(NULL);
	address.sin_port = htons(2);
	expect(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0);
	/* Before version 4 of Landlock it is not limited. */
	if (errno != EACCES)
		_exit(UNSUPPORTED);
	address.sin_port = htons(1);
	expect(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0);
	expect(errno != EACCES);
}

static void
no_port_but_those_of_the_servers_can_be_connected_to(void **state)
{
	struct child child;

	child_run(&child, connect_elsewhere, NULL);
	skip_if_unsupported(&child);
	child_assert_exited(&child, 0);
}

/* No person ends the daemon with this signal, in the sandbox or not. */
static void
get_signal(void *arg)
{
	(void)arg;
	limit_calls();
	raise(SIGSYS);
}

static void
a_sigsys_that_was_sent_is_ignored(void **state)
{
	struct child child;

	child_run(&child, get_signal, NULL);
	skip_if_unsupported(&child);
	child_assert_exited(&child, 0);
	assert_string_equal(child.lines, "");
}

/* A descriptor from before keeps working; of all names one is left. */
static void
use_files(void *arg)
{
	const char *source = arg;
	int fd = open(unit_path("open"), O_RDWR | O_CREAT, 0600);
	struct stat st;

	limit_files(source);
	expect(write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
	expect(stat("/", &st) == 0);
	if (source != NULL && access(source, F_OK) == 0) {
		expect(open(source, O_RDONLY) >= 0);
		expect(open(source, O_WRONLY) < 0 && errno == EACCES);
	}
	expect(open(unit_path("open"), O_RDONLY) < 0 && errno == EACCES);
	expect(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	expect(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
	expect(open(unit_path("new"), O_WRONLY | O_CREAT, 0600) < 0 &&
	       errno == EACCES);
	expect(unlink(unit_path("open")) < 0 && errno == EACCES);
	expect(rename(unit_path("open"), unit_path("other")) < 0);
	expect(mkdir(unit_path("directory"), 0700) < 0 && errno == EACCES);
	expect(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
}

static void
no_file_but_the_source_can_be_opened(void **state)
{
	const char *sources[] = { NULL, unit_path("source"),
		unit_path("missing") };
	struct child child;

	close(creat(unit_path("source"), 0600));
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		child_run(&child, use_files, (void *)sources[i]);
		skip_if_unsupported(&child);
		child_assert_exited(&child, 0);
	}
}

/* The order of the two is right: the second does not break the first. */
static void
enter(void *arg)
{
	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	sandbox_enter(arg, NULL);
	if (open("/etc/passwd", O_RDONLY) >= 0)
		_exit(UNSUPPORTED);
	expect(open(arg, O_RDONLY) >= 0);
	socket(AF_INET, SOCK_STREAM, 0);
	_exit(UNSUPPORTED);
}

static void
both_halves_work_together(void **state)
{
	struct child child;

	close(creat(unit_path("source"), 0600));
	child_run(&child, enter, (void *)unit_path("source"));
	if (WIFEXITED(child.status)) {
		assert_memory_equal(
		    child.lines, "info: the sandbox is incomplete: ", 33);
		assert_ptr_equal(strchr(child.lines, '\n') + 1,
		    child.lines + strlen(child.lines));
	}
	skip_if_unsupported(&child);
	child_assert_killed(&child, SIGABRT);
	assert_string_equal(
	    child.lines, "panic: forbidden system call: socket\n");
}

#ifdef HAVE_LIBSECCOMP

#include <seccomp.h>

/* What a service manager or a container does to calls of the sandbox. */
struct surroundings {
	uint32_t action;
	bool is_for_calls, is_for_files;
};

static void
surround(const struct surroundings *surroundings)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint32_t action = surroundings->action;

#ifdef __NR_landlock_create_ruleset /* headers of Linux 5.13 */
	if (surroundings->is_for_files)
		expect(seccomp_rule_add(filter, action,
			   SCMP_SYS(landlock_create_ruleset), 0) == 0);
#endif
	if (surroundings->is_for_calls) {
		expect(seccomp_rule_add(filter, action, SCMP_SYS(seccomp), 0) ==
		       0);
		expect(seccomp_rule_add(filter, action, SCMP_SYS(prctl), 1,
			   SCMP_A0_64(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) == 0);
	}
	if (seccomp_load(filter) != 0)
		_exit(UNSUPPORTED);
	seccomp_release(filter);
}

static void
enter_in_surroundings(void *arg)
{
	const struct surroundings *surroundings = arg;
	bool is_limited;

	surround(surroundings);
	sandbox_enter("/dev/urandom", NULL);
	is_limited = open("/etc/passwd", O_RDONLY) < 0;
	expect(!is_limited || !surroundings->is_for_files);
	if (surroundings->is_for_calls)
		expect(socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM);
}

static void
what_the_surroundings_forbid_is_named_and_done_without(void **state)
{
	const uint32_t actions[] = { SCMP_ACT_ERRNO(EPERM),
		SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL, SCMP_ACT_TRAP };
	struct child child;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		for (int parts = 0; parts < 4; parts++) {
			struct surroundings surroundings = { actions[i],
				(parts & 1) != 0, (parts & 2) != 0 };

			child_run(&child, enter_in_surroundings, &surroundings);
			skip_if_unsupported(&child);
			child_assert_exited(&child, 0);
			if (surroundings.is_for_calls)
				assert_memory_equal(child.lines,
				    "info: the sandbox is incomplete: "
				    "system calls: ",
				    47);
			if (surroundings.is_for_files)
				assert_non_null(strstr(child.lines, "files: "));
			/* One line at most. */
			if (child.lines[0] != '\0')
				assert_ptr_equal(strchr(child.lines, '\n') + 1,
				    child.lines + strlen(child.lines));
		}
}

#endif

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_serving_takes_is_allowed),
		TEST(a_forbidden_call_ends_the_process_and_is_named),
		TEST(
		    sockets_of_the_families_of_servers_are_allowed_and_of_no_others),
		TEST(no_port_but_those_of_the_servers_can_be_connected_to),
		TEST(a_sigsys_that_was_sent_is_ignored),
		TEST(no_file_but_the_source_can_be_opened),
		TEST(both_halves_work_together),
#ifdef HAVE_LIBSECCOMP
		TEST(what_the_surroundings_forbid_is_named_and_done_without),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

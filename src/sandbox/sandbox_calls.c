/*
 * sandbox_calls: the system calls that are left, by seccomp. Owns the list of
 * them, the names of all others, and the handler of SIGSYS.
 *
 * libseccomp is used for the names and numbers of calls only. The program is
 * built here, without allocating: libseccomp 2.5.4 crashes when out of memory.
 *
 * C libraries differ in which of several calls they take for one thing, by
 * version and by machine, so all names for it are here. One that the library
 * at hand does not know, or that this machine does not have, is passed over.
 */
#include "sandbox.h"

#include "log.h"
#include "xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SANITIZER
#endif
#endif

#if !defined(HAVE_LIBSECCOMP) || defined(HAVE_SANITIZER)

enum error
sandbox_limit_calls(const struct sandbox_network *network, char **cause)
{
	(void)network;
#ifdef HAVE_SANITIZER
	*cause = xstrdup("system calls: a sanitizer needs others than we do");
#else
	*cause = xstrdup("system calls: built without libseccomp");
#endif
	return ERROR_UNSUPPORTED;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that the signal handler, which may not call the library, can name. */
#define NUMBERS  512
#define NAME_LEN 32

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code of a call that a filter stopped */
#endif

/*
 * A call, and what one of its arguments has to be, in the bits of `mask`; no
 * mask: anything. `error`: the call fails with that instead.
 */
struct call {
	const char *name;
	unsigned argument;
	uint32_t mask, value;
	uint16_t error;
};

/* Flags of open(2) that a file that is only read does without. */
#define OPEN_TO_CHANGE (O_ACCMODE | O_CREAT | O_TRUNC)

/*
 * The most frequent first: older kernels go through it for each call.
 *
 * writev(2) is not on it: only glibc calls it, to print to standard error why
 * it is about to abort (heap corruption, a smashed stack). Nobody reads that;
 * the line about a forbidden call is logged.
 */
static const struct call calls[] = {
	/* The event loop. */
	{ .name = "epoll_wait" },
	{ .name = "epoll_pwait" },
	{ .name = "epoll_pwait2" },
	{ .name = "epoll_ctl" },
	{ .name = "clock_gettime" }, /* where the vDSO does not do it */
	{ .name = "clock_gettime64" },
	{ .name = "gettimeofday" },
	{ .name = "time" },
	/* Clients. */
	{ .name = "accept4" },
	{ .name = "getsockopt" }, /* SO_PEERCRED */
	{ .name = "getppid" },    /* the peer with -S */
	{ .name = "getuid" },
	{ .name = "getuid32" },
	{ .name = "geteuid" },
	{ .name = "geteuid32" },
	{ .name = "read" },
	{ .name = "recv" },
	{ .name = "recvfrom" },
	{ .name = "write" },
	{ .name = "send" },
	{ .name = "sendto" },
	{ .name = "close" },
	/* The log, and EGD: sockets that have to be made again. */
	{ "socket", 0, UINT32_MAX, AF_UNIX, 0 },
	{ .name = "socketcall" }, /* how 32-bit x86 may do all of these */
	{ .name = "connect" },
	{ .name = "sendmsg" },
	{ .name = "getpid" },
	{ .name = "poll" },  /* at the end, for a log daemon that is behind */
	{ .name = "ppoll" }, /* and with -S, for input */
	{ .name = "ppoll_time64" },
	/* The source of entropy; OpenSSL's own without getrandom(2). */
	{ .name = "getrandom" },
	{ "open", 1, OPEN_TO_CHANGE, O_RDONLY, 0 },
	{ "openat", 2, OPEN_TO_CHANGE, O_RDONLY, 0 },
	/* Files that are open: caches, ticket keys, the exchange file. */
	{ .name = "pread64" },
	{ .name = "preadv2" },
	{ .name = "fadvise64" },
	{ .name = "fadvise64_64" },
	{ .name = "arm_fadvise64_64" },
	{ .name = "pwrite64" },
	{ .name = "lseek" },
	{ .name = "_llseek" },
	{ .name = "fstat" },
	{ .name = "fstat64" },
	{ .name = "newfstatat" }, /* fstat(3), and stat(3) in Berkeley DB */
	{ .name = "fstatat64" },
	{ .name = "statx" },
	{ .name = "stat" },
	{ .name = "stat64" },
	{ .name = "ftruncate" },
	{ .name = "ftruncate64" },
	{ .name = "fsync" },
	{ .name = "fdatasync" },
	{ .name = "flock" },
	{ .name = "fcntl" }, /* locks; F_DUPFD for Berkeley DB */
	{ .name = "fcntl64" },
	/* Memory, but none of it can be executed. */
	{ .name = "brk" },
#ifdef __s390__
	/* It takes its arguments from memory, where no filter can look. */
	{ .name = "mmap" },
	{ .name = "mmap2" },
#else
	{ "mmap", 2, PROT_EXEC, 0, 0 },
	{ "mmap2", 2, PROT_EXEC, 0, 0 },
#endif
	{ "mprotect", 2, PROT_EXEC, 0, 0 },
	{ .name = "mremap" },
	{ .name = "munmap" },
	{ .name = "madvise" },
	/* With glibc.mem.decorate_maps it gives names to memory. */
	{ "prctl", 0, UINT32_MAX, PR_SET_VMA, EINVAL },
	/* Locks within OpenSSL and Berkeley DB; nobody ever waits for one. */
	{ .name = "futex" },
	{ .name = "futex_time64" },
	{ .name = "sched_yield" },
	/* Berkeley DB, of a new table: how many processors? */
	{ .name = "sched_getaffinity" },
	{ .name = "sysinfo" }, /* qsort(3): how much memory? */
	/* Signals: the watchdog, the end on SIGTERM, abort(3). */
	{ .name = "rt_sigaction" },
	{ .name = "rt_sigprocmask" },
	{ .name = "rt_sigreturn" },
	{ .name = "sigreturn" },
	{ .name = "gettid" },
	/* The end, and waiting for the lock of the exchange file before it. */
	{ .name = "clock_nanosleep" },
	{ .name = "clock_nanosleep_time64" },
	{ .name = "nanosleep" },
	{ .name = "restart_syscall" }, /* it was stopped in a wait */
	{ .name = "exit_group" },
	{ .name = "exit" },
};

static char names[NUMBERS + 1][NAME_LEN] = { [NUMBERS] = "unknown" };

static void
learn_names(void)
{
	for (int number = 0; number < NUMBERS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(
		    seccomp_arch_native(), number);

		if (name != NULL)
			snprintf(names[number], NAME_LEN, "%s", name);
		else
			snprintf(names[number], NAME_LEN, "number %d", number);
		free(name);
	}
}

static void
forbidden_cb(int signal_number, siginfo_t *info, void *context)
{
	static const char start[] = "forbidden system call: ";
	char text[sizeof(start) + NAME_LEN];
	int call = info->si_syscall;

	(void)signal_number;
	(void)context;
	if (info->si_code != SYS_SECCOMP)
		return; /* somebody sent it */
	if (call < 0 || call >= NUMBERS)
		call = NUMBERS;
	memcpy(text, start, sizeof(start));
	memcpy(text + sizeof(start) - 1, names[call], NAME_LEN);
	log_emergency(LOG_LEVEL_PANIC, text);
	abort();
}

static void
catch_forbidden(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = forbidden_cb;
	sigemptyset(&action.sa_mask);
	sigaction(SIGSYS, &action, NULL);
}

/* What the kernel runs for each call. */
struct program {
	struct sock_filter code[8 * sizeof(calls) / sizeof(calls[0])];
	unsigned short len;
};

/* A conditional jump goes on with the next, or skips so many. */
static void
emit(struct program *program, uint16_t code, uint32_t value, uint8_t skip)
{
	program->code[program->len++] = (struct sock_filter){
		.code = code,
		.jf = skip,
		.k = value,
	};
}

static void
emit_load(struct program *program, size_t offset)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0);
}

/* Only the lower half of an argument counts for the calls on the list. */
static size_t
argument_offset(unsigned argument)
{
	size_t offset =
	    offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	offset += sizeof(uint32_t);
#endif
	return offset;
}

/* With the number of the call in hand, before and after. */
static void
emit_call(struct program *program, const struct call *call)
{
	uint32_t action = call->error != 0 ? SECCOMP_RET_ERRNO | call->error
	                                   : SECCOMP_RET_ALLOW;
	int number = seccomp_syscall_resolve_name(call->name);

	if (number < 0)
		return; /* not here */
	if (call->mask == 0) {
		emit(program, BPF_JMP | BPF_JEQ, (uint32_t)number, 1);
		emit(program, BPF_RET, action, 0);
		return;
	}
	emit(program, BPF_JMP | BPF_JEQ, (uint32_t)number, 5);
	emit_load(program, argument_offset(call->argument));
	emit(program, BPF_ALU | BPF_AND, call->mask, 0);
	emit(program, BPF_JMP | BPF_JEQ, call->value, 1);
	emit(program, BPF_RET, action, 0);
	emit_load(program, offsetof(struct seccomp_data, nr));
}

/* What a connection to a server elsewhere takes besides. */
static void
emit_network(struct program *program, const struct sandbox_network *network)
{
	static const struct call ipv4 = { "socket", 0, UINT32_MAX, AF_INET, 0 };
	static const struct call ipv6 = { "socket", 0, UINT32_MAX, AF_INET6,
		0 };
	static const struct call options = { .name = "setsockopt" };

	if (network->has_ipv4)
		emit_call(program, &ipv4);
	if (network->has_ipv6)
		emit_call(program, &ipv6);
	emit_call(program, &options);
}

static void
emit_program(struct program *program, const struct sandbox_network *network)
{
	/* abort(3): a signal to nobody but ourselves. */
	const struct call tgkill = { "tgkill", 0, UINT32_MAX,
		(uint32_t)getpid(), 0 };

	program->len = 0;
	emit_load(program, offsetof(struct seccomp_data, arch));
	emit(program, BPF_JMP | BPF_JEQ, seccomp_arch_native(), 1);
	/* Else it is a call of another machine: 32-bit ones on 64-bit x86. */
	emit(program, BPF_JMP | BPF_JA, 1, 0);
	emit(program, BPF_RET, SECCOMP_RET_KILL_PROCESS, 0);
	emit_load(program, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		emit_call(program, &calls[i]);
	emit_call(program, &tgkill);
	if (network != NULL)
		emit_network(program, network);
	emit(program, BPF_RET, SECCOMP_RET_TRAP, 0);
}

/* False, with errno: the kernel does not take it. */
static bool
load_program(struct program *program)
{
	struct sock_fprog filter = {
		.len = program->len,
		.filter = program->code,
	};
	/* No code of others runs here that must be kept from speculation. */
	unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) ==
		       0 ||
		   syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) ==
		       0);
}

enum error
sandbox_limit_calls(const struct sandbox_network *network, char **cause)
{
	struct program program;

	emit_program(&program, network);
	learn_names();
	if (!load_program(&program)) {
		*cause =
		    xasprintf("system calls: seccomp: %s", strerror(errno));
		return ERROR_UNSUPPORTED;
	}
	/* Not before: a filter that is there already may use SIGSYS as well. */
	catch_forbidden();
	return ERROR_NONE;
}

#endif

/*
 * sandbox_files: no file may be opened, made, removed or executed any more,
 * but for one, and no port connected to but those given; by Landlock (Linux
 * 5.13, and 6.7 for ports). What is open already is not affected.
 */
#include "sandbox.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __has_include
#if __has_include(<linux/landlock.h>)
#define HAVE_LANDLOCK
#endif
#endif

#ifndef HAVE_LANDLOCK

enum error
sandbox_limit_files(const char *source_file,
    const struct sandbox_network *network, char **cause)
{
	(void)source_file;
	(void)network;
	*cause = xstrdup("files: built without Landlock");
	return ERROR_UNSUPPORTED;
}

#else

#include <linux/landlock.h>

/* Connections came with version 4 of it, after the headers of Debian 12. */
#define NETWORK_VERSION 4
#define CONNECT_TCP     (UINT64_C(1) << 1)
#define RULE_PORT       2

struct limits {
	uint64_t files;
	uint64_t network;
};

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

static enum error
fail(const char *what, char **cause)
{
	*cause = xasprintf("files: %s: %s", what, strerror(errno));
	return ERROR_UNSUPPORTED;
}

/* All rights to files of which this version of the interface knows. */
static uint64_t
all_rights(long version)
{
	/* Bits from 0 on; later versions limit other things than files. */
	static const unsigned counts[] = { 0, 13, 14, 15, 15, 16 };
	const long last = sizeof(counts) / sizeof(counts[0]) - 1;

	return (UINT64_C(1) << counts[version < last ? version : last]) - 1;
}

/*
 * One that is not there cannot be allowed: when it comes, it takes a fresh
 * start to open it, as it would in the jail.
 */
static bool
allow_reading(int rules, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	long result;

	if (rule.parent_fd < 0)
		return true;
	result = syscall(
	    SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return result == 0;
}

static bool
allow_connecting(int rules, const struct sandbox_network *network)
{
	for (unsigned i = 0; i < network->port_count; i++) {
		const struct port_rule rule = { CONNECT_TCP,
			network->ports[i] };

		if (syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) <
		    0)
			return false;
	}
	return true;
}

enum error
sandbox_limit_files(const char *source_file,
    const struct sandbox_network *network, char **cause)
{
	struct limits limits = { 0 };
	enum error error = ERROR_NONE;
	long version;
	int rules;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return fail("no Landlock here", cause);
	limits.files = all_rights(version);
	if (network != NULL && version >= NETWORK_VERSION)
		limits.network = CONNECT_TCP;
	rules = (int)syscall(SYS_landlock_create_ruleset, &limits,
	    limits.network != 0 ? sizeof(limits) : sizeof(limits.files), 0);
	if (rules < 0)
		return fail("Landlock", cause);
	if ((source_file != NULL && !allow_reading(rules, source_file)) ||
	    (network != NULL && limits.network != 0 &&
		!allow_connecting(rules, network)) ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		error = fail("Landlock", cause);
	close(rules);
	return error;
}

#endif

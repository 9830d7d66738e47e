/*
 * daemon_descriptors: how many clients there can be, given how many files this
 * process may have open; and whether it has a file open already.
 */
#include "daemon.h"

#include "log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Descriptors that are not clients: so many are asked for ... */
#define OTHERS_MAX 64

/* ... and of those, so many may be opened after the start: log, entropy. */
#define LATER_MAX 8

void
daemon_raise_descriptor_limit(const struct daemon *daemon)
{
	rlim_t wanted =
	    (rlim_t)daemon->settings->tlsmgr_client_limit + OTHERS_MAX;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The kernel gives the lowest that is free, so none is beyond OTHERS_MAX. */
static rlim_t
count_descriptors(void)
{
	rlim_t count = 0;

	for (int fd = 0; fd < OTHERS_MAX; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			count++;
	return count;
}

/* By its inode: the same file may have been named in another way. */
bool
daemon_has_open(const char *path)
{
	struct stat st, other;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	for (int fd = 0; fd < OTHERS_MAX; fd++)
		if (fstat(fd, &other) == 0 && other.st_dev == st.st_dev &&
		    other.st_ino == st.st_ino)
			return true;
	return false;
}

size_t
daemon_client_limit(const struct daemon *daemon)
{
	size_t configured = (size_t)daemon->settings->tlsmgr_client_limit;
	rlim_t others = count_descriptors() + LATER_MAX, clients;
	struct rlimit limit;

	if (daemon->options->stdio_client ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return configured;
	clients = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
	if (clients >= configured)
		return configured;
	log_warning("tlsmgr_client_limit is %zu, but the system allows %llu "
		    "open files: no more than %llu clients",
	    configured, (unsigned long long)limit.rlim_cur,
	    (unsigned long long)clients);
	return (size_t)clients;
}

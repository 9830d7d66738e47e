/*
 * slowsync: a preloaded library that makes of any disk one on which each sync
 * takes 5 ms, as on a busy one, or one without a cache of its own.
 */
#include <time.h>
#include <unistd.h>

#define SYNC_DELAY_NS 5000000

static int
wait_for_disk(void)
{
	const struct timespec delay = { .tv_nsec = SYNC_DELAY_NS };

	return nanosleep(&delay, NULL);
}

int
fsync(int fd)
{
	(void)fd;
	return wait_for_disk();
}

int
fdatasync(int fd)
{
	(void)fd;
	return wait_for_disk();
}

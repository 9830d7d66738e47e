/*
 * clockshift: preloaded into a daemon (LD_PRELOAD), moves the clocks that it
 * reads, while it runs. The file named by CLOCKSHIFT_FILE holds two native
 * int64_t, seconds to add to the time of day and to the monotonic clocks; it
 * is mapped at start, so a jail does not matter and a look costs nothing.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	SHIFT_REALTIME,
	SHIFT_MONOTONIC,
	SHIFTS,
};

static const int64_t no_shift[SHIFTS];
static const volatile int64_t *shift_s = no_shift;

static void __attribute__((constructor)) clockshift_map(void)
{
	const char *path = getenv("CLOCKSHIFT_FILE");
	void *map;
	int fd;

	if (path == NULL || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	map = mmap(NULL, sizeof(no_shift), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		shift_s = map;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, clock, now);

	if (result != 0)
		return (int)result;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		now->tv_sec += (time_t)shift_s[SHIFT_REALTIME];
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		now->tv_sec += (time_t)shift_s[SHIFT_MONOTONIC];
		break;
	default: /* processor time */
		break;
	}
	return 0;
}

time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict result, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	result->tv_sec = now.tv_sec;
	result->tv_usec = now.tv_nsec / 1000;
	return 0;
}

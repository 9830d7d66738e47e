/*
 * secret: pages of anonymous memory that no core file gets. Owns nothing.
 */
#include "secret.h"

#include "log.h"
#include "secret_registers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* More than any call below the event loop takes; and a part of that. */
#define STACK_LEN       (48 * 1024)
#define SMALL_STACK_LEN (8 * 1024)

/* Under a limit of less, there may be no room for all of it. */
#define LARGE_LIMIT (4 * STACK_LEN)

static bool is_stack_small;

void *
secret_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		log_fatal(
		    "out of memory: %zu bytes: %s", size, strerror(errno));
	(void)madvise(memory, size, MADV_DONTDUMP);
	return memory;
}

void
secret_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	/* The kernel clears pages before others get them, not before a core. */
	explicit_bzero(memory, size);
	munmap(memory, size);
}

/* Not inlined: their frames have to lie where those of others have been. */
static __attribute__((noinline)) void
wipe_stack(void)
{
	unsigned char frame[STACK_LEN];

	explicit_bzero(frame, sizeof(frame));
}

static __attribute__((noinline)) void
wipe_small_stack(void)
{
	unsigned char frame[SMALL_STACK_LEN];

	explicit_bzero(frame, sizeof(frame));
}

void
secret_wipe_leftovers(void)
{
	secret_wipe_registers();
	if (is_stack_small)
		wipe_small_stack();
	else
		wipe_stack();
}

void
secret_prepare(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	struct rlimit limit;

	is_stack_small = getrlimit(RLIMIT_STACK, &limit) == 0 &&
	                 limit.rlim_cur < LARGE_LIMIT;
	if (fd < 0)
		return;
	/* No kind of mapping; a failure leaves it as it was. */
	if (write(fd, "0\n", 2) < 0)
		errno = 0;
	close(fd);
}

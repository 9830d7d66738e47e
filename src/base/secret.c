/*
 * secret: pages of anonymous memory that no core file gets. Owns nothing.
 */
#include "secret.h"

#include "log.h"
#include "minmax.h"
#include "secret_registers.h"

#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* More than any call below the event loop takes. */
#define STACK_LEN (48 * 1024)

/* Where the stack may not become large, what others leave of it. */
#define STACK_PART 4

static size_t stack_len = STACK_LEN;

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

/* Not inlined: its frame has to lie where those of others have been. */
__attribute__((noinline)) void
secret_wipe_leftovers(void)
{
	secret_wipe_registers();
	explicit_bzero(alloca(stack_len), stack_len);
}

void
secret_prepare(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) == 0)
		stack_len = min_u64(STACK_LEN, limit.rlim_cur / STACK_PART);
	if (fd < 0)
		return;
	/* No kind of mapping; a failure leaves it as it was. */
	if (write(fd, "0\n", 2) < 0)
		errno = 0;
	close(fd);
}

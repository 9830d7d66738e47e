/*
 * failing_malloc: preloaded into a daemon (LD_PRELOAD), takes the place of the
 * C library's allocator, and says no where it is told to. The file named by
 * FAILING_MALLOC_FILE holds a struct plan; it is mapped at start, so a jail
 * does not matter and a test can look and change its mind while we run.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct plan {
	uint64_t calls; /* so far */
	uint64_t first; /* the number of the first call that fails; 0: none */
	uint64_t end;   /* and of the first behind it that does not */
	uint64_t failures; /* so far */
};

/* glibc's own names for what we hide. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static struct plan no_plan;
static struct plan *plan = &no_plan;
static bool is_exempt;

static void __attribute__((constructor)) failing_malloc_map(void)
{
	const char *path = getenv("FAILING_MALLOC_FILE");
	void *map;
	int fd;

	/* Which only starts the daemon. */
	if (strcmp(program_invocation_short_name, "env") == 0)
		return;
	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	map = mmap(
	    NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		plan = map;
}

static bool
is_to_fail(void)
{
	uint64_t call;

	if (is_exempt)
		return false;
	call = ++plan->calls;
	if (plan->first == 0 || call < plan->first || call >= plan->end)
		return false;
	plan->failures++;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return is_to_fail() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return is_to_fail() ? NULL : __libc_realloc(old, size);
}

void *
memalign(size_t alignment, size_t size)
{
	return is_to_fail() ? NULL : __libc_memalign(alignment, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int
posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = memalign(alignment, size);
	return *memory != NULL ? 0 : ENOMEM;
}

/*
 * Without memory the C library's lookup of a user crashes by itself, by an
 * assertion or a null pointer (glibc 2.36): not an end that a program can
 * prevent.
 */
struct passwd *
getpwnam(const char *name)
{
	struct passwd *(*next)(const char *);
	struct passwd *user;

	is_exempt = true;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwnam");
	user = next(name);
	is_exempt = false;
	return user;
}

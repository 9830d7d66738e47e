/*
 * forbidden: preloaded into a daemon (LD_PRELOAD), does from within its event
 * loop what somebody might who took it over. The file named by FORBIDDEN_FILE
 * holds two native int32_t: what to do next, which is then set to 0, and the
 * errno that came of it, -1 before. It is mapped at start, so a jail does not
 * matter. Files are tried at the path FORBIDDEN_PATH.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum deed {
	NOTHING,
	MAKE_SOCKET,
	EXECUTE,
	READ_FILE,
	WRITE_FILE,
	MAKE_EXECUTABLE,
	HANG,
};

static struct {
	volatile int32_t deed;
	volatile int32_t result;
} nothing, *asked = &nothing;

static const char *path;

static void __attribute__((constructor)) forbidden_map(void)
{
	const char *name = getenv("FORBIDDEN_FILE");
	void *map;
	int fd;

	path = getenv("FORBIDDEN_PATH");
	if (name == NULL || (fd = open(name, O_RDWR | O_CLOEXEC)) < 0)
		return;
	map = mmap(
	    NULL, sizeof(*asked), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		asked = map;
}

static int
try(int32_t deed)
{
	char *const arguments[] = { (char *)"true", NULL };
	void *memory;

	switch (deed) {
	case MAKE_SOCKET:
		return socket(AF_INET, SOCK_STREAM, 0);
	case EXECUTE:
		return execve("/bin/true", arguments, arguments);
	case READ_FILE:
		return open(path, O_RDONLY);
	case WRITE_FILE:
		return open(path, O_WRONLY | O_CREAT, 0600);
	case MAKE_EXECUTABLE:
		memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return memory == MAP_FAILED ? -1 : 0;
	case HANG:
		while (asked->result != 0)
			continue;
		return 0;
	default:
		return 0;
	}
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	static int (*next)(int, struct epoll_event *, int, int);
	int32_t deed;
	int result;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "epoll_wait");
	result = next(fd, events, count, timeout);
	if ((deed = asked->deed) != NOTHING) {
		asked->deed = NOTHING;
		asked->result = try(deed) < 0 ? errno : 0;
	}
	return result;
}

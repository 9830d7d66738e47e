/*
 * entropy: the life of an external entropy source and of one read from it.
 * Owns the descriptor and the bytes until the callback has seen them, then
 * wipes them. Never blocks, never logs a byte.
 */
#include "entropy.h"

#include "clock.h"
#include "entropy_ops.h"
#include "log.h"
#include "minmax.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A source that has nothing yet is looked at again by timer, not watched:
 * /dev/hwrng has no poll operation, and epoll(7) refuses such a device.
 */
#define RETRY_US 50000
#define US_PER_S 1000000

static const struct entropy_ops *const prefixed_kinds[] = {
	&entropy_device_ops,
	&entropy_egd_ops,
};

static const struct entropy_ops *
find_kind(const char *name)
{
	const size_t count = sizeof(prefixed_kinds) / sizeof(prefixed_kinds[0]);

	for (size_t i = 0; i < count; ++i) {
		const struct entropy_ops *kind = prefixed_kinds[i];

		if (strncmp(name, kind->prefix, strlen(kind->prefix)) == 0)
			return kind;
	}
	return &entropy_file_ops;
}

enum error
entropy_source_new(struct entropy_source **source, const char *name)
{
	const struct entropy_ops *kind = find_kind(name);
	const char *path = name + strlen(kind->prefix);

	*source = NULL;
	if (*path == '\0') {
		log_warning("entropy source \"%s\" has no path", name);
		return ERROR_INVALID;
	}
	*source = xcalloc(1, sizeof(**source));
	(*source)->ops = kind;
	(*source)->name = xstrdup(name);
	(*source)->path = (*source)->name + (path - name);
	(*source)->fd = -1;
	return ERROR_NONE;
}

static void
close_source(struct entropy_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

void
entropy_source_free(struct entropy_source *source)
{
	if (source == NULL)
		return;
	if (source->done != NULL)
		loop_timer_fini(&source->timer);
	close_source(source);
	explicit_bzero(source->bytes, sizeof(source->bytes));
	free(source->name);
	free(source);
}

enum error
entropy_source_open(struct entropy_source *source)
{
	enum error error = source->ops->open(source);

	if (error == ERROR_NONE)
		log_debug("opened %s %s", source->ops->noun, source->path);
	return error;
}

bool
entropy_source_is_open(const struct entropy_source *source)
{
	return source->fd >= 0;
}

const char *
entropy_source_file(const struct entropy_source *source)
{
	return source->ops->request == NULL ? source->path : NULL;
}

bool
entropy_source_reads_once(const struct entropy_source *source)
{
	return source->ops->reads_once;
}

/* Call before errno changes. */
static void
log_read_failure(const struct entropy_source *source, enum error error)
{
	const char *reason = error_text(error);

	if (error == ERROR_IO)
		reason = strerror(errno);
	else if (error == ERROR_CLOSED)
		reason = "end of file";
	else if (error == ERROR_NOT_FOUND)
		reason = "it has no bytes to give";
	log_warning("cannot read from %s %s: %s", source->ops->noun,
	    source->path, reason);
}

/*
 * Keep the descriptor for the next read? A device that was silent may have
 * data by then, and in the jail it could not be opened again.
 */
static bool
is_worth_keeping(const struct entropy_source *source, enum error error)
{
	switch (error) {
	case ERROR_NONE:
		return !source->ops->reads_once;
	case ERROR_NOT_FOUND:
		return true;
	case ERROR_TIMED_OUT:
		return !source->ops->is_framed;
	default:
		return false;
	}
}

static void
finish_read(struct entropy_source *source, enum error error)
{
	entropy_done_fn *done = source->done;

	if (error != ERROR_NONE) {
		log_read_failure(source, error);
		source->len = 0;
	} else
		log_debug("read %zu bytes from %s %s", source->len,
		    source->ops->noun, source->path);
	loop_timer_fini(&source->timer);
	source->done = NULL;
	if (!is_worth_keeping(source, error))
		close_source(source);
	done(source->done_arg, error, source->bytes, source->len);
	explicit_bzero(source->bytes, sizeof(source->bytes));
}

/* Not complete yet: wait, unless the time is up. */
static void
wait_for_more(struct entropy_source *source)
{
	if (clock_monotonic_us() < source->deadline_us)
		loop_timer_set(&source->timer, RETRY_US);
	else if (source->len > 0 && !source->ops->is_framed)
		finish_read(source, ERROR_NONE);
	else
		finish_read(source, ERROR_TIMED_OUT);
}

static void
try_receive(void *arg)
{
	struct entropy_source *source = arg;
	enum error error = source->ops->receive(source);

	if (error == ERROR_AGAIN)
		wait_for_more(source);
	else
		finish_read(source, error);
}

void
entropy_source_read(struct entropy_source *source, struct loop *loop,
    size_t wanted, entropy_done_fn *done, void *arg)
{
	enum error error = ERROR_NONE;

	source->wanted = min_size(wanted, ENTROPY_BYTES_MAX);
	source->len = 0;
	source->done = done;
	source->done_arg = arg;
	source->deadline_us =
	    clock_monotonic_us() + (uint64_t)ENTROPY_TIMEOUT_S * US_PER_S;
	loop_timer_init(&source->timer, loop, try_receive, source);
	if (source->fd < 0)
		error = ERROR_CLOSED;
	else if (source->ops->request != NULL)
		error = source->ops->request(source);
	if (error == ERROR_NONE)
		try_receive(source);
	else
		finish_read(source, error);
}

/*
 * master_status: tells master(8) whether this process is free. Borrows the
 * descriptor. Never blocks, and completes each pair: a master that has read
 * "busy" and not "ready" takes a later failure for one at the start, and
 * throttles the service for a minute.
 */
#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PAIR_PERIOD_US 1000000

/* What travels over the channel, in native form. */
struct status_record {
	int pid;
	int generation;
	int avail;
};

_Static_assert(
    sizeof(struct status_record) == 3 * sizeof(int), "master reads three ints");

void
master_status_init(struct master_status *status, int fd, unsigned generation)
{
	int flags;

	*status = (struct master_status){ .fd = fd, .generation = generation };
	if (fd < 0)
		return;
	/*
	 * The flag goes with the open file, which other processes have as
	 * well: master, and what it starts for this service. Only processes
	 * of this service ever write to it.
	 */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		status->fd = -1;
}

/* False: not written. A record is never split, being less than PIPE_BUF. */
static bool
write_record(struct master_status *status, int avail)
{
	struct status_record record = {
		.pid = (int)getpid(),
		.generation = (int)status->generation,
		.avail = avail,
	};

	if (write(status->fd, &record, sizeof(record)) >= 0)
		return true;
	if (errno != EAGAIN && errno != EINTR)
		status->fd = -1; /* master is gone */
	return false;
}

void
master_status_busy(struct master_status *status, uint64_t now_us)
{
	if (status->fd < 0 || status->is_busy || now_us < status->next_pair_us)
		return;
	status->next_pair_us = now_us + PAIR_PERIOD_US;
	status->is_busy = write_record(status, 0);
}

void
master_status_ready(struct master_status *status)
{
	if (status->fd < 0 || !status->is_busy)
		return;
	status->is_busy = !write_record(status, 1) && status->fd >= 0;
}

/*
 * journal_io: every call to the system about the journal's file, and what
 * follows when one fails. A failing disk costs no system call per request: it
 * is left alone for a while after each failure. Keeps account of the file's
 * length. Never changes what is in memory but for that.
 */
#include "journal_private.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define RETRY_DELAY_US     100000
#define COMPLAINT_PERIOD_S 60

/*
 * Where so many reads in a row were long overdue, the file system reads
 * nothing of its own accord; from then on it is waited for at once.
 */
#define OVERDUE_READS_MAX 8

/* Note and tell that the file cannot be written, or truncated, or synced. */
static enum error
fail_write(struct journal *journal, const char *verb)
{
	const char *reason = strerror(errno);

	journal->write_error = error_of_write(errno);
	journal->write_retry_us = clock_monotonic_us() + RETRY_DELAY_US;
	if (log_limit_allows(&journal->write_complaints, COMPLAINT_PERIOD_S))
		log_warning("cannot %s the journal of %s: %s", verb,
		    journal->name, reason);
	return journal->write_error;
}

static bool
is_in_backoff(const struct journal *journal)
{
	return journal->write_retry_us != 0 &&
	       clock_monotonic_us() < journal->write_retry_us;
}

enum error
journal_io_write(
    struct journal *journal, const void *data, size_t len, uint64_t position)
{
	const unsigned char *bytes = data;
	ssize_t done;

	if (is_in_backoff(journal))
		return journal->write_error;
	while (len > 0) {
		done = pwrite(journal->fd, bytes, len, (off_t)position);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			if (done == 0)
				errno = ENOSPC;
			return fail_write(journal, "write");
		}
		bytes += done;
		len -= (size_t)done;
		position += (size_t)done;
		if (journal->file_len < position)
			journal->file_len = position;
	}
	journal->write_retry_us = 0;
	return ERROR_NONE;
}

enum error
journal_io_read(struct journal *journal, void *data, size_t len,
    uint64_t position, size_t *got)
{
	unsigned char *bytes = data;
	ssize_t done;

	*got = 0;
	while (*got < len) {
		done = pread(journal->fd, bytes + *got, len - *got,
		    (off_t)(position + *got));
		if (done == 0)
			break;
		if (done > 0) {
			*got += (size_t)done;
		} else if (errno != EINTR) {
			if (log_limit_allows(
				&journal->read_complaints, COMPLAINT_PERIOD_S))
				log_warning("cannot read the journal of %s: %s",
				    journal->name, strerror(errno));
			return ERROR_IO;
		}
	}
	return ERROR_NONE;
}

/* Not every kernel and file system knows this call, nor every container. */
static bool
is_unsupported(void)
{
	return errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM ||
	       errno == EINVAL;
}

/* From now on the kernel may as well read ahead. */
static void
await_disk(struct journal *journal)
{
	journal->is_disk_awaited = true;
	(void)posix_fadvise(journal->fd, 0, 0, POSIX_FADV_NORMAL);
}

enum error
journal_io_read_cached(struct journal *journal, void *data, size_t len,
    size_t least, uint64_t position, size_t *got)
{
	const struct iovec vector = { .iov_base = data, .iov_len = len };
	ssize_t done;

	if (journal->is_disk_awaited || len < least)
		return journal_io_read(journal, data, len, position, got);
	done = preadv2(journal->fd, &vector, 1, (off_t)position, RWF_NOWAIT);
	if (done >= (ssize_t)least) {
		journal->overdue_reads = 0;
		*got = (size_t)done;
		return ERROR_NONE;
	}
	if (done > 0 || (done < 0 && errno == EAGAIN))
		return ERROR_AGAIN;
	if (done < 0 && is_unsupported())
		await_disk(journal);
	return journal_io_read(journal, data, len, position, got);
}

void
journal_io_count_overdue(struct journal *journal)
{
	if (++journal->overdue_reads == OVERDUE_READS_MAX)
		await_disk(journal);
}

void
journal_io_expect_random(struct journal *journal)
{
	(void)posix_fadvise(journal->fd, 0, 0, POSIX_FADV_RANDOM);
}

void
journal_io_fetch(struct journal *journal, uint64_t position, uint64_t end)
{
	if (position < end)
		(void)posix_fadvise(journal->fd, (off_t)position,
		    (off_t)(end - position), POSIX_FADV_WILLNEED);
}

enum error
journal_io_truncate(struct journal *journal, uint64_t len)
{
	if (ftruncate(journal->fd, (off_t)len) < 0)
		return fail_write(journal, "truncate");
	journal->file_len = len;
	return ERROR_NONE;
}

enum error
journal_io_sync(struct journal *journal)
{
	if (fdatasync(journal->fd) < 0)
		return fail_write(journal, "sync");
	return ERROR_NONE;
}

/* Looked for from there on: to look for a hole would take long in memory. */
static bool
is_hole_from(const struct journal *journal, uint32_t slot)
{
	return lseek(journal->fd, (off_t)journal_position(slot, 0), SEEK_DATA) <
	           0 &&
	       errno == ENXIO;
}

uint32_t
journal_io_data_end(const struct journal *journal, uint32_t low, uint32_t high)
{
	uint32_t middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (is_hole_from(journal, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void
journal_io_report_damage(struct journal *journal, uint64_t position)
{
	if (log_limit_allows(&journal->damage_complaints, COMPLAINT_PERIOD_S))
		log_warning("the journal of %s is damaged at byte %llu",
		    journal->name, (unsigned long long)position);
}

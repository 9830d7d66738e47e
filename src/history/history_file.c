/*
 * history_file: reads and writes the file of a history. Owns the descriptor
 * and its lock. Never waits, and never syncs: the kernel has what a killed
 * process wrote.
 */
#include "history_file.h"

#include "file_lock.h"
#include "history_content.h"
#include "log.h"
#include "safe_open.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
history_file_open(struct history_file *file, const char *path)
{
	char *cause;

	*file = (struct history_file){ .path = xstrdup(path), .fd = -1 };
	if (path[0] == '\0' ||
	    safe_open_private(path, &file->fd, &cause) == ERROR_NONE)
		return;
	log_warning("the history is kept in memory only: %s", cause);
	free(cause);
}

/* Closing takes the lock away, too. */
static void
close_descriptor(struct history_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->is_loaded = false;
}

void
history_file_close(struct history_file *file)
{
	close_descriptor(file);
	free(file->path);
	file->path = NULL;
}

/* Go on without a file; `action` failed with errno. */
static enum error
give_up(struct history_file *file, const char *action)
{
	log_warning("the history is kept in memory only: %s: cannot %s: %s",
	    file->path, action, strerror(errno));
	close_descriptor(file);
	return ERROR_IO;
}

static bool
write_at(const struct history_file *file, const void *data, size_t len,
    size_t offset)
{
	ssize_t written = pwrite(file->fd, data, len, (off_t)offset);

	if (written >= 0 && (size_t)written < len)
		errno = ENOSPC;
	return written >= 0 && (size_t)written == len;
}

/* As the file has it; if not, made ready to be written. */
static bool
is_written(struct history_record *record, const struct history_record *there)
{
	bool is_same =
	    memcmp(&record->minute, &there->minute,
		sizeof(*record) - offsetof(struct history_record, minute)) == 0;

	if (is_same && (record->minute != 0 || there->checksum == 0)) {
		record->checksum = there->checksum;
		return true;
	}
	if (record->minute != 0)
		history_content_seal(record);
	return false;
}

/* Those that differ, side by side ones at once: mostly one, after a reload. */
static bool
write_records(const struct history_file *file, struct history *history,
    const struct history_content *there)
{
	size_t begin = 0, end = 0;

	for (; begin < HISTORY_MINUTES; begin = end + 1) {
		for (end = begin; end < HISTORY_MINUTES; end++)
			if (is_written(
				&history->records[end], &there->records[end]))
				break;
		if (end > begin &&
		    !write_at(file, &history->records[begin],
			(end - begin) * sizeof(struct history_record),
			offsetof(struct history_content, records) +
			    begin * sizeof(struct history_record)))
			return false;
	}
	return true;
}

/* What differs from what is there. */
static bool
write_content(const struct history_file *file, struct history *history,
    const struct history_content *there)
{
	struct history_header header;

	history_content_header(&header, history);
	return (memcmp(&header, &there->header, sizeof(header)) == 0 ||
		   write_at(file, &header, sizeof(header), 0)) &&
	       write_records(file, history, there) &&
	       ftruncate(file->fd, sizeof(struct history_content)) == 0;
}

static void
take_content(const struct history_file *file,
    const struct history_content *content, size_t len, struct history *history,
    time_t now)
{
	unsigned damaged;
	enum error error =
	    history_content_take(content, len, history, now, &damaged);

	if (error == ERROR_INVALID)
		log_warning("%s: not a history of this version: it begins anew",
		    file->path);
	else if (error != ERROR_NONE)
		log_warning("%s: the file is damaged: the history begins anew",
		    file->path);
	else if (damaged > 0)
		log_warning("%s: %u minutes are damaged, and left out",
		    file->path, damaged);
}

enum error
history_file_load(
    struct history_file *file, struct history *history, time_t now)
{
	struct history_content *content;
	enum error error;
	ssize_t len;

	if (file->fd < 0)
		return ERROR_DISABLED;
	error = file_lock(file->fd);
	if (error != ERROR_NONE)
		return error == ERROR_LOCKED ? error : give_up(file, "lock it");
	content = xcalloc(1, sizeof(*content));
	len = pread(file->fd, content, sizeof(*content), 0);
	if (len > 0)
		take_content(file, content, (size_t)len, history, now);
	if (len < 0)
		error = give_up(file, "read it");
	else if (!write_content(file, history, content))
		error = give_up(file, "write it");
	free(content);
	file->is_loaded = error == ERROR_NONE;
	return error;
}

void
history_file_save(struct history_file *file, struct history_record *record)
{
	size_t place = (uint64_t)record->minute % HISTORY_MINUTES;

	if (!file->is_loaded)
		return;
	history_content_seal(record);
	if (!write_at(file, record, sizeof(*record),
		offsetof(struct history_content, records) +
		    place * sizeof(*record)))
		give_up(file, "write it");
}

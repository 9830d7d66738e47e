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

/* Sparse where there is nothing yet. */
static bool
write_records(const struct history_file *file, const struct history *history)
{
	bool is_empty = true;

	for (size_t i = 0; i < HISTORY_MINUTES; i++) {
		if (history->records[i].minute == 0)
			continue;
		history_content_seal(&history->records[i]);
		is_empty = false;
	}
	if (is_empty)
		return ftruncate(file->fd, sizeof(struct history_head)) == 0;
	return write_at(file, history->records, HISTORY_SIZE_MAX,
	    offsetof(struct history_content, records));
}

/* All of it, once: from then on only what changes. */
static bool
write_all(const struct history_file *file, const struct history *history)
{
	struct history_head head;

	history_content_head(&head, history);
	return write_at(file, &head, sizeof(head), 0) &&
	       write_records(file, history) &&
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
	free(content);
	if (len < 0)
		return give_up(file, "read it");
	if (!write_all(file, history))
		return give_up(file, "write it");
	file->is_loaded = true;
	return ERROR_NONE;
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

/*
 * ticket_key_file: reads and writes the file of session ticket keys. Owns the
 * descriptor, and wipes every buffer that held a key. Never waits, and never
 * syncs: the kernel has what a killed process wrote.
 *
 * The lock is held while the file is written and no longer, since a process
 * that is stopped, or ends slowly, must not keep the others from saving theirs.
 * Sequence numbers tell whether somebody else has written meanwhile.
 */
#include "ticket_key_file.h"

#include "file_lock.h"
#include "log.h"
#include "safe_open.h"
#include "ticket_key_ring.h"
#include "ticket_key_slot.h"
#include "xalloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * In the upper half of a sequence number: how often all keys were wiped. A
 * process that has not seen that yet must not write its own keys back.
 */
#define WIPES_SHIFT 32

static uint64_t
wipes_of(uint64_t sequence)
{
	return sequence >> WIPES_SHIFT;
}

enum error
ticket_key_file_open(struct ticket_key_file *file, const char *path,
    const unsigned char settings[TICKET_KEY_SETTINGS_LEN])
{
	enum error error;
	char *cause;

	*file = (struct ticket_key_file){ .path = xstrdup(path), .fd = -1 };
	memcpy(file->settings, settings, sizeof(file->settings));
	if (path[0] == '\0')
		return ERROR_DISABLED;
	error = safe_open_private(path, &file->fd, &cause);
	if (error != ERROR_NONE) {
		log_warning(
		    "session ticket keys are kept in memory only: %s", cause);
		free(cause);
	}
	return error;
}

static void
close_descriptor(struct ticket_key_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->is_unsaved = false;
}

void
ticket_key_file_close(struct ticket_key_file *file)
{
	close_descriptor(file);
	free(file->path);
	file->path = NULL;
}

/* Go on without a file. */
static enum error
give_up(struct ticket_key_file *file, enum error error, const char *why)
{
	log_warning("session ticket keys are kept in memory only: %s: %s",
	    file->path, why);
	close_descriptor(file);
	return error;
}

static enum error
lock_file(struct ticket_key_file *file)
{
	enum error error = file_lock(file->fd);

	return error == ERROR_IO ? give_up(file, error, strerror(errno))
	                         : error;
}

static void
unlock_file(struct ticket_key_file *file)
{
	file->is_locked = false;
	if (file->fd >= 0)
		file_unlock(file->fd);
}

/* What is in the file must not be used again. */
static void
empty_file(struct ticket_key_file *file)
{
	if (ftruncate(file->fd, 0) < 0)
		log_warning("%s: cannot remove session ticket keys: %s",
		    file->path, strerror(errno));
}

/* Has nobody written since we did? */
static bool
is_known(const struct ticket_key_file *file, const struct ticket_key_slot *slot)
{
	return file->is_loaded && slot->sequence == file->sequence;
}

/* Zeros where the file is shorter. */
static enum error
read_slots(const struct ticket_key_file *file,
    struct ticket_key_slot slots[TICKET_KEY_SLOTS],
    struct ticket_key_slot *newest)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0 ||
	    pread(file->fd, slots, TICKET_KEY_FILE_LEN, 0) < 0)
		return ERROR_IO;
	return ticket_key_slot_find(slots, (uint64_t)st.st_size, newest);
}

/* The newest slot of the file, for the caller to wipe. errno on ERROR_IO. */
static enum error
read_newest(const struct ticket_key_file *file, struct ticket_key_slot *newest)
{
	struct ticket_key_slot slots[TICKET_KEY_SLOTS] = { 0 };
	enum error error = read_slots(file, slots, newest);

	/* Without the lock a read may meet the writes of both slots. */
	if (error == ERROR_DAMAGED)
		error = read_slots(file, slots, newest);
	explicit_bzero(slots, sizeof(slots));
	return error;
}

/* Keys of this host, made under our settings. */
static void
adopt_own_keys(const struct ticket_key_file *file,
    const struct ticket_key_slot *slot, struct ticket_keys *keys, time_t now)
{
	bool is_future = false;

	for (uint32_t i = 0; i < slot->count; i++)
		if (slot->records[i].origin == TICKET_KEY_OWN)
			is_future |=
			    ticket_keys_adopt(keys, now,
				&slot->records[i].key) == ERROR_INVALID;
	/* A process logs this once, when it starts. */
	if (is_future && !file->is_loaded && file->is_locked)
		log_warning("%s: a session ticket key with a time in the "
			    "future is not used",
		    file->path);
}

/* Another process made the keys in the file under other settings. */
static void
meet_other_settings(
    struct ticket_key_file *file, const struct ticket_key_slot *slot)
{
	if (file->is_loaded) {
		log_info("%s: another process with other TLS settings has it "
			 "now",
		    file->path);
		close_descriptor(file);
	} else if (slot->count > 0 && file->is_locked) {
		log_info("%s: session ticket keys of other TLS settings are "
			 "not used",
		    file->path);
	}
}

/* Add what is in the file to the set; the file may be closed after it. */
static void
adopt_slot(struct ticket_key_file *file, const struct ticket_key_slot *slot,
    struct ticket_keys *keys, time_t now)
{
	if (is_known(file, slot))
		return;
	/* Somebody has wiped all keys since: ours are among them. */
	if (file->sequence > 0 &&
	    wipes_of(slot->sequence) > wipes_of(file->sequence)) {
		ticket_keys_forget(keys);
		shared_ring_forget(keys->ring);
	}
	file->sequence = slot->sequence;
	for (uint32_t i = 0; i < slot->count; i++)
		ticket_key_ring_adopt(keys->ring, now, &slot->records[i]);
	if (memcmp(slot->settings, file->settings, TICKET_KEY_SETTINGS_LEN) !=
	    0)
		meet_other_settings(file, slot);
	else
		adopt_own_keys(file, slot, keys, now);
}

/* With the lock: nobody else writes, so what is wrong will stay so. */
static enum error
judge_content(struct ticket_key_file *file, enum error error)
{
	switch (error) {
	case ERROR_IO:
		return give_up(file, error, strerror(errno));
	case ERROR_INVALID:
		return give_up(
		    file, error, "not a file of session ticket keys");
	case ERROR_DAMAGED:
		log_warning("%s: the file is damaged: its session ticket keys "
			    "are not used",
		    file->path);
		empty_file(file);
		return ERROR_NONE;
	default:
		return ERROR_NONE;
	}
}

/* Write a slot in its place, with the next sequence number. */
static bool
write_slot(struct ticket_key_file *file, struct ticket_key_slot *slot)
{
	ssize_t len;

	slot->sequence = ++file->sequence;
	if (!ticket_key_slot_seal(slot)) {
		errno = EIO;
		return false;
	}
	len = pwrite(file->fd, slot, sizeof(*slot),
	    (off_t)(slot->sequence % TICKET_KEY_SLOTS * sizeof(*slot)));
	if (len >= 0 && (size_t)len < sizeof(*slot))
		errno = ENOSPC;
	return len == sizeof(*slot);
}

/* The older slot, then the other. */
static bool
write_slots(struct ticket_key_file *file, const struct ticket_keys *keys)
{
	struct ticket_key_slot slot = { .count = 0 };
	bool is_written = true;
	int error_number;

	memcpy(slot.settings, file->settings, TICKET_KEY_SETTINGS_LEN);
	slot.count =
	    ticket_key_ring_put(keys->ring, slot.records, TICKET_KEYS_MAX);
	for (unsigned i = 0; i < keys->count && slot.count < TICKET_KEYS_MAX;
	     i++)
		slot.records[slot.count++].key = keys->keys[i];
	for (int i = 0; i < TICKET_KEY_SLOTS && is_written; i++)
		is_written = write_slot(file, &slot);
	error_number = errno;
	explicit_bzero(&slot, sizeof(slot));
	errno = error_number;
	return is_written;
}

/* With the lock. */
static enum error
save_locked(struct ticket_key_file *file, const struct ticket_keys *keys)
{
	int error_number;

	if (write_slots(file, keys)) {
		file->is_unsaved = false;
		return ERROR_NONE;
	}
	error_number = errno;
	log_warning("%s: cannot save session ticket keys: %s", file->path,
	    strerror(error_number));
	empty_file(file);
	return error_of_write(error_number);
}

static enum error
load_locked(struct ticket_key_file *file, struct ticket_keys *keys, time_t now)
{
	struct ticket_key_slot newest;
	enum error error = read_newest(file, &newest);

	if (error == ERROR_NONE)
		adopt_slot(file, &newest, keys, now);
	explicit_bzero(&newest, sizeof(newest));
	if (file->fd < 0)
		return ERROR_DISABLED;
	error = judge_content(file, error);
	if (error != ERROR_NONE)
		return error;
	file->is_loaded = true;
	return save_locked(file, keys);
}

enum error
ticket_key_file_load(
    struct ticket_key_file *file, struct ticket_keys *keys, time_t now)
{
	enum error error;

	if (file->fd < 0)
		return ERROR_DISABLED;
	error = lock_file(file);
	if (error == ERROR_LOCKED)
		ticket_key_file_refresh(file, keys, now);
	if (error != ERROR_NONE)
		return error;
	file->is_locked = true;
	error = load_locked(file, keys, now);
	unlock_file(file);
	return error;
}

/* Reads the sequence numbers alone: clients can cause many calls. */
static bool
is_unchanged(const struct ticket_key_file *file)
{
	const size_t offset = offsetof(struct ticket_key_slot, sequence);
	uint64_t sequence;

	for (size_t i = 0; i < TICKET_KEY_SLOTS; i++)
		if (pread(file->fd, &sequence, sizeof(sequence),
			(off_t)(i * sizeof(struct ticket_key_slot) + offset)) !=
			sizeof(sequence) ||
		    sequence > file->sequence)
			return false;
	return file->is_loaded;
}

void
ticket_key_file_refresh(
    struct ticket_key_file *file, struct ticket_keys *keys, time_t now)
{
	struct ticket_key_slot newest;

	if (file->fd < 0 || is_unchanged(file))
		return;
	if (read_newest(file, &newest) == ERROR_NONE)
		adopt_slot(file, &newest, keys, now);
	explicit_bzero(&newest, sizeof(newest));
}

/* With the lock: a load has to come first if another process has written. */
static bool
was_written(const struct ticket_key_file *file)
{
	struct ticket_key_slot newest;
	bool was_written = read_newest(file, &newest) == ERROR_NONE &&
	                   !is_known(file, &newest);

	explicit_bzero(&newest, sizeof(newest));
	return was_written;
}

enum error
ticket_key_file_save(
    struct ticket_key_file *file, const struct ticket_keys *keys)
{
	enum error error = ERROR_LOCKED;

	if (file->fd < 0)
		return ERROR_DISABLED;
	file->is_unsaved = true;
	if (file->is_loaded)
		error = lock_file(file);
	if (error != ERROR_NONE)
		return error;
	error = was_written(file) ? ERROR_LOCKED : save_locked(file, keys);
	unlock_file(file);
	return error;
}

enum error
ticket_key_file_wipe(struct ticket_key_file *file, struct ticket_keys *keys)
{
	const struct ticket_keys none = { .count = 0 };
	struct ticket_key_slot newest;
	enum error error;

	if (file->fd < 0)
		return ERROR_DISABLED;
	error = lock_file(file);
	if (error != ERROR_NONE)
		return error == ERROR_LOCKED ? error : ERROR_DISABLED;
	if (read_newest(file, &newest) == ERROR_NONE)
		file->sequence = newest.sequence;
	explicit_bzero(&newest, sizeof(newest));
	file->sequence = (wipes_of(file->sequence) + 1) << WIPES_SHIFT;
	file->is_loaded = true;
	ticket_keys_forget(keys);
	/* If it cannot be written, it is empty. */
	(void)save_locked(file, &none);
	unlock_file(file);
	return ERROR_NONE;
}

/*
 * ticket_key_file: reads and writes the two slots of the key file. Owns the
 * descriptor and its lock, and wipes every buffer that held a key. Never
 * waits, and never syncs: the kernel has what a killed process wrote.
 */
#include "ticket_key_file.h"

#include "file_lock.h"
#include "log.h"
#include "safe_open.h"
#include "xalloc.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS        2
#define CHECKSUM_LEN 32 /* SHA-256 */

/* Tells our files from others, which the parameter may name by mistake. */
#define MAGIC_LEN 8
static const char magic[] = "TLSMGRTK"; /* MAGIC_LEN of it count */

/* Native integers: a file of session ticket keys stays on its machine. */
struct slot {
	char magic[MAGIC_LEN];
	uint64_t sequence; /* 1 and up; its parity is the index of the slot */
	unsigned char settings[TICKET_KEY_SETTINGS_LEN];
	uint64_t count;
	struct ticket_key keys[TICKET_KEYS_MAX];
	unsigned char checksum[CHECKSUM_LEN]; /* of all before it */
};

#define FILE_LEN ((off_t)(SLOTS * sizeof(struct slot)))
_Static_assert(sizeof(struct slot) == 264, "all bytes of a slot have a name");

/* Others may read it, and may know its keys. */
static bool
is_exposed(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

enum error
ticket_key_file_open(struct ticket_key_file *file, const char *path,
    const unsigned char settings[TICKET_KEY_SETTINGS_LEN])
{
	enum error error = ERROR_PERMISSION;
	char *cause;

	*file = (struct ticket_key_file){ .path = xstrdup(path), .fd = -1 };
	memcpy(file->settings, settings, sizeof(file->settings));
	if (path[0] == '\0')
		return ERROR_DISABLED;
	/* Asked first: safe_open_update() would make it private unseen. */
	if (is_exposed(path))
		cause = xstrdup("others have access to it");
	else
		error = safe_open_update(path, &file->fd, &cause);
	if (error != ERROR_NONE) {
		file->fd = -1;
		log_warning("session ticket keys are kept in memory only: "
			    "%s: %s",
		    path, cause);
		free(cause);
	}
	return error;
}

/* Closing takes the lock away, too. */
static void
close_descriptor(struct ticket_key_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->is_locked = false;
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

	file->is_locked = error == ERROR_NONE;
	return error == ERROR_IO ? give_up(file, error, strerror(errno))
	                         : error;
}

/* Begin afresh: whatever is in the file may not be used again. */
static void
empty_file(struct ticket_key_file *file)
{
	if (ftruncate(file->fd, 0) < 0)
		log_warning("%s: cannot remove session ticket keys: %s",
		    file->path, strerror(errno));
}

static bool
compute_checksum(const struct slot *slot, unsigned char *checksum)
{
	return EVP_Digest(slot, offsetof(struct slot, checksum), checksum, NULL,
		   EVP_sha256(), NULL) == 1;
}

static bool
has_magic(const struct slot *slot)
{
	return memcmp(slot->magic, magic, MAGIC_LEN) == 0;
}

/* Never written, or not even all of the magic. */
static bool
is_blank(const struct slot *slot)
{
	struct slot blank = { 0 };

	memcpy(blank.magic, slot->magic, MAGIC_LEN);
	return memcmp(slot, &blank, sizeof(blank)) == 0;
}

/*
 * A file that was not written by us, as when the parameter names the wrong
 * one, is to be left alone, not to be repaired.
 */
static bool
is_foreign(const struct slot slots[SLOTS], off_t size)
{
	if (has_magic(&slots[0]) || has_magic(&slots[1]))
		return false;
	return size > FILE_LEN || !is_blank(&slots[0]) || !is_blank(&slots[1]);
}

static bool
is_sound(const struct slot *slot, unsigned index)
{
	unsigned char checksum[CHECKSUM_LEN];

	return slot->sequence % SLOTS == index &&
	       slot->count <= TICKET_KEYS_MAX &&
	       compute_checksum(slot, checksum) &&
	       memcmp(slot->checksum, checksum, CHECKSUM_LEN) == 0;
}

/* Read both slots; zeros where the file is shorter. */
static enum error
read_slots(struct ticket_key_file *file, struct slot slots[SLOTS], off_t *size)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0 ||
	    pread(file->fd, slots, SLOTS * sizeof(*slots), 0) < 0)
		return give_up(file, ERROR_IO, strerror(errno));
	*size = st.st_size;
	if (is_foreign(slots, st.st_size))
		return give_up(
		    file, ERROR_INVALID, "not a file of session ticket keys");
	return ERROR_NONE;
}

static const struct slot *
find_newest(const struct slot slots[SLOTS])
{
	const struct slot *newest = NULL;

	for (unsigned i = 0; i < SLOTS; i++)
		if (is_sound(&slots[i], i) &&
		    (newest == NULL || slots[i].sequence > newest->sequence))
			newest = &slots[i];
	return newest;
}

static void
adopt_keys(const struct ticket_key_file *file, const struct slot *slot,
    struct ticket_keys *keys, time_t now)
{
	if (memcmp(slot->settings, file->settings, TICKET_KEY_SETTINGS_LEN) !=
	    0) {
		if (slot->count > 0)
			log_info("%s: session ticket keys of other TLS "
				 "settings are not used",
			    file->path);
		return;
	}
	for (uint64_t i = 0; i < slot->count; i++)
		if (ticket_keys_adopt(keys, now, &slot->keys[i]) ==
		    ERROR_INVALID)
			log_warning("%s: a session ticket key with a time in "
				    "the future is not used",
			    file->path);
}

/* Take the keys that may be used out of what was read. */
static void
take_over(struct ticket_key_file *file, const struct slot slots[SLOTS],
    off_t size, struct ticket_keys *keys, time_t now)
{
	const struct slot *newest = find_newest(slots);

	if (size == 0)
		return;
	if (newest == NULL || size != FILE_LEN) {
		log_warning("%s: the file is damaged: its session ticket keys "
			    "are not used",
		    file->path);
		empty_file(file);
		return;
	}
	file->sequence = newest->sequence;
	adopt_keys(file, newest, keys, now);
}

enum error
ticket_key_file_load(
    struct ticket_key_file *file, struct ticket_keys *keys, time_t now)
{
	struct slot slots[SLOTS] = { 0 };
	enum error error;
	off_t size = 0;

	if (file->fd < 0)
		return ERROR_DISABLED;
	if ((error = lock_file(file)) != ERROR_NONE)
		return error;
	error = read_slots(file, slots, &size);
	if (error == ERROR_NONE)
		take_over(file, slots, size, keys, now);
	explicit_bzero(slots, sizeof(slots));
	if (error == ERROR_NONE)
		error = ticket_key_file_save(file, keys);
	return error;
}

/* Write a slot in its place, with the next sequence number. */
static bool
write_slot(struct ticket_key_file *file, struct slot *slot)
{
	ssize_t len;

	slot->sequence = ++file->sequence;
	if (!compute_checksum(slot, slot->checksum)) {
		errno = EIO;
		return false;
	}
	len = pwrite(file->fd, slot, sizeof(*slot),
	    (off_t)(slot->sequence % SLOTS * sizeof(*slot)));
	if (len >= 0 && (size_t)len < sizeof(*slot))
		errno = ENOSPC;
	return len == sizeof(*slot);
}

enum error
ticket_key_file_save(
    struct ticket_key_file *file, const struct ticket_keys *keys)
{
	struct slot slot = { .count = keys->count };
	bool is_written = true;
	int error_number;

	if (file->fd < 0)
		return ERROR_DISABLED;
	if (!file->is_locked)
		return ERROR_LOCKED;
	memcpy(slot.magic, magic, MAGIC_LEN);
	memcpy(slot.settings, file->settings, TICKET_KEY_SETTINGS_LEN);
	memcpy(slot.keys, keys->keys, keys->count * sizeof(*keys->keys));
	for (int i = 0; i < SLOTS && is_written; i++)
		is_written = write_slot(file, &slot);
	error_number = errno;
	explicit_bzero(&slot, sizeof(slot));
	if (is_written)
		return ERROR_NONE;
	log_warning("%s: cannot save session ticket keys: %s", file->path,
	    strerror(error_number));
	empty_file(file);
	return error_of_write(error_number);
}

/*
 * ticket_key_file: session ticket keys that outlive the process, in a file
 * that is opened before the jail and written in place after it.
 *
 *	ticket_key_file_open()   at start, as the owner of the file
 *	ticket_key_file_load()   jailed; again and again on ERROR_LOCKED
 *	ticket_key_file_save()   whenever keys changed (ticket_keys.changed)
 *	ticket_key_file_close()  before all else when the process ends
 *
 * One process at a time writes the file: the one that has its lock. The one
 * that starts while another ends reads it all the same: it has two slots, each
 * with all keys and a checksum (ticket_key_slot.h). A save writes the older
 * slot and then the other: at any time one of them is whole, and after a save
 * no retired key is left in either.
 *
 * A file that may not be used, and keys in it that may not, are never fatal:
 * the keys are kept in memory only, and a log line says why.
 */
#ifndef TICKET_KEY_FILE_H
#define TICKET_KEY_FILE_H

#include "error.h"
#include "ticket_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A fingerprint of the settings on which keys depend. */
#define TICKET_KEY_SETTINGS_LEN 32

struct ticket_key_file {
	char *path;        /* owned; for messages only */
	int fd;            /* owned; -1: no file, keys in memory only */
	bool is_locked;    /* ours alone until it is closed */
	bool is_unsaved;   /* keys changed while another process had it */
	uint64_t sequence; /* of the slot written last */
	unsigned char settings[TICKET_KEY_SETTINGS_LEN];
};

/*
 * Open or create the file, mode 0600, as the effective user; reads nothing.
 * `settings` is the digest of the settings under which keys may be used. Not
 * used are files that safe_open_update() refuses, and files that others have
 * access to. On failure (logged as a warning) there is no file, and all later
 * calls are ERROR_DISABLED. An empty path asks for that, without a word. Pair
 * with ticket_key_file_close() either way.
 */
enum error ticket_key_file_open(struct ticket_key_file *, const char *path,
    const unsigned char settings[TICKET_KEY_SETTINGS_LEN]);

/*
 * Lock the file for as long as it is open, add the keys in it to the set where
 * they may be used at `now`, and save the result.
 *
 * ERROR_LOCKED: the process before us still has it. The keys in it were added
 * all the same, and nothing was written or logged; to be tried again soon. Any
 * other result is final, and logged where there is something wrong: keys of
 * other settings (an info line), from the future or damaged are left out, and
 * ERROR_INVALID means a file with foreign content, which was left alone and
 * closed.
 */
enum error ticket_key_file_load(
    struct ticket_key_file *, struct ticket_keys *, time_t now);

/*
 * Write the set over both slots. ERROR_LOCKED, before the file is loaded:
 * nothing was done, the load will save. ERROR_IO, ERROR_NO_SPACE (logged): the
 * file was emptied, as old content is worse than none; the next save may do.
 * ERROR_DISABLED: there is no file, or it is closed.
 */
enum error ticket_key_file_save(
    struct ticket_key_file *, const struct ticket_keys *);

/*
 * Close the file, with its content as saved last, and let the next process
 * have it. May be called again.
 */
void ticket_key_file_close(struct ticket_key_file *);

#endif

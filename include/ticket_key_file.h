/*
 * ticket_key_file: session ticket keys that outlive the process, in a file
 * that is opened before the jail and written in place after it.
 *
 *	ticket_key_file_open()     at start, as the owner of the file
 *	ticket_key_file_load()     jailed; again and again on ERROR_LOCKED
 *	ticket_key_file_save()     whenever keys changed (ticket_keys.changed)
 *	ticket_key_file_refresh()  before a key is made or a name is given up
 *	ticket_key_file_close()    before all else when the process ends
 *
 * Any number of processes may have it open, as when one ends while the next two
 * start: each adds its keys to those of the others. Who writes has the lock
 * for as long as that takes. Reading takes no lock: the file has two slots,
 * each with all keys and a checksum (ticket_key_slot.h). A save writes the
 * older slot and then the other: at any time one of them is whole, and after a
 * save no retired key is left in either.
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
	bool is_loaded;    /* what is in it now is ours, too */
	bool is_locked;    /* while it is loaded */
	bool is_unsaved;   /* keys changed, and are not in it yet */
	uint64_t sequence; /* of the slot that was read or written last */
	unsigned char settings[TICKET_KEY_SETTINGS_LEN];
};

/*
 * Open or create the file, mode 0600, as the effective user; reads nothing.
 * `settings` is the digest of the settings under which keys may be used. Not
 * used are files that safe_open_update() refuses, and files that others have
 * access to. On failure (logged as a warning) there is no file, and all later
 * calls are ERROR_DISABLED. With an empty path nothing is logged. Pair with
 * ticket_key_file_close() either way.
 */
enum error ticket_key_file_open(struct ticket_key_file *, const char *path,
    const unsigned char settings[TICKET_KEY_SETTINGS_LEN]);

/*
 * Add the keys in the file to the set where they may be used at `now`, and save
 * the result.
 *
 * ERROR_LOCKED: another process is writing, or one of version 1.0 has the file
 * for as long as it lives. The keys in it were added all the same,
 * and nothing was written or logged; to be tried again soon. Any other result
 * is final, and logged where there is something wrong: keys of other settings
 * (an info line), from the future or damaged are left out, and ERROR_INVALID
 * means a file with foreign content, which was closed unchanged.
 * ERROR_DISABLED: there is no file, or a process with other settings has taken
 * it over.
 */
enum error ticket_key_file_load(
    struct ticket_key_file *, struct ticket_keys *, time_t now);

/*
 * Add what other processes have saved since we last looked; writes nothing. If
 * one of them has wiped all keys, those of the set go first.
 */
void ticket_key_file_refresh(
    struct ticket_key_file *, struct ticket_keys *, time_t now);

/*
 * Write the set over both slots. ERROR_LOCKED: nothing was done, as the file is
 * not loaded, another process is writing, or has written since; a load saves.
 * ERROR_IO, ERROR_NO_SPACE (logged): the file was emptied, as old content is
 * worse than none; the next save may do. ERROR_DISABLED: there is no file, or
 * it is closed.
 */
enum error ticket_key_file_save(
    struct ticket_key_file *, const struct ticket_keys *);

/*
 * Wipe all keys in the file, and those of this host in the set, for good: other
 * processes that still have them do not bring them back. Those of a group in
 * the set are for shared_ring_flush(), after this. ERROR_LOCKED, as with a
 * save, and ERROR_DISABLED, there is no file: the set is as it was.
 */
enum error ticket_key_file_wipe(struct ticket_key_file *, struct ticket_keys *);

/*
 * Close the file, with its content as saved last. May be called again.
 */
void ticket_key_file_close(struct ticket_key_file *);

#endif

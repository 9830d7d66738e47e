/*
 * history_file: a history that outlives the process, in a file that is opened
 * before the jail. The daemon has it on a memory file system: it is never on a
 * disk, and ends with the machine.
 *
 *	history_file_open()   at start, as the owner of the file
 *	history_file_load()   jailed; again on ERROR_LOCKED
 *	history_file_save()   each minute, the record that changed
 *	history_file_close()  at the end, after the last save
 *
 * One process at a time has the file: the one that has its lock. The one after
 * it counts in memory until it has the lock too, and then adds what is in the
 * file. So a minute in which a reload happened has the counts of both.
 *
 * Each record has a checksum of its own and is written in place, so a process
 * that is killed loses what it counted since its last save, and no more. Rows
 * are found by name and kind: another version of this program, with others,
 * takes over those that it knows.
 *
 * A file that may not be used, and what in it makes no sense, is never fatal:
 * the history is then in memory only, or begins anew, and a log line says why.
 */
#ifndef HISTORY_FILE_H
#define HISTORY_FILE_H

#include "error.h"
#include "history.h"

struct history_file {
	char *path;     /* owned; for messages only */
	int fd;         /* owned; -1: no file, in memory only */
	bool is_loaded; /* and ours alone until it is closed */
};

/*
 * Open or create the file, mode 0600, as the effective user; reads nothing.
 * Files are refused as safe_open_private() refuses them: logged as a warning,
 * and there is no file then. With an empty path there is none, and nothing is
 * logged. Pair with history_file_close() either way.
 */
void history_file_open(struct history_file *, const char *path);

/*
 * Lock the file for as long as it is open, add what is in it to the history,
 * and write the result. ERROR_LOCKED: another process still has it, nothing
 * was done; to be tried again. Any other result is final: ERROR_NONE,
 * ERROR_DISABLED without a file, or another, logged, after which there is none.
 * Damage is logged, and what is damaged left out.
 */
enum error history_file_load(
    struct history_file *, struct history *, time_t now);

/*
 * Write one record of the history in its place; one call of pwrite(2). Nothing
 * is done before the file was loaded. If it cannot be written (logged) there
 * is no file from then on.
 */
void history_file_save(struct history_file *, struct history_record *);

/* Close the file, and let the next process have it. May be called again. */
void history_file_close(struct history_file *);

#endif

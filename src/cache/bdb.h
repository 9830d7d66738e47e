/*
 * bdb: one keyed table in one Berkeley DB file, or in memory. bdb.c and
 * bdb_file.c are the only files that know Berkeley DB.
 *
 * The library is kept away from the file system: it sees only descriptors that
 * were opened before the jail (bdb_file.c), so it can neither create a file
 * nor be steered by one, and works where no path resolves.
 *
 * Nothing here outlives damage: any error but ERROR_NOT_FOUND, ERROR_NO_SPACE
 * and ERROR_IO means that the table must not be trusted; bdb_create() makes a
 * new one. Damage is found when a page is read, by its checksum.
 */
#ifndef BDB_H
#define BDB_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bdb_method {
	BDB_BTREE,
	BDB_HASH,
};

struct bdb;

/*
 * A table named `name` (for messages, copied) on descriptor `fd` (taken; -1:
 * in memory only), with a pool of `memory` bytes. Reads nothing.
 */
struct bdb *bdb_new(const char *name, int fd, enum bdb_method,
    uint64_t memory);
void bdb_free(struct bdb *); /* writes nothing; NULL allowed */

/*
 * Lock the file, as the stock daemon does (flock(2), observed on 3.7).
 * ERROR_LOCKED: another process has it. Nothing to do in memory.
 */
enum error bdb_lock(struct bdb *);

/* Open what the file holds. ERROR_DAMAGED: not a table of this method. */
enum error bdb_open(struct bdb *);

/* Make the file an empty table (also after damage) and open it. */
enum error bdb_create(struct bdb *);

/*
 * Get the value of `key` into `out`, at most `size` bytes of it; *len is its
 * length. ERROR_NOT_FOUND; ERROR_DAMAGED: longer than `size`.
 */
enum error bdb_get(struct bdb *, const void *key, size_t key_len, void *out,
    size_t size, size_t *len);

/* Insert or replace. */
enum error bdb_put(struct bdb *, const void *key, size_t key_len,
    const void *value, size_t len);

/* ERROR_NOT_FOUND: there was none. */
enum error bdb_remove(struct bdb *, const void *key, size_t key_len);

/* Write out all dirty pages, and with `durable` wait for the disk. */
enum error bdb_sync(struct bdb *, bool durable);

/* Size and time of the file, to see whether anybody else wrote to it. */
enum error bdb_file_identity(const struct bdb *, uint64_t *len,
    int64_t *modified_ns);

/* Bytes on disk; 0 in memory. */
uint64_t bdb_file_len(const struct bdb *);

#endif

/*
 * bdb: one table in Berkeley DB 5.3, in memory only: a 64-bit hash leads to a
 * value of fixed size, in the order of the hashes. bdb.c is the only file that
 * knows Berkeley DB.
 *
 * Nothing that lies on a disk reaches the library: its pages are made in this
 * process, and end with it. It has no file, no environment that others share,
 * no log, no lock. Its calls that open a file, sleep, or take memory are
 * replaced.
 */
#ifndef BDB_H
#define BDB_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

#define BDB_VALUE_LEN 16

struct bdb;

/*
 * An empty table named `name` (for messages, copied), of at most so many bytes
 * of memory, which are taken as they are used. ERROR_NO_SPACE, ERROR_IO.
 */
enum error bdb_open(struct bdb **, const char *name, uint64_t memory);
void bdb_close(struct bdb *); /* NULL allowed */

/* ERROR_NOT_FOUND: there is none. */
enum error bdb_get(struct bdb *, uint64_t hash, void *value);
/* Insert or replace. ERROR_NO_SPACE: the memory is used up. */
enum error bdb_put(struct bdb *, uint64_t hash, const void *value);
/* ERROR_NOT_FOUND: there was none. */
enum error bdb_remove(struct bdb *, uint64_t hash);

/*
 * Look at `count` entries, from *hash on: those for which is_kept() returns
 * false are removed. *hash is then where to go on. ERROR_NOT_FOUND: that was
 * the last one. is_kept() makes no call of the table.
 */
typedef bool bdb_is_kept_fn(void *arg, const void *value);
enum error bdb_filter(
    struct bdb *, uint64_t *hash, unsigned count, bdb_is_kept_fn *, void *arg);

#endif

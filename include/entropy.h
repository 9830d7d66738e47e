/*
 * entropy: the external entropy sources that feed the pool: a device, an EGD
 * socket, a regular file. A source is opened with privileges and read without
 * them; no call ever blocks.
 */
#ifndef ENTROPY_H
#define ENTROPY_H

#include "error.h"
#include "loop.h"

#include <stdbool.h>
#include <stddef.h>

#define ENTROPY_BYTES_MAX 255
#define ENTROPY_TIMEOUT_S 10

struct entropy_source;

/*
 * Called when a read is over: with ERROR_NONE and 1 to `wanted` bytes, which
 * are borrowed and wiped afterwards, or with an error and none. It must not
 * read from the source again, nor free it.
 */
typedef void entropy_done_fn(
    void *arg, enum error, const void *bytes, size_t len);

/*
 * A source for a value of tls_random_source, "dev:path", "egd:path" or a plain
 * path; not open yet. ERROR_INVALID: it has no path (logged), and *source is
 * NULL.
 */
enum error entropy_source_new(struct entropy_source **, const char *name);

/*
 * Close it, wipe and free it; a read that is not over ends without its
 * callback.
 */
void entropy_source_free(struct entropy_source *);

/* Open a source that is not open. Reads nothing. A failure is logged. */
enum error entropy_source_open(struct entropy_source *);
bool entropy_source_is_open(const struct entropy_source *);

/* The file that it reads; borrowed. NULL: it is a socket. */
const char *entropy_source_file(const struct entropy_source *);

/* Is one read all there is to it (a plain file)? It closes itself then. */
bool entropy_source_reads_once(const struct entropy_source *);

/*
 * Read up to `wanted` bytes (at least 1, capped at ENTROPY_BYTES_MAX) and call
 * back once, possibly before this returns. One read at a time.
 *
 * Errors, logged: ERROR_TIMED_OUT after ENTROPY_TIMEOUT_S, ERROR_CLOSED (end
 * of file, or not open), ERROR_IO, ERROR_PROTOCOL, ERROR_NOT_FOUND (the server
 * has none to give). Afterwards the source is closed where reading on would
 * make no sense; ask entropy_source_is_open().
 */
void entropy_source_read(struct entropy_source *, struct loop *, size_t wanted,
    entropy_done_fn *, void *arg);

#endif

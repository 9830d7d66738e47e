/*
 * shared_reply: the bytes of a conversation with the engine (Valkey, Redis):
 * commands that are written, replies that are read, version 2 of the protocol
 * (RESP). The only file that knows hiredis, versions 0.14 to 1.2, of which
 * nothing but the codec is used: it has no socket here.
 *
 * An array is never a valid reply to GET, SET, DEL or AUTH, so none is taken.
 */
#ifndef SHARED_REPLY_H
#define SHARED_REPLY_H

#include "buffer.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* Of a command: its words. */
#define SHARED_COMMAND_WORDS_MAX 8

enum shared_reply_type {
	SHARED_REPLY_STATUS,  /* "+OK": data has what follows the plus sign */
	SHARED_REPLY_ERROR,   /* "-OOM ...": data, the same */
	SHARED_REPLY_INTEGER, /* ":1" */
	SHARED_REPLY_VALUE,   /* data */
	SHARED_REPLY_NIL,
};

struct shared_reply {
	enum shared_reply_type type;
	const unsigned char *data; /* borrowed until the next call */
	size_t len;
	long long integer;
};

struct shared_reply_reader;

/* Is there a codec at all? It is optional when this is built. */
bool shared_reply_is_built_in(void);

/*
 * A reader that keeps no more than `pending_max` bytes that are not consumed.
 * NULL: built without a codec. Pair with shared_reply_reader_free(), which
 * takes NULL.
 */
struct shared_reply_reader *shared_reply_reader_new(size_t pending_max);
void shared_reply_reader_free(struct shared_reply_reader *);

/*
 * Give the reader what was read, or the beginning of it; *used says how much.
 * After that all replies that are complete are to be taken, before the rest is
 * given. ERROR_TOO_LARGE: a reply is larger than the bound, and nothing more
 * can be read.
 */
enum error shared_reply_feed(
    struct shared_reply_reader *, const void *data, size_t len, size_t *used);

/*
 * The next reply. ERROR_AGAIN: it is not there as a whole; ERROR_PROTOCOL:
 * these bytes are no reply, and nothing more can be read.
 */
enum error shared_reply_next(
    struct shared_reply_reader *, struct shared_reply *);

/* Does an error begin with this word ("OOM")? */
bool shared_reply_error_is(const struct shared_reply *, const char *word);

/*
 * Append a command of 1 to SHARED_COMMAND_WORDS_MAX words, which may have any
 * bytes. Fatal, and logged, where there is no memory.
 */
void shared_command_append(struct buffer *, unsigned count,
    const char *const *words, const size_t *lens);

#endif

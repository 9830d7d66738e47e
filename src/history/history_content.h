/*
 * history_content: what is in the file of a history, as bytes: a header, which
 * says what the rows are, and a place for each minute. Private to
 * history_file.c and the tests. Pure functions. Integers are native: the file
 * stays on its machine, and in its memory.
 */
#ifndef HISTORY_CONTENT_H
#define HISTORY_CONTENT_H

#include "error.h"
#include "history.h"

#define HISTORY_MAGIC_LEN 8

struct history_header {
	char magic[HISTORY_MAGIC_LEN];
	uint64_t checksum; /* of all that follows */
	uint32_t record_size;
	uint32_t row_count;
	struct history_row rows[HISTORY_ROWS_MAX];
};

struct history_content {
	struct history_header header;
	struct history_record records[HISTORY_MINUTES];
};

/* The header of a file of this history. */
void history_content_header(struct history_header *, const struct history *);

/* Fill in the checksum of a record. */
void history_content_seal(struct history_record *);

/*
 * Add to the history what is in the first `len` bytes of a content; the bytes
 * behind them are zero. Nothing in it is believed. Returns ERROR_NONE, or
 * ERROR_INVALID: it is something else, or ERROR_DAMAGED: the header is, and
 * nothing was added. In *damaged is how many records were left out because
 * they are damaged; those too far from `now` are left out, and not counted.
 */
enum error history_content_take(const struct history_content *, size_t len,
    struct history *, time_t now, unsigned *damaged);

#endif

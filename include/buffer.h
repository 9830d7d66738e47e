/*
 * buffer: a growing byte buffer, consumed from the front. It may hold session
 * bytes or keys, so memory that it releases (growth, consumption, free) is
 * wiped.
 */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

struct buffer {
	unsigned char *data; /* owned; the first unread byte is data[start] */
	size_t start;        /* offset of the first unread byte */
	size_t len;          /* unread bytes from there on */
	size_t size;         /* bytes allocated */
};

/* An empty buffer that owns no memory yet. Embedded: pair with buffer_fini. */
void buffer_init(struct buffer *);

/* Wipe and free what the buffer owns, and make it empty again. */
void buffer_fini(struct buffer *);

/*
 * Room for at least `len` bytes behind what is there. The returned pointer is
 * valid until the next call; say how much was filled with buffer_commit().
 */
unsigned char *buffer_reserve(struct buffer *, size_t len);
void buffer_commit(struct buffer *, size_t len);

/* Copy `len` bytes behind what is there. */
void buffer_append(struct buffer *, const void *data, size_t len);

/* The first unread byte (borrowed until the next call that changes it). */
const unsigned char *buffer_head(const struct buffer *);

/* Wipe and drop `len` bytes from the front (len <= buffer->len). */
void buffer_consume(struct buffer *, size_t len);

/* Wipe and drop all content; give memory above `keep` bytes back. */
void buffer_clear(struct buffer *, size_t keep);

#endif

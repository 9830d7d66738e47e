/*
 * buffer: a growing byte buffer, consumed from the front. Owns its memory and
 * wipes every byte that it releases, since any of them may be part of a session
 * or a key; that is why it never calls realloc(3).
 */
#include "buffer.h"

#include "log.h"
#include "secret.h"
#include "xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE_MIN 512

/* From here on a buffer is worth pages that are kept out of core files. */
#define BUFFER_SIZE_LARGE (64 * 1024)

void
buffer_init(struct buffer *buffer)
{
	*buffer = (struct buffer){ 0 };
}

void
buffer_fini(struct buffer *buffer)
{
	buffer_clear(buffer, 0);
}

/* Give back all memory, with whatever is in it, committed or not. */
static void
drop_memory(struct buffer *buffer)
{
	if (buffer->size >= BUFFER_SIZE_LARGE) {
		secret_free(buffer->data, buffer->size);
	} else if (buffer->data != NULL) {
		explicit_bzero(buffer->data, buffer->size);
		free(buffer->data);
	}
}

/* Move the unread bytes to the start of the memory. */
static void
move_to_front(struct buffer *buffer)
{
	memmove(buffer->data, buffer->data + buffer->start, buffer->len);
	explicit_bzero(buffer->data + buffer->len, buffer->start);
	buffer->start = 0;
}

/* Move the unread bytes to larger memory, of at least `size` bytes. */
static void
grow(struct buffer *buffer, size_t size)
{
	unsigned char *data;
	size_t new_size = BUFFER_SIZE_MIN;

	while (new_size < size || new_size <= buffer->size)
		new_size *= 2;
	data = new_size >= BUFFER_SIZE_LARGE ? secret_alloc(new_size)
	                                     : xmalloc(new_size);
	if (buffer->data != NULL)
		memcpy(data, buffer->data + buffer->start, buffer->len);
	drop_memory(buffer);
	buffer->data = data;
	buffer->start = 0;
	buffer->size = new_size;
}

unsigned char *
buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t end = buffer->start + buffer->len;

	if (len > SIZE_MAX / 4 - buffer->len)
		log_panic("buffer: unreasonable size: %zu bytes", len);
	if (buffer->data != NULL && len <= buffer->size - end)
		return buffer->data + end;
	/*
	 * Move only as many bytes as were consumed before: the cost of moving
	 * stays in proportion to what passes through.
	 */
	if (buffer->data != NULL && buffer->len <= buffer->start &&
	    len <= buffer->size - buffer->len)
		move_to_front(buffer);
	else
		grow(buffer, buffer->len + len);
	return buffer->data + buffer->len;
}

void
buffer_commit(struct buffer *buffer, size_t len)
{
	if (len > buffer->size - buffer->start - buffer->len)
		log_panic("buffer: %zu bytes were not reserved", len);
	buffer->len += len;
}

void
buffer_append(struct buffer *buffer, const void *data, size_t len)
{
	unsigned char *end = buffer_reserve(buffer, len);

	if (len > 0)
		memcpy(end, data, len);
	buffer_commit(buffer, len);
}

const unsigned char *
buffer_head(const struct buffer *buffer)
{
	static const unsigned char nothing[1];

	return buffer->data != NULL ? buffer->data + buffer->start : nothing;
}

void
buffer_consume(struct buffer *buffer, size_t len)
{
	if (len > buffer->len)
		log_panic(
		    "buffer: %zu bytes of %zu consumed", len, buffer->len);
	if (len == 0)
		return;
	explicit_bzero(buffer->data + buffer->start, len);
	buffer->len -= len;
	buffer->start = buffer->len > 0 ? buffer->start + len : 0;
}

void
buffer_clear(struct buffer *buffer, size_t keep)
{
	buffer_consume(buffer, buffer->len);
	if (buffer->size > keep) {
		drop_memory(buffer);
		*buffer = (struct buffer){ 0 };
	}
}

/*
 * attr: attribute lists, the wire format between Postfix daemons, see
 * tlsmgr-protocol(7): zero or more `name NUL value NUL`, then one more NUL.
 *
 * Pure functions over bytes: no I/O, no allocation by the reader. The reader
 * is incremental: it remembers how far it looked, so a list that arrives one
 * byte at a time costs no more than one that arrives at once.
 */
#ifndef ATTR_H
#define ATTR_H

#include "base64.h"
#include "buffer.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTR_ITEMS_MAX   8      /* kept; more are counted only */
#define ATTR_STRING_MAX  4096   /* bytes in a name or a value */
#define ATTR_SESSION_MAX 262144 /* bytes in a session, decoded: 256 kB */
#define ATTR_DATA_MAX    BASE64_ENCODED_LEN(ATTR_SESSION_MAX)
#define ATTR_LIST_MAX    (ATTR_DATA_MAX + (size_t)4 * ATTR_STRING_MAX)

/* A place in the bytes given to attr_reader_feed(): offset and length. */
struct attr_span {
	uint32_t offset;
	uint32_t len;
};

struct attr_item {
	struct attr_span name;
	struct attr_span value;
};

struct attr_reader {
	size_t offset;       /* bytes of the list looked at so far */
	size_t string_start; /* where the present name or value begins */
	bool in_value;
	struct attr_span name; /* of the present value */
	unsigned count;        /* attributes so far, also those not kept */
	struct attr_item items[ATTR_ITEMS_MAX];
};

/* Begin a new list. */
void attr_reader_init(struct attr_reader *);

/*
 * Look at data[0..len), which begins with the first byte of the list and
 * holds at least all that earlier calls were given (it may have moved).
 * ERROR_NONE: a whole list, its length with all NULs in *used; what follows
 * it was not looked at. ERROR_AGAIN: more is needed. ERROR_TOO_LARGE: past a
 * bound; only the value of an attribute named "session" may be longer than
 * ATTR_STRING_MAX. Where the bytes were cut makes no difference.
 */
enum error attr_reader_feed(
    struct attr_reader *, const unsigned char *data, size_t len, size_t *used);

/*
 * A whole list, to be read in order: each get insists that the next attribute
 * has this name, and attr_list_end() that none is left. ERROR_PROTOCOL if not,
 * or if the value is not of its type, or if the attribute was not kept because
 * there are more than ATTR_ITEMS_MAX. A get that fails changes neither the
 * list nor a string or an int.
 */
struct attr_list {
	const unsigned char *data;
	const struct attr_item *items;
	unsigned count;
	unsigned next;
};

/* Begin to read what the reader found in `data`; both are borrowed. */
void attr_list_init(
    struct attr_list *, const struct attr_reader *, const unsigned char *data);
/* Borrowed from the input, and ends with NUL. `len` may be NULL. */
enum error attr_get_string(
    struct attr_list *, const char *name, const char **value, size_t *len);
/*
 * What scanf's %u takes, with nothing behind it: white space and a sign may
 * come first, and 32 bits are kept; -1 arrives as 4294967295.
 */
enum error attr_get_int(struct attr_list *, const char *name, int *value);
/*
 * Base64, decoded into `out`. ERROR_PROTOCOL: not base64; ERROR_TOO_LARGE:
 * more than `size` bytes. On failure *len is 0, and `out` may have been
 * written to.
 */
enum error attr_get_data(struct attr_list *, const char *name,
    unsigned char *out, size_t size, size_t *len);
/* ERROR_PROTOCOL: there are attributes that were not read. */
enum error attr_list_end(const struct attr_list *);

/* The writer appends to a buffer: one attribute, whose value is this string. */
void attr_put_string(struct buffer *, const char *name, const char *value);
/* As printf's %u: -1 leaves as 4294967295, which attr_get_int() reads. */
void attr_put_int(struct buffer *, const char *name, int value);
/* In decimal; the other side reads a string, as it may not fit into an int. */
void attr_put_number(struct buffer *, const char *name, uint64_t value);
/* In base64. With len 0, data may be NULL. */
void attr_put_data(
    struct buffer *, const char *name, const void *data, size_t len);
/* The NUL that ends the list. */
void attr_put_end(struct buffer *);

#endif

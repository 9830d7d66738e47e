/*
 * attr_unit: reading one whole list, for unit tests. Included once, after
 * cmocka.h, by the test's only file.
 */
#ifndef ATTR_UNIT_H
#define ATTR_UNIT_H

#include "attr.h"

/* A string literal with its last NUL: the end of a list. */
#define LIST(text) (const unsigned char *)(text), sizeof(text)

/* What the reader finds in `data` is one list, to be read from now on. */
static inline void
read_list(struct attr_reader *reader, struct attr_list *list,
    const unsigned char *data, size_t len)
{
	size_t used;

	attr_reader_init(reader);
	assert_int_equal(
	    attr_reader_feed(reader, data, len, &used), ERROR_NONE);
	assert_int_equal(used, len);
	attr_list_init(list, reader, data);
}

#endif

/*
 * attr_reader: finds the names and values of an attribute list, and reads
 * them in order. Owns nothing: all it keeps are offsets into the caller's
 * bytes. Never allocates, never looks behind the end of the list.
 */
#include "attr.h"

#include <stdlib.h>
#include <string.h>

void
attr_reader_init(struct attr_reader *reader)
{
	/* Items are written before `count` says that they are there. */
	reader->offset = 0;
	reader->string_start = 0;
	reader->in_value = false;
	reader->count = 0;
}

static bool
span_is(const unsigned char *data, struct attr_span span, const char *text)
{
	return span.len == strlen(text) &&
	       memcmp(data + span.offset, text, span.len) == 0;
}

/* May the present name or value have `len` bytes? */
static bool
is_within_bounds(
    const struct attr_reader *reader, const unsigned char *data, size_t len)
{
	if (len <= ATTR_STRING_MAX)
		return true;
	return reader->in_value && len <= ATTR_DATA_MAX &&
	       span_is(data, reader->name, "session");
}

/* A name or a value ends at `end`. True: it was the end of the list. */
static bool
end_string(struct attr_reader *reader, size_t end)
{
	struct attr_span span = {
		.offset = (uint32_t)reader->string_start,
		.len = (uint32_t)(end - reader->string_start),
	};

	reader->offset = reader->string_start = end + 1;
	if (!reader->in_value) {
		if (span.len == 0)
			return true;
		reader->name = span;
	} else {
		if (reader->count < ATTR_ITEMS_MAX)
			reader->items[reader->count] = (struct attr_item){
				.name = reader->name,
				.value = span,
			};
		reader->count++;
	}
	reader->in_value = !reader->in_value;
	return false;
}

enum error
attr_reader_feed(struct attr_reader *reader, const unsigned char *data,
    size_t len, size_t *used)
{
	*used = 0;
	while (reader->offset < len) {
		const unsigned char *nul =
		    memchr(data + reader->offset, '\0', len - reader->offset);
		size_t end = nul != NULL ? (size_t)(nul - data) : len;

		if (end >= ATTR_LIST_MAX ||
		    !is_within_bounds(reader, data, end - reader->string_start))
			return ERROR_TOO_LARGE;
		if (nul == NULL) {
			reader->offset = len;
			break;
		}
		if (end_string(reader, end)) {
			*used = reader->offset;
			return ERROR_NONE;
		}
	}
	return ERROR_AGAIN;
}

void
attr_list_init(struct attr_list *list, const struct attr_reader *reader,
    const unsigned char *data)
{
	list->data = data;
	list->items = reader->items;
	list->count = reader->count;
	list->next = 0;
}

/* The next attribute, if it has this name. */
static const struct attr_item *
next_item(const struct attr_list *list, const char *name)
{
	const struct attr_item *item;

	if (list->next >= list->count || list->next >= ATTR_ITEMS_MAX)
		return NULL;
	item = &list->items[list->next];
	return span_is(list->data, item->name, name) ? item : NULL;
}

static const char *
text_of(const struct attr_list *list, const struct attr_item *item)
{
	return (const char *)list->data + item->value.offset;
}

enum error
attr_get_string(
    struct attr_list *list, const char *name, const char **value, size_t *len)
{
	const struct attr_item *item = next_item(list, name);

	if (item == NULL)
		return ERROR_PROTOCOL;
	*value = text_of(list, item);
	if (len != NULL)
		*len = item->value.len;
	list->next++;
	return ERROR_NONE;
}

enum error
attr_get_int(struct attr_list *list, const char *name, int *value)
{
	const struct attr_item *item = next_item(list, name);
	const char *text;
	char *end;
	unsigned long number;

	if (item == NULL)
		return ERROR_PROTOCOL;
	/* %u is strtoul() cut to 32 bits, signs and overflow included. */
	text = text_of(list, item);
	number = strtoul(text, &end, 10);
	if (end == text || *end != '\0')
		return ERROR_PROTOCOL;
	*value = (int)(unsigned)number;
	list->next++;
	return ERROR_NONE;
}

enum error
attr_get_data(struct attr_list *list, const char *name, unsigned char *out,
    size_t size, size_t *len)
{
	const struct attr_item *item = next_item(list, name);
	enum error error;

	*len = 0;
	if (item == NULL)
		return ERROR_PROTOCOL;
	error =
	    base64_decode(text_of(list, item), item->value.len, out, size, len);
	if (error == ERROR_NONE)
		list->next++;
	return error;
}

enum error
attr_list_end(const struct attr_list *list)
{
	return list->next == list->count ? ERROR_NONE : ERROR_PROTOCOL;
}

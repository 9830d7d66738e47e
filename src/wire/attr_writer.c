/*
 * attr_writer: appends attributes to a buffer, in place: a value is written
 * once, where it is sent from. Owns nothing, sends nothing.
 */
#include "attr.h"

#include <string.h>

#define DIGITS_MAX 20 /* 18446744073709551615 */

/*
 * Reserve room for a name and for `value_size` bytes of its value, and write
 * the name. Returns where the value goes; end_value() commits both.
 */
static unsigned char *
begin_value(struct buffer *buffer, const char *name, size_t value_size)
{
	size_t name_size = strlen(name) + 1;
	unsigned char *out;

	out = buffer_reserve(buffer, name_size + value_size + 1);
	memcpy(out, name, name_size);
	return out + name_size;
}

/* Name and value are in place; the value ends at `end`. */
static void
end_value(struct buffer *buffer, unsigned char *end)
{
	const unsigned char *name = buffer_head(buffer) + buffer->len;

	*end = '\0';
	buffer_commit(buffer, (size_t)(end + 1 - name));
}

void
attr_put_string(struct buffer *buffer, const char *name, const char *value)
{
	size_t len = strlen(value);
	unsigned char *out = begin_value(buffer, name, len);

	memcpy(out, value, len + 1);
	end_value(buffer, out + len);
}

void
attr_put_number(struct buffer *buffer, const char *name, uint64_t value)
{
	unsigned char *out = begin_value(buffer, name, DIGITS_MAX);
	unsigned char digits[DIGITS_MAX];
	size_t start = DIGITS_MAX;

	do {
		digits[--start] = (unsigned char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	memcpy(out, digits + start, DIGITS_MAX - start);
	end_value(buffer, out + DIGITS_MAX - start);
}

void
attr_put_int(struct buffer *buffer, const char *name, int value)
{
	attr_put_number(buffer, name, (unsigned)value);
}

void
attr_put_data(
    struct buffer *buffer, const char *name, const void *data, size_t len)
{
	size_t encoded_len = BASE64_ENCODED_LEN(len);
	unsigned char *out = begin_value(buffer, name, encoded_len);

	base64_encode(data, len, (char *)out);
	end_value(buffer, out + encoded_len);
}

void
attr_put_end(struct buffer *buffer)
{
	buffer_append(buffer, "", 1);
}

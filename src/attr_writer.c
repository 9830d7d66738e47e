/*
 * attr_writer: appends attributes to a buffer, in place: a value is written
 * once, where it is sent from. Owns nothing, sends nothing.
 */
#include "attr.h"

#include <string.h>

#define INT_DIGITS_MAX 10 /* 4294967295 */

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
attr_put_int(struct buffer *buffer, const char *name, int value)
{
	unsigned char *out = begin_value(buffer, name, INT_DIGITS_MAX);
	unsigned char digits[INT_DIGITS_MAX];
	unsigned rest = (unsigned)value;
	size_t start = INT_DIGITS_MAX;

	do {
		digits[--start] = (unsigned char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	memcpy(out, digits + start, INT_DIGITS_MAX - start);
	end_value(buffer, out + INT_DIGITS_MAX - start);
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

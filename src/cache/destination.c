/*
 * destination: takes ids apart. Of a client: SERVICE & next hop & host &
 * address & one more & digest. Of a server: session & s=SERVICE & l=version.
 */
#include "destination.h"

#include "xalloc.h"

#include <string.h>

#define CLIENT_FIELDS  6
#define SERVER_FIELDS  3
#define DIGEST_LEN_MIN 32
#define SHORT_LEN      12 /* of a session, enough to tell them apart */
#define BLOCK_LEN      16

/* Of a client. */
enum { FIELD_NEXT_HOP = 1, FIELD_HOST = 2, FIELD_ADDRESS = 3 };

struct field {
	const char *text;
	size_t len;
};

static inline unsigned char
find_other(const char *text, size_t len)
{
	unsigned char other = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		other |= (unsigned char)(c - '0') > 9 &&
		         (unsigned char)((c | 0x20) - 'a') > 5;
	}
	return other;
}

/* For each request: in blocks, of which the compiler makes vectors. */
static bool
is_hexadecimal(const struct field *field)
{
	const char *text = field->text;
	size_t len = field->len;
	unsigned char other = 0;

	for (; len >= BLOCK_LEN; len -= BLOCK_LEN, text += BLOCK_LEN)
		other |= find_other(text, BLOCK_LEN);
	return field->len >= DIGEST_LEN_MIN &&
	       (other | find_other(text, len)) == 0;
}

/* How many fields there are, no more of which than `max` are kept. */
static size_t
split(const char *text, size_t len, struct field *fields, size_t max)
{
	const char *end = text + len, *next;
	size_t count = 0;

	while (count < max) {
		next = memchr(text, '&', (size_t)(end - text));
		fields[count].text = text;
		fields[count].len =
		    (size_t)((next != NULL ? next : end) - text);
		count++;
		if (next == NULL)
			return count;
		text = next + 1;
	}
	return count + 1;
}

static bool
begins_with(const struct field *field, const char *text)
{
	return field->len >= strlen(text) &&
	       memcmp(field->text, text, strlen(text)) == 0;
}

bool
destination_find(const char *id, size_t len, struct destination_part *part)
{
	struct field fields[CLIENT_FIELDS];
	const struct field *last = &fields[FIELD_ADDRESS];

	if (split(id, len, fields, CLIENT_FIELDS) != CLIENT_FIELDS ||
	    fields[FIELD_HOST].len == 0 ||
	    !is_hexadecimal(&fields[CLIENT_FIELDS - 1]))
		return false;
	part->offset = (size_t)(fields[FIELD_NEXT_HOP].text - id);
	part->len = (size_t)(last->text + last->len - id) - part->offset;
	return true;
}

char *
destination_describe(const char *part, size_t len)
{
	struct field fields[3] = { { "", 0 }, { "", 0 }, { "", 0 } };
	const struct field *next_hop = &fields[0], *host = &fields[1];
	const struct field *address = &fields[2];

	split(part, len, fields, 3);
	if (next_hop->len == 0 ||
	    (next_hop->len == host->len &&
		memcmp(next_hop->text, host->text, host->len) == 0))
		return xasprintf("%.*s[%.*s]", (int)host->len, host->text,
		    (int)address->len, address->text);
	return xasprintf("%.*s[%.*s] for %.*s", (int)host->len, host->text,
	    (int)address->len, address->text, (int)next_hop->len,
	    next_hop->text);
}

static char *
describe_server(const char *id, size_t len)
{
	struct field fields[SERVER_FIELDS];

	if (split(id, len, fields, SERVER_FIELDS) != SERVER_FIELDS ||
	    !is_hexadecimal(&fields[0]) || !begins_with(&fields[1], "s=") ||
	    !begins_with(&fields[2], "l="))
		return NULL;
	return xasprintf("%.*s, %.*s", (int)fields[1].len - 2,
	    fields[1].text + 2, SHORT_LEN, fields[0].text);
}

char *
destination_text(const char *id)
{
	struct destination_part part;
	size_t len = strlen(id);

	if (destination_find(id, len, &part))
		return destination_describe(id + part.offset, part.len);
	return describe_server(id, len);
}

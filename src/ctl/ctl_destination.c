/*
 * ctl_destination: takes ids apart. Of a client: SERVICE & next hop & host &
 * address & one more & digest. Of a server: session & s=SERVICE & l=version.
 */
#include "ctl_destination.h"

#include "xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_FIELDS  6
#define SERVER_FIELDS  3
#define DIGEST_LEN_MIN 32
#define SHORT_LEN      12 /* of a session, enough to tell them apart */

static bool
is_hexadecimal(const char *text, size_t len_min)
{
	size_t len = strspn(text, "0123456789ABCDEFabcdef");

	return text[len] == '\0' && len >= len_min;
}

/* Splits in place; how many fields there are, which may be more than `max`. */
static int
split(char *text, char **fields, int max)
{
	int count = 0;
	char *field;

	while ((field = strsep(&text, "&")) != NULL) {
		if (count < max)
			fields[count] = field;
		count++;
	}
	return count;
}

static char *
describe_client(char *const *fields)
{
	const char *next_hop = fields[1], *host = fields[2];
	const char *address = fields[3];

	if (*host == '\0' || !is_hexadecimal(fields[5], DIGEST_LEN_MIN))
		return NULL;
	if (*next_hop == '\0' || strcmp(next_hop, host) == 0)
		return xasprintf("%s[%s]", host, address);
	return xasprintf("%s[%s] for %s", host, address, next_hop);
}

static char *
describe_server(char *const *fields)
{
	if (!is_hexadecimal(fields[0], DIGEST_LEN_MIN) ||
	    strncmp(fields[1], "s=", 2) != 0 ||
	    strncmp(fields[2], "l=", 2) != 0)
		return NULL;
	return xasprintf("%s, %.*s", fields[1] + 2, SHORT_LEN, fields[0]);
}

char *
ctl_destination(const char *id)
{
	char *fields[CLIENT_FIELDS], *copy = xstrdup(id), *text = NULL;
	int count = split(copy, fields, CLIENT_FIELDS);

	if (count == CLIENT_FIELDS)
		text = describe_client(fields);
	else if (count == SERVER_FIELDS)
		text = describe_server(fields);
	free(copy);
	return text;
}

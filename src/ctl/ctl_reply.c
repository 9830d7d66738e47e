/*
 * ctl_reply: walks the attributes of a reply. Owns nothing, and never believes
 * that what it is given is a whole list.
 */
#include "ctl_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_FAIL_TEXT "4294967294" /* -2, as an unsigned int */
#define STATUS_ERR_TEXT  "4294967295" /* -1 */

void
ctl_reply_init(struct ctl_reply *reply, const unsigned char *data, size_t len)
{
	reply->data = data;
	reply->len = len;
	reply->offset = 0;
}

/* The string at *offset, which is moved behind its NUL; NULL: it has none. */
static const char *
take_string(const struct ctl_reply *reply, size_t *offset)
{
	const unsigned char *start = reply->data + *offset;
	const unsigned char *nul;

	if (*offset >= reply->len)
		return NULL;
	nul = memchr(start, '\0', reply->len - *offset);
	if (nul == NULL)
		return NULL;
	*offset = (size_t)(nul - reply->data) + 1;
	return (const char *)start;
}

bool
ctl_reply_next(struct ctl_reply *reply, struct ctl_attribute *attribute)
{
	size_t offset = reply->offset;

	attribute->name = take_string(reply, &offset);
	if (attribute->name == NULL || *attribute->name == '\0')
		return false;
	attribute->value = take_string(reply, &offset);
	if (attribute->value == NULL)
		return false;
	reply->offset = offset;
	return true;
}

struct ctl_reply
ctl_reply_from_start(const struct ctl_reply *reply)
{
	struct ctl_reply walk = *reply;

	walk.offset = 0;
	return walk;
}

bool
ctl_reply_is_at_end(const struct ctl_reply *reply)
{
	return reply->len > 0 && reply->offset == reply->len - 1 &&
	       reply->data[reply->offset] == '\0';
}

const char *
ctl_reply_find(const struct ctl_reply *reply, const char *name)
{
	struct ctl_reply walk = ctl_reply_from_start(reply);
	struct ctl_attribute attribute;

	while (ctl_reply_next(&walk, &attribute))
		if (strcmp(attribute.name, name) == 0)
			return attribute.value;
	return NULL;
}

enum error
ctl_reply_status(struct ctl_reply *reply, int *status)
{
	static const struct {
		const char *text;
		int status;
	} known[] = { { "0", 0 }, { STATUS_ERR_TEXT, -1 },
		{ STATUS_FAIL_TEXT, -2 } };
	struct ctl_attribute attribute;

	if (!ctl_reply_next(reply, &attribute) ||
	    strcmp(attribute.name, "status") != 0)
		return ERROR_PROTOCOL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(attribute.value, known[i].text) == 0) {
			*status = known[i].status;
			return ERROR_NONE;
		}
	}
	return ERROR_PROTOCOL;
}

enum error
ctl_reply_number(const char *text, int64_t *number)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long parsed;

	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return ERROR_PROTOCOL;
	errno = 0;
	parsed = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return ERROR_PROTOCOL;
	*number = parsed;
	return ERROR_NONE;
}

const char *
ctl_reply_take(struct ctl_reply *reply, const char *name)
{
	struct ctl_attribute attribute;

	if (!ctl_reply_next(reply, &attribute) ||
	    strcmp(attribute.name, name) != 0)
		return NULL;
	return attribute.value;
}

bool
ctl_reply_take_count(struct ctl_reply *reply, const char *name, int64_t *count)
{
	const char *text = ctl_reply_take(reply, name);

	return text != NULL && ctl_reply_number(text, count) == ERROR_NONE &&
	       *count >= 0;
}

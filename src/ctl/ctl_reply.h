/*
 * ctl_reply: the attributes of a reply, in the order of their arrival. Pure:
 * bytes in, attributes out; nothing is allocated, and no length is trusted.
 */
#ifndef CTL_REPLY_H
#define CTL_REPLY_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed from the reply; both end with NUL. */
struct ctl_attribute {
	const char *name;
	const char *value;
};

struct ctl_reply {
	const unsigned char *data;
	size_t len;
	size_t offset; /* of the next attribute */
};

/*
 * data[0..len) is an attribute list, or claims to be one: whatever it is, it
 * is never looked at beyond len.
 */
void ctl_reply_init(struct ctl_reply *, const unsigned char *data, size_t len);

/* False: there is no other, or what is there is none. */
bool ctl_reply_next(struct ctl_reply *, struct ctl_attribute *);

/* The same reply, to be walked from its first attribute on. */
struct ctl_reply ctl_reply_from_start(const struct ctl_reply *);

/* Was the list read to its proper end, with nothing behind it? */
bool ctl_reply_is_at_end(const struct ctl_reply *);

/* The value of the first attribute of that name, or NULL; moves nothing. */
const char *ctl_reply_find(const struct ctl_reply *, const char *name);

/*
 * The next attribute, which has to be an int called "status": 0, -1 or -2.
 * ERROR_PROTOCOL if not.
 */
enum error ctl_reply_status(struct ctl_reply *, int *status);

/* A decimal number and nothing else; ERROR_PROTOCOL if not, or too large. */
enum error ctl_reply_number(const char *text, int64_t *number);

/* The value of the next attribute, borrowed; NULL if it has another name. */
const char *ctl_reply_take(struct ctl_reply *, const char *name);
/* The same of a number that is not negative. False: it is none. */
bool ctl_reply_take_count(struct ctl_reply *, const char *name, int64_t *);

#endif

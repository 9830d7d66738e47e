/*
 * destination: whose session that is, made out of the id that Postfix gave it.
 * For display only, never for a decision: Postfix promises no form of ids.
 * Known are those that were seen with Postfix 3.5 to 3.11. Pure.
 */
#ifndef DESTINATION_H
#define DESTINATION_H

#include <stdbool.h>
#include <stddef.h>

/* Which part of an id names the destination. */
struct destination_part {
	size_t offset;
	size_t len;
};

/*
 * In the id of a client's session: next hop, host and address, and not the
 * service and the digest around them. False: it has no known form.
 */
bool destination_find(const char *id, size_t len, struct destination_part *);

/*
 * "mx.example.com[192.0.2.1] for example.com", of a part that was found; for
 * the caller to free.
 */
char *destination_describe(const char *part, size_t len);

/*
 * The same of a whole id, or "smtpd, AC527E301696" of a server's; for the
 * caller to free. NULL: it has no known form.
 */
char *destination_text(const char *id);

#endif

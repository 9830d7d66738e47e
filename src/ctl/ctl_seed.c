/*
 * ctl_seed: random bytes from the daemon's generator, as Postfix gets them.
 */
#include "attr.h"
#include "base64.h"
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX 255

static bool
parse_size(const char *text, unsigned *size)
{
	char *end;
	unsigned long parsed = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || parsed < 1 ||
	    parsed > SEED_MAX) {
		ctl_error(
		    "seed %s: must be a number from 1 to %d", text, SEED_MAX);
		return false;
	}
	*size = (unsigned)parsed;
	return true;
}

/* Exactly so many bytes, or nothing. */
static int
print_seed(struct ctl_reply *reply, unsigned size)
{
	unsigned char bytes[SEED_MAX];
	struct ctl_attribute attribute;
	size_t len;

	if (!ctl_reply_next(reply, &attribute) ||
	    strcmp(attribute.name, "seed") != 0 ||
	    base64_decode(attribute.value, strlen(attribute.value), bytes,
		sizeof(bytes), &len) != ERROR_NONE ||
	    len != size) {
		ctl_error("the answer to seed makes no sense");
		return CTL_UNREACHABLE;
	}
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	explicit_bzero(bytes, sizeof(bytes));
	return CTL_OK;
}

int
ctl_seed(struct ctl *ctl, char *const operands[])
{
	const struct ctl_argument arguments[] = { { "size", operands[0] },
		{ NULL, NULL } };
	struct ctl_client client;
	struct ctl_reply reply;
	unsigned size;
	int status;

	if (!parse_size(operands[0], &size))
		return CTL_USAGE;
	status = ctl_connect(ctl, &client);
	if (status != CTL_OK)
		return status;
	status = ctl_ask(&client, "seed", arguments, &reply);
	if (status == CTL_OK)
		status = print_seed(&reply, size);
	else if (status == CTL_NO)
		ctl_error("the daemon's generator has nothing to give; its log "
			  "says why");
	ctl_client_close(&client);
	return status;
}

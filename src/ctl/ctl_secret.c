/*
 * ctl_secret: a new secret for a group of hosts. Needs no daemon.
 */
#include "ctl.h"
#include "shared_secret.h"

#include <stdio.h>
#include <string.h>

int
ctl_secret(struct ctl *ctl, char *const operands[])
{
	char text[SHARED_SECRET_TEXT_LEN + 1];
	int status = CTL_OK;

	(void)ctl;
	(void)operands;
	if (shared_secret_make(text) == ERROR_NONE)
		puts(text);
	else
		status = CTL_NO; /* which was logged */
	explicit_bzero(text, sizeof(text));
	return status;
}

/*
 * ctl_advice: looks which init runs, as sd_booted(3) does.
 */
#include "ctl_advice.h"

#include "xalloc.h"

#include <stdbool.h>
#include <unistd.h>

static bool
is_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

const char *
ctl_advice_start(void)
{
	return is_systemd() ? "systemctl start postfix" : "postfix start";
}

const char *
ctl_advice_restart(void)
{
	return is_systemd() ? "systemctl restart postfix"
	                    : "postfix stop; postfix start";
}

char *
ctl_advice_after_fatal(const char *correct)
{
	return xasprintf("%s, then: %s (or wait: a tlsmgr that ended with an "
			 "error is started again after a minute)",
	    correct, ctl_advice_restart());
}

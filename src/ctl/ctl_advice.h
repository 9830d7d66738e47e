/*
 * ctl_advice: what to do about Postfix as a whole, as this machine does it.
 */
#ifndef CTL_ADVICE_H
#define CTL_ADVICE_H

/*
 * The command that starts Postfix. Under systemd never postfix(1): systemd(1)
 * would not know of that Postfix.
 */
const char *ctl_advice_start(void);
/* The same to stop and start it: at once, where a reload may take a minute. */
const char *ctl_advice_restart(void);
/*
 * Where no tlsmgr can start: correct it, and when it is tried again; master(8)
 * waits for a minute after a fatal error. For the caller to free.
 */
char *ctl_advice_after_fatal(const char *correct);

#endif

/*
 * ctl_destination: whose session that is, made out of the id that Postfix gave
 * it. For display only: Postfix promises no form of ids. Pure.
 */
#ifndef CTL_DESTINATION_H
#define CTL_DESTINATION_H

/*
 * "mx.example.com[192.0.2.1] for example.com" of a client's session, "smtpd,
 * AC527E301696" of a server's; for the caller to free. NULL: the id has none of
 * the forms that were seen with Postfix 3.5 to 3.11.
 */
char *ctl_destination(const char *id);

#endif

/*
 * ctl_listen: a socket of TCP that listens on an address from the command line.
 */
#ifndef CTL_LISTEN_H
#define CTL_LISTEN_H

/*
 * Listen on "ADDRESS:PORT" or "[ADDRESS]:PORT", of numbers, without ever
 * waiting for a client. Port 0: any that is free. CTL_OK, with a descriptor for
 * the caller to close; CTL_USAGE for another form, or CTL_NO, and the error was
 * printed.
 */
int ctl_listen(const char *address, int *fd);

#define CTL_LISTEN_NAME_MAX 64
/* Where it listens, in that form. */
void ctl_listen_name(int fd, char name[CTL_LISTEN_NAME_MAX]);

#endif

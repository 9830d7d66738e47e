/*
 * stdio_client: -S, one client on standard input and output.
 */
#ifndef STDIO_CLIENT_H
#define STDIO_CLIENT_H

struct service;

/*
 * Answer requests from descriptor 0 on descriptor 1 until the input ends, or
 * SIGTERM, SIGHUP or SIGINT comes, with blocking reads and writes: no other
 * client is waiting. Without an announcement, as in the stock daemon (observed
 * on 3.7). Those signals are blocked from then on.
 */
void stdio_client_serve(struct service *);

#endif

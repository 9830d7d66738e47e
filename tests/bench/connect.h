/*
 * connect: a connection to a tlsmgr(8).
 */
#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>

/*
 * The descriptor; reads and writes on it give up after wait_s seconds. -1: no
 * announcement came in that time. Exits where it cannot connect.
 */
int connect_server(const char *path, bool announced, int wait_s);

#endif

/*
 * ctl_http: an HTTP server that gives one page, /metrics, by libevent's evhttp;
 * the only module that knows that. One request for each connection, and limits
 * on the time, the number and the size of all.
 */
#ifndef CTL_HTTP_H
#define CTL_HTTP_H

#include "loop.h"

struct ctl_http;

/*
 * Serve clients of a listening socket, which stays the caller's. The page is
 * what this program prints for the configuration directory (borrowed) with
 * `status --prometheus` or `--openmetrics`; where that does not come in time,
 * that the daemon does not answer. NULL: the error was printed.
 */
struct ctl_http *ctl_http_new(
    struct loop *, int listen_fd, const char *config_directory);
/* Ends all connections. */
void ctl_http_free(struct ctl_http *);

#endif

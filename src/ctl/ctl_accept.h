/*
 * ctl_accept: what a client of HTTP would rather have, by its header Accept
 * (RFC 9110, section 12.5.1).
 */
#ifndef CTL_ACCEPT_H
#define CTL_ACCEPT_H

#include <stdbool.h>

/*
 * OpenMetrics rather than Prometheus's text format? Where it names that type,
 * and with no lower weight than plain text. NULL: there is no such header.
 */
bool ctl_accept_openmetrics(const char *accept);

#endif

/*
 * ctl_metric: a metric in one of the two text formats for Prometheus, its
 * exposition format 0.0.4 and OpenMetrics 1.0. Names are by the conventions of
 * Prometheus: a prefix, base units, "_total" behind what counts.
 */
#ifndef CTL_METRIC_H
#define CTL_METRIC_H

#include "ctl_statistics.h"

#include <stdbool.h>

#define CTL_METRIC_NAME_MAX 128

/* That the daemon does not answer, in either format. */
#define CTL_METRIC_NONE                         \
	"# HELP tlsmgr_up The daemon answers\n" \
	"# TYPE tlsmgr_up gauge\ntlsmgr_up 0\n"
/* So that a text of OpenMetrics that was cut short is not taken for a whole. */
#define CTL_METRIC_END "# EOF\n"

/*
 * "tlsmgr_clients_accepted_total" of the statistic `accepted`; cut if longer.
 */
void ctl_metric_name(char name[CTL_METRIC_NAME_MAX], const char *prefix,
    const struct ctl_statistic *);
/* "counter" or "gauge". */
const char *ctl_metric_type(enum ctl_kind);

/*
 * The lines before the samples, to standard output. OpenMetrics names the
 * family of a counter without "_total".
 */
void ctl_metric_head(
    const char *name, const char *help, const char *type, bool is_openmetrics);

/* Microseconds as seconds, in the shortest form that OpenMetrics takes. */
void ctl_metric_seconds(int64_t microseconds);

/*
 * The histogram of each kind of request, tlsmgr_request_duration_seconds; no
 * head either where there is none.
 */
void ctl_metric_latencies(
    const struct ctl_reply *statistics, bool is_openmetrics);
/* The same of the time in which the engine answered, of a group of hosts. */
void ctl_metric_round_trips(
    const struct ctl_reply *statistics, bool is_openmetrics);

/*
 * What the kernel says of a process: tlsmgr_process_open_fds and the like. With
 * the prefix, as node_exporter, which reads our file, has such names itself.
 * What cannot be seen is left out.
 */
void ctl_metric_process(int64_t pid, int64_t started_at, bool is_openmetrics);

#endif

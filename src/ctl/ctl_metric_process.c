/*
 * ctl_metric_process: what proc(5) says of the daemon's process.
 */
#include "ctl_metric.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
put(const char *name, const char *help, const char *type, double value,
    bool is_openmetrics)
{
	ctl_metric_head(name, help, type, is_openmetrics);
	printf("%s %.15g\n", name, value);
}

/* -1: it cannot be seen. */
static long
count_descriptors(int64_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	long count = 0;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd", pid);
	directory = opendir(path);
	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* The number in a field; fields have blanks between, and 0 is the first. */
static unsigned long
field(const char *text, unsigned number)
{
	for (; number > 0; number--) {
		text += strspn(text, " ");
		text += strcspn(text, " ");
	}
	return strtoul(text, NULL, 10);
}

/* Processor time in ticks and resident memory in pages, of /proc/PID/stat. */
static bool
read_stat(int64_t pid, unsigned long *ticks, long *pages)
{
	char path[64], line[1024], *rest = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	/* The second field is a name, which may have blanks and brackets. */
	if (fgets(line, sizeof(line), file) != NULL)
		rest = strrchr(line, ')');
	fclose(file);
	if (rest == NULL)
		return false;
	/* proc(5) counts from 1, and from the beginning: 14, 15 and 24. */
	*ticks = field(rest + 1, 11) + field(rest + 1, 12);
	*pages = (long)field(rest + 1, 21);
	return true;
}

void
ctl_metric_process(int64_t pid, int64_t started_at, bool is_openmetrics)
{
	long descriptors = count_descriptors(pid), pages;
	unsigned long ticks;

	put("tlsmgr_process_start_time_seconds",
	    "When the process started, seconds since the epoch", "gauge",
	    (double)started_at, is_openmetrics);
	if (descriptors >= 0)
		put("tlsmgr_process_open_fds", "Open file descriptors", "gauge",
		    (double)descriptors, is_openmetrics);
	if (!read_stat(pid, &ticks, &pages))
		return;
	put("tlsmgr_process_resident_memory_bytes", "Resident memory", "gauge",
	    (double)pages * (double)sysconf(_SC_PAGESIZE), is_openmetrics);
	put("tlsmgr_process_cpu_seconds_total", "Processor time used",
	    "counter", (double)ticks / (double)sysconf(_SC_CLK_TCK),
	    is_openmetrics);
}

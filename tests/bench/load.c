/*
 * load: loads a tlsmgr(8) with requests, checks every reply, and prints one
 * line of JSON. This file has the arguments and the report.
 */
#include "driver.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct load {
	struct driver_config driver;
	const char *operation; /* a name, or "mix" */
};

static double
cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
quantile_us(const struct driver_result *result, double share)
{
	return (double)histogram_quantile(&result->latency, share) / 1e3;
}

static void
report(const struct load *load, const struct driver_result *result)
{
	double seconds = result->seconds;

	printf("{\"operation\": \"%s\", \"connections\": %" PRIu64 ", ",
	    load->operation, load->driver.connections);
	printf("\"seconds\": %.6f, \"requests\": %" PRIu64 ", "
	       "\"issued\": %" PRIu64 ", \"rate\": %.1f, ",
	    seconds, result->latency.count, result->issued,
	    seconds > 0 ? (double)result->latency.count / seconds : 0);
	printf("\"hits\": %" PRIu64 ", \"misses\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"closed\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", ",
	    result->hits, result->misses, result->wrong, result->closed,
	    result->lost);
	printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"max_us\": %.1f, \"client_cpu_s\": %.3f}\n",
	    quantile_us(result, 0.5), quantile_us(result, 0.99),
	    quantile_us(result, 0.999), (double)result->latency.max / 1e3,
	    cpu_seconds());
}

/* Arguments */

static const char usage_text[] =
    "usage: load [options] -s socket -o operation\n"
    "  -o  lookup, update, delete, seed, policy, tktkey, or mix\n"
    "  -c  connections (16)            -b  bytes in a session (1500)\n"
    "  -k  keys (50000)                -f  first key (0)\n"
    "  -q  keys in order, not at random\n"
    "  -m  per cent of lookups that are to miss (0)\n"
    "  -d  seconds (2)                 -w  seconds before that, not counted\n"
    "  -n  requests, instead of seconds\n"
    "  -r  requests a second (as fast as they are answered)\n"
    "  -t  cache type (smtpd)          -T  its timeout in seconds (3600)\n"
    "  -A  no announcement             -X  do not check content\n";

/* Options whose values are numbers, and where those go. */
static const struct {
	int option;
	size_t offset;
} numbers[] = {
	{ 'c', offsetof(struct load, driver.connections) },
	{ 'b', offsetof(struct load, driver.workload.session_len) },
	{ 'k', offsetof(struct load, driver.key_count) },
	{ 'f', offsetof(struct load, driver.first_key) },
	{ 'm', offsetof(struct load, driver.miss_percent) },
	{ 'n', offsetof(struct load, driver.request_limit) },
	{ 'r', offsetof(struct load, driver.rate) },
	{ 'T', offsetof(struct load, driver.workload.timeout_s) },
};

static _Noreturn void
usage(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_FAILURE);
}

static bool
set_number(struct load *load, int option, const char *text)
{
	char *end;
	uint64_t value;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].option != option)
			continue;
		value = strtoull(text, &end, 10);
		if (*text == '\0' || *end != '\0')
			errx(EXIT_FAILURE, "bad number: %s", text);
		memcpy((char *)load + numbers[i].offset, &value, sizeof(value));
		return true;
	}
	return false;
}

static void
set_option(struct load *load, int option, const char *value)
{
	struct driver_config *driver = &load->driver;

	if (set_number(load, option, value))
		return;
	switch (option) {
	case 's':
		driver->socket_path = value;
		break;
	case 'o':
		load->operation = value;
		break;
	case 't':
		driver->workload.cache_type = value;
		break;
	case 'd':
		driver->seconds = atof(value);
		break;
	case 'w':
		driver->warmup_seconds = atof(value);
		break;
	case 'q':
		driver->sequential_keys = true;
		break;
	case 'A':
		driver->announced = false;
		break;
	case 'X':
		driver->workload.check_content = false;
		break;
	default:
		usage();
	}
}

/* Which operation for each per cent of requests. */
static void
set_shares(struct load *load)
{
	/* A busy server: resumptions, new sessions, processes that start. */
	static const unsigned mix[OPERATION_COUNT] = {
		[OPERATION_LOOKUP] = 60,
		[OPERATION_UPDATE] = 28,
		[OPERATION_DELETE] = 2,
		[OPERATION_SEED] = 4,
		[OPERATION_POLICY] = 2,
		[OPERATION_TKTKEY] = 4,
	};
	bool is_mix = strcmp(load->operation, "mix") == 0;
	unsigned share, at = 0;

	for (unsigned i = 0; i < OPERATION_COUNT; i++) {
		share = mix[i];
		if (!is_mix)
			share = strcmp(load->operation,
				    workload_operation_name(i)) == 0
			            ? 100
			            : 0;
		while (share-- > 0)
			load->driver.shares[at++] = (enum operation)i;
	}
	if (at != 100)
		usage();
}

static void
parse(struct load *load, int argc, char *argv[])
{
	struct driver_config *driver = &load->driver;
	int option;

	while ((option = getopt(argc, argv, "s:o:c:b:k:f:qm:d:w:n:r:t:T:AX")) !=
	       -1)
		set_option(load, option, optarg);
	if (optind != argc || driver->socket_path == NULL ||
	    load->operation == NULL || driver->connections == 0 ||
	    driver->key_count == 0 || driver->key_count > UINT32_MAX ||
	    driver->workload.session_len < 24)
		usage();
	/* Whole groups of base64, so that any piece of one is one. */
	driver->workload.session_len +=
	    2 - (driver->workload.session_len + 2) % 3;
	set_shares(load);
}

int
main(int argc, char *argv[])
{
	static struct driver_result result;
	struct load load = {
		.driver = {
			.workload = {
				.cache_type = "smtpd",
				.session_len = 1500,
				.timeout_s = 3600,
				.check_content = true,
			},
			.connections = 16,
			.key_count = 50000,
			.seconds = 2,
			.announced = true,
		},
	};

	signal(SIGPIPE, SIG_IGN);
	parse(&load, argc, argv);
	driver_run(&load.driver, &result);
	report(&load, &result);
	return result.wrong + result.closed + result.lost > 0 ? 2
	                                                      : EXIT_SUCCESS;
}

/*
 * Unit tests of the statistics: every row of counters.def is there, once, in
 * order, and says what it is to say. Covers statistics_rows.c.
 */
#include "statistics.h"

#include "clock.h"
#include "prng.h"
#include "version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_memory.h"
#include "unit.h"

static struct daemon it;
static struct settings settings;
static struct config *config;
static struct store_memory store;
static struct buffer reply;

static int
setup(void **state)
{
	static const struct prng_schedule_config prng_config = {
		.source_name = "dev:/dev/null",
		.exchange_path = "",
	};

	settings = (struct settings){ .tlsmgr_cache_max_entries = 11 };
	store = (struct store_memory){ .base.ops = &store_memory_ops };
	config = config_new();
	it = (struct daemon){ .settings = &settings, .config = config };
	it.prng = prng_schedule_new(&prng_config);
	it.ticket_key_file.fd = -1;
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_init(&it.caches[i], (enum cache_type)i, 3600);
	ticket_keys_init(&it.ticket_keys, 3600);
	service_init(&it.service, it.caches, &it.ticket_keys);
	return unit_setup(state);
}

static int
teardown(void **state)
{
	buffer_fini(&reply);
	service_fini(&it.service);
	ticket_keys_fini(&it.ticket_keys);
	prng_schedule_free(it.prng);
	config_free(config);
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_fini(&it.caches[i]);
	return unit_teardown(state);
}

/* The value of that name in the reply; NULL: there is none. */
static const char *
find(const char *name)
{
	const char *at = (const char *)buffer_head(&reply);
	const char *end = at + reply.len, *value;

	for (; at < end; at = value + strlen(value) + 1) {
		value = at + strlen(at) + 1;
		if (strcmp(at, name) == 0)
			return value;
	}
	return NULL;
}

static void
ask(void)
{
	buffer_clear(&reply, 0);
	statistics_put(&it, &reply);
}

static void
expect(const char *name, const char *value)
{
	const char *found = find(name);

	if (found == NULL)
		fail_msg("%s is not there", name);
	assert_string_equal(found, value);
}

enum kind {
	COUNTER,
	GAUGE,
	BYTES,
	TIME,
	SECONDS,
	MICROSECONDS,
	FLAG,
	TEXT,
};

static const struct row {
	const char *name;
	enum kind kind;
	const char *help;
} process_rows[] = {
#define PROCESS(name, kind, expression, help) { #name, kind, help },
#include "counters.def"
}, shared_rows[] = {
#define SHARED(name, kind, expression, help) { #name, kind, help },
#include "counters.def"
}, cache_rows[] = {
#define CACHE(name, kind, expression, help) { #name, kind, help },
#include "counters.def"
};

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
check_row(const char *name, const struct row *row)
{
	const char *value = find(name);

	if (value == NULL)
		fail_msg("%s is not there", name);
	if (row->kind != TEXT)
		assert_int_equal(strspn(value, "0123456789"), strlen(value));
	if (row->kind != TEXT)
		assert_true(*value != '\0');
	assert_true(strlen(row->help) > 0 && strlen(row->help) < 80);
	assert_true(row->help[strlen(row->help) - 1] != '.');
}

/* How many names, or values, begin like this. */
static size_t
count_of(const char *prefix)
{
	const char *at = (const char *)buffer_head(&reply);
	const char *end = at + reply.len;
	size_t count = 0;

	for (; at < end; at += strlen(at) + 1)
		count += strncmp(at, prefix, strlen(prefix)) == 0;
	return count;
}

static void
every_row_of_counters_def_is_there_once_and_in_order(void **state)
{
	char name[64];

	ask();
	for (size_t i = 0; i < ROWS(process_rows); i++)
		check_row(process_rows[i].name, &process_rows[i]);
	for (size_t i = 0; i < ROWS(shared_rows); i++) {
		snprintf(name, sizeof(name), "shared.%s", shared_rows[i].name);
		check_row(name, &shared_rows[i]);
	}
	for (int type = 0; type < CACHE_TYPES; type++) {
		for (size_t i = 0; i < ROWS(cache_rows); i++) {
			snprintf(name, sizeof(name), "%s.%s",
			    cache_type_name((enum cache_type)type),
			    cache_rows[i].name);
			check_row(name, &cache_rows[i]);
		}
	}
	/* And nothing else but requests, and a histogram. */
	assert_int_equal(count_of("") / 2,
	    ROWS(process_rows) + ROWS(shared_rows) +
		CACHE_TYPES * ROWS(cache_rows) + count_of("request.") +
		count_of("shared.round_trip."));
}

static void
without_an_engine_its_round_trips_are_none(void **state)
{
	ask();
	assert_int_equal(count_of("shared.round_trip.le."), 12);
	expect("shared.round_trip.le.50", "0");
	expect("shared.round_trip.le.500000", "0");
	expect("shared.round_trip.count", "0");
	expect("shared.round_trip.sum_us", "0");
}

/* Something in each part. */
static void
fill_all_parts(void)
{
	static char version[] = "3.7.11";
	const struct ticket_key *key;

	settings.postfix_version = version;
	config_add_problem(config, CONFIG_WARNING, strdup("none"));
	config_add_problem(config, CONFIG_IGNORED, strdup("one"));
	config_add_problem(config, CONFIG_IGNORED, strdup("two"));
	it.started_at = 1700000000;
	it.announces = true;
	it.server.client_count = 3;
	it.server.config.client_limit = 4;
	it.server.accepted = UINT64_C(10000000000);
	it.server.refused = 6;
	it.server.limit_closes = 7;
	it.server.memory_closes = 6;
	it.server.memory = 4321;
	it.service.complaint_count = 8;
	histogram_add(&it.server.latency, 10, 989);
	histogram_add(&it.server.latency, 20, 9);
	histogram_add(&it.server.latency, 30, 1);
	histogram_add(&it.server.latency, 12345, 1);
	it.caches[CACHE_SMTP].database = strdup("btree:/x");
	it.caches[CACHE_SMTP].store = &store.base;
	it.caches[CACHE_SMTP].counters = (struct cache_counters){
		.lookups = 21,
		.hits = 22,
		.updates = 23,
		.deletes = 24,
		.failures = 25,
	};
	store.entries[0].key_len = 2;
	ticket_keys_current(&it.ticket_keys, 1700000000, &key);
}

static void
statistics_of_the_process_are_its_own(void **state)
{
	char pid[32];

	fill_all_parts();
	ask();
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	expect("pid", pid);
	expect("version", TLSMGR_VERSION);
	expect("postfix_version", "3.7.11");
	expect("settings_ignored", "2");
	expect("first_setting_ignored", "one");
	expect("started_at", "1700000000");
	expect("announce", "1");
	expect("clients", "3");
	expect("client_limit", "4");
	expect("accepted", "10000000000");
	expect("refused", "6");
	expect("limit_closes", "7");
	expect("memory_closes", "6");
	expect("client_memory", "4321");
	expect("complaints", "8");
	expect("latency_p50_us", "10");
	expect("latency_p99_us", "20");
	expect("latency_p999_us", "30");
	expect("latency_max_us", "12345");
}

static void
statistics_of_keys_and_the_generator_are_theirs(void **state)
{
	fill_all_parts();
	ask();
	expect("ticket_keys", "1");
	expect("ticket_key_made_at", "1700000000");
	expect("ticket_key_encrypts_until", "1700001799");
	expect("ticket_key_previous_made_at", "0");
	expect("ticket_key_file", "");
	expect("entropy_source", "dev:/dev/null");
	expect("exchange_file", "");
}

static void
statistics_of_a_cache_are_its_own(void **state)
{
	fill_all_parts();
	ask();
	expect("smtp.enabled", "1");
	expect("smtp.cachable", "1");
	expect("smtp.database", "btree:/x");
	expect("smtp.entries", "1");
	expect("smtp.entries_max", "11");
	expect("smtp.lookups", "21");
	expect("smtp.hits", "22");
	expect("smtp.updates", "23");
	expect("smtp.deletes", "24");
	expect("smtp.failures", "25");
	expect("smtpd.enabled", "0");
	expect("smtpd.database", "");
	expect("smtpd.ready", "0");
}

/* All rows that are marked so, in order, with those of requests between. */
static void
kept_rows_are_those_of_the_history(void **state)
{
	static const char *const kept[] = {
#define PROCESS_KEPT(name, kind, expression, help) #name,
#include "counters.def"
#define SHARED_KEPT(name, kind, expression, help) "shared." #name,
#include "counters.def"
#define CACHE_KEPT(name, kind, expression, help) "smtpd." #name,
#include "counters.def"
	};
	uint64_t values[HISTORY_ROWS_MAX];
	struct history history;
	size_t at = 0, requests = 0;

	it.server.client_count = 3;
	it.caches[CACHE_LMTP].counters.failures = 25;
	history_init(&history);
	statistics_add_rows(&it, &history);
	statistics_read_rows(&it, values);
	for (size_t i = 0; i < history.row_count; i++) {
		const char *name = history.rows[i].name;

		if (at < ROWS(kept) && strcmp(name, kept[at]) == 0)
			at++;
		requests += strncmp(name, "request.", 8) == 0;
		if (strcmp(name, "clients") == 0) {
			assert_int_equal(values[i], 3);
			assert_int_equal(history.rows[i].kind, HISTORY_GAUGE);
		}
		if (strcmp(name, "lmtp.failures") == 0) {
			assert_int_equal(values[i], 25);
			assert_int_equal(history.rows[i].kind, HISTORY_COUNTER);
		}
	}
	assert_int_equal(at, ROWS(kept));
	assert_true(at > 20 && requests > 10);
	history_fini(&history);
}

static void
totals_are_logged_for_caches_that_were_used(void **state)
{
	it.started_at = clock_wall_s() - 60;
	it.service.requests = 100;
	it.server.accepted = 5;
	histogram_add(&it.server.latency, 10, 100);
	it.caches[CACHE_LMTP].counters.lookups = 3;
	it.caches[CACHE_LMTP].counters.hits = 1;
	statistics_log(&it);
	assert_true(
	    unit_log_has("0:statistics: requests=100 complaints=0 in "));
	assert_true(unit_log_has(" clients=0 accepted=5 refused=0\n"));
	assert_true(unit_log_has("0:statistics: latency median=10us 99%=10us "
				 "99.9%=10us max=10us\n"));
	assert_true(unit_log_has("0:statistics: lmtp lookups=3 hits=1 "
				 "success=33% updates=0"));
	/* Nobody used the other caches. */
	assert_false(unit_log_has("statistics: smtp"));
	assert_int_equal(unit_log_complaints(), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_row_of_counters_def_is_there_once_and_in_order),
		TEST(without_an_engine_its_round_trips_are_none),
		TEST(statistics_of_the_process_are_its_own),
		TEST(statistics_of_keys_and_the_generator_are_theirs),
		TEST(statistics_of_a_cache_are_its_own),
		TEST(kept_rows_are_those_of_the_history),
		TEST(totals_are_logged_for_caches_that_were_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of settings.c, settings_param.c and settings_defaults.c: each row
 * of params.def, what is done with a bad value, and what is not set.
 */
#include "config.h"
#include "settings.h"
#include "settings_param.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "child.h"
#include "settings_unit.h"

static void
keep_last(void *arg, enum config_severity severity, const char *text)
{
	free(*(char **)arg);
	*(char **)arg = strdup(text);
}

/* Why this value is invalid: an error where the parameter is Postfix's. */
static char *
refusal_of(const char *name, const char *text)
{
	char *cause = NULL;
	enum error error;

	set(name, text);
	error = settings_read(&settings, config, &cause);
	if (settings_name_is_own(name) != (error == ERROR_NONE))
		fail_msg("%s = %s: %s", name, text, error_text(error));
	if (error == ERROR_NONE) {
		config_each_problem(config, keep_last, &cause);
		settings_fini(&settings);
	}
	if (cause == NULL)
		fail_msg("%s = %s was taken", name, text);
	return cause;
}

/* The value is refused, with a cause that goes on with this. */
static void
assert_refused(const char *name, const char *text, const char *wanted)
{
	char start[256], *cause = refusal_of(name, text);

	snprintf(start, sizeof(start),
	    "/x/main.cf, line 12: parameter %s: bad value \"%s\": ", name,
	    text);
	if (strncmp(cause, start, strlen(start)) != 0 ||
	    (wanted != NULL &&
		strncmp(cause + strlen(start), wanted, strlen(wanted)) != 0))
		fail_msg("%s", cause);
	free(cause);
}

/* A parameter of params.def. */
struct row {
	const char *name;
	const char *type; /* "TIME" and the like */
	long long min, max;
	size_t offset;
};

static const struct row rows[] = {
#define PARAM(name, type, text, words, min, max) \
	{ #name, #type, min, max, offsetof(struct settings, name) },
#include "params.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool
is_of(const struct row *row, const char *type)
{
	return strcmp(row->type, type) == 0;
}

static bool
is_number(const struct row *row)
{
	return is_of(row, "TIME") || is_of(row, "INT") || is_of(row, "SIZE");
}

/* Set it, read the settings, and compare; then back to the default. */
static void
assert_number(const struct row *row, const char *text, int64_t wanted)
{
	int64_t value;

	set(row->name, text);
	read_settings();
	memcpy(&value, (char *)&settings + row->offset, sizeof(value));
	if (value != wanted)
		fail_msg("%s = %s is %lld", row->name, text, (long long)value);
	settings_fini(&settings);
	set(row->name, settings_param_find(row->name)->text);
}

static void
assert_number_refused(const struct row *row, const char *text)
{
	char wanted[200];

	if (is_of(row, "TIME"))
		snprintf(wanted, sizeof(wanted),
		    "must be a time from %llds to %llds, in units of s, m, h, "
		    "d or w",
		    row->min, row->max);
	else if (is_of(row, "INT"))
		snprintf(wanted, sizeof(wanted),
		    "must be a number from %lld to %lld", row->min, row->max);
	else
		snprintf(wanted, sizeof(wanted),
		    "must be a size from %lld to %lld bytes, or with k, m or "
		    "g",
		    row->min, row->max);
	assert_refused(row->name, text, wanted);
	set(row->name, settings_param_find(row->name)->text);
}

static void
numbers_have_bounds(void **state)
{
	char text[32];

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (!is_number(row))
			continue;
		snprintf(text, sizeof(text), "%lld", row->min);
		assert_number(row, text, row->min);
		snprintf(text, sizeof(text), "%lld", row->max);
		assert_number(row, text, row->max);
		snprintf(text, sizeof(text), "%lld", row->min - 1);
		assert_number_refused(row, text);
		/* One more than the largest of all has to be spelled out. */
		if (row->max < LLONG_MAX)
			snprintf(text, sizeof(text), "%lld", row->max + 1);
		else
			snprintf(text, sizeof(text), "9223372036854775808");
		assert_number_refused(row, text);
	}
}

static void
what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = { "", "x", "-", "1 s", "1S", "0x10",
		"99999999999999999999", "1,000", "1.5", "1x" };

	for (size_t i = 0; i < ROWS; i++) {
		if (!is_number(&rows[i]))
			continue;
		for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++)
			assert_number_refused(&rows[i], texts[j]);
		/* Units are for what has them. */
		if (!is_of(&rows[i], "TIME"))
			assert_number_refused(&rows[i], "10s");
		if (!is_of(&rows[i], "SIZE"))
			assert_number_refused(&rows[i], "10k");
	}
}

static void
times_and_sizes_have_units(void **state)
{
	set("daemon_timeout", "2h");
	set("ipc_timeout", "1d");
	set("tls_random_reseed_period", "1w");
	set("smtpd_tls_session_cache_timeout", "30m");
	set("tlsmgr_cache_max_size", "3k");
	set("tlsmgr_cache_memory", "2M");
	read_settings();
	assert_int_equal(settings.daemon_timeout, 7200);
	assert_int_equal(settings.ipc_timeout, 86400);
	assert_int_equal(settings.tls_random_reseed_period, 604800);
	assert_int_equal(settings.smtpd_tls_session_cache_timeout, 1800);
	assert_int_equal(settings.tlsmgr_cache_max_size, 3072);
	assert_int_equal(settings.tlsmgr_cache_memory, 2097152);
	settings_fini(&settings);
}

static void
texts_are_expanded(void **state)
{
	char *value;

	set("part", "of it");
	for (size_t i = 0; i < ROWS; i++) {
		if (!is_of(&rows[i], "STRING"))
			continue;
		set(rows[i].name, "some, ${part}");
		read_settings();
		memcpy(
		    &value, (char *)&settings + rows[i].offset, sizeof(value));
		assert_string_equal(value, "some, of it");
		settings_fini(&settings);
		assert_refused(rows[i].name, "a ${part",
		    "truncated macro reference: \"${part\"");
		if (rows[i].min == 0) {
			set(rows[i].name, "");
			read_settings();
			settings_fini(&settings);
		} else {
			assert_refused(rows[i].name, "",
			    "must be a text that is not empty");
		}
		set(rows[i].name, "x");
	}
}

static void
what_is_not_set_has_a_default(void **state)
{
	read_settings();
	assert_string_equal(settings.tls_random_source, "dev:/dev/urandom");
	assert_string_equal(settings.syslog_name, "postfix");
	assert_string_equal(settings.smtpd_tls_session_cache_database, "");
	assert_string_equal(settings.tlsmgr_announce_protocol, "auto");
	assert_int_equal(settings.smtpd_tls_session_cache_timeout, 3600);
	assert_int_equal(settings.tls_random_bytes, 32);
	assert_int_equal(settings.daemon_timeout, 18000);
	assert_int_equal(settings.tlsmgr_cache_max_size, 1024 * 1024 * 1024);
	assert_true(settings.tlsmgr_cache_persist);
	assert_non_null(
	    strstr(settings.tls_random_exchange_name, settings.data_directory));
	settings_fini(&settings);
	set("multi_instance_name", "second");
	set("data_directory", "/elsewhere");
	read_settings();
	assert_string_equal(settings.syslog_name, "second");
	assert_string_equal(
	    settings.tls_random_exchange_name, "/elsewhere/prng_exch");
	settings_fini(&settings);
}

/* A second fini finds nothing to free. */
static void
settings_may_be_freed_twice(void **state)
{
	read_settings();
	settings_fini(&settings);
	assert_null(settings.mail_owner);
	assert_null(settings.tlsmgr_announce_protocol);
	settings_fini(&settings);
}

static void
a_bool_is_yes_or_no(void **state)
{
	set("tlsmgr_cache_persist", "no");
	read_settings();
	assert_false(settings.tlsmgr_cache_persist);
	settings_fini(&settings);
	assert_refused("tlsmgr_cache_persist", "maybe", "must be yes or no");
	assert_refused("tlsmgr_cache_persist", "", "must be yes or no");
}

static void
an_enum_is_one_of_its_words(void **state)
{
	static const char *const words[][2] = { { "auto", "auto" },
		{ "yes", "yes" }, { "no", "no" }, { "YES", "yes" },
		{ "Auto", "auto" } };
	static const char *const bad[] = { "", "y", "aut", "autos", "auto,",
		"auto, yes", ",", "true", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		set("tlsmgr_announce_protocol", words[i][0]);
		read_settings();
		assert_string_equal(
		    settings.tlsmgr_announce_protocol, words[i][1]);
		settings_fini(&settings);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused("tlsmgr_announce_protocol", bad[i],
		    "must be one of auto, yes, no");
}

static void
a_bad_override_is_named(void **state)
{
	char *cause = NULL;

	set("tls_random_bytes", "16");
	assert_int_equal(
	    config_override(config, "tls_random_bytes=none", &cause),
	    ERROR_NONE);
	assert_int_equal(
	    settings_read(&settings, config, &cause), ERROR_INVALID);
	assert_string_equal(cause,
	    "option -o: parameter tls_random_bytes: bad value \"none\": must "
	    "be a number from 1 to 2147483647");
	free(cause);
}

static void
call_settings_fatal(void *arg)
{
	settings_fatal(config, "mail_owner", arg);
}

static void
a_fatal_value_is_named(void **state)
{
	struct child child;
	char problem[] = "no such user";

	set("mail_owner", "no${empty}body");
	child_run(&child, call_settings_fatal, problem);
	child_assert_exited(&child, 1);
	assert_string_equal(child.lines,
	    "fatal: /x/main.cf, line 12: parameter mail_owner: bad value "
	    "\"nobody\": no such user\n");
}

/* Where that is set. */
static void
mydomain_follows_myhostname(void **state)
{
	set("myhostname", "mail.example.org");
	read_settings();
	assert_string_equal(settings.mydomain, "example.org");
	settings_fini(&settings);
	set("myhostname", "mail");
	read_settings();
	assert_string_equal(settings.mydomain, "localdomain");
	settings_fini(&settings);
	set("mydomain", "example.net");
	set("myhostname", "mail.example.org");
	read_settings();
	assert_string_equal(settings.mydomain, "example.net");
	settings_fini(&settings);
	assert_refused("myhostname", "${", "truncated macro reference: \"${\"");
}

#define SETTINGS_TEST(name) \
	cmocka_unit_test_setup_teardown(name, settings_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(numbers_have_bounds),
		SETTINGS_TEST(what_is_no_number_is_refused),
		SETTINGS_TEST(times_and_sizes_have_units),
		SETTINGS_TEST(texts_are_expanded),
		SETTINGS_TEST(what_is_not_set_has_a_default),
		SETTINGS_TEST(settings_may_be_freed_twice),
		SETTINGS_TEST(a_bool_is_yes_or_no),
		SETTINGS_TEST(an_enum_is_one_of_its_words),
		SETTINGS_TEST(a_bad_override_is_named),
		SETTINGS_TEST(a_fatal_value_is_named),
		SETTINGS_TEST(mydomain_follows_myhostname),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

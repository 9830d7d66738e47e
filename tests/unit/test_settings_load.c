/*
 * Unit tests of settings_load.c: main.cf, tlsmgr.cf and overrides together, and
 * the names that may stand where.
 */
#include "config.h"
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "problems.h"
#include "unit.h"

static struct config *config;
static struct settings settings;
static char *cause;

static int
setup(void **state)
{
	config = config_new();
	cause = NULL;
	return unit_setup(state);
}

static int
teardown(void **state)
{
	config_free(config);
	free(cause);
	return unit_teardown(state);
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(unit_path(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char *
find_version(const char *daemon_directory)
{
	return strcmp(daemon_directory, "/none") == 0 ? NULL : strdup("3.99");
}

/* With up to two overrides; NULL: none. */
static enum error
load(const char *first, const char *second)
{
	const char *overrides[] = { first, second };
	const struct settings_source source = {
		.config_directory = unit_directory,
		.service_name = "other",
		.overrides = overrides,
		.override_count = (first != NULL) + (second != NULL),
		.find_version = find_version,
	};

	return settings_load(&settings, config, &source, &cause);
}

static void
files_and_overrides_are_read_in_this_order(void **state)
{
	write_file("main.cf", "tlsmgr_client_limit = 1\n"
			      "tlsmgr_cache_max_entries = 1\n"
			      "tlsmgr_cache_max_size = 1\nlimit = 3\n"
			      "syslog_name = $service_name-$mail_version\n");
	write_file("tlsmgr.cf", "tlsmgr_cache_max_entries = 2\n"
				"tlsmgr_cache_max_size = 2\n");
	assert_int_equal(
	    load("tlsmgr_cache_max_size = $limit", NULL), ERROR_NONE);
	assert_int_equal(settings.tlsmgr_client_limit, 1);
	assert_int_equal(settings.tlsmgr_cache_max_entries, 2);
	assert_int_equal(settings.tlsmgr_cache_max_size, 3);
	assert_string_equal(settings.syslog_name, "other-3.99");
	assert_string_equal(settings.process_name, "tlsmgr");
	assert_string_equal(settings.config_directory, unit_directory);
	assert_string_equal(settings.postfix_version, "3.99");
	assert_string_equal(problems_of(config), "");
	settings_fini(&settings);
}

static void
the_version_of_postfix_may_be_unknown(void **state)
{
	write_file("main.cf", "daemon_directory = /none\n");
	assert_int_equal(load(NULL, NULL), ERROR_NONE);
	assert_null(settings.postfix_version);
	settings_fini(&settings);
}

static void
names_of_postfix_expand_to_its_defaults(void **state)
{
	write_file("main.cf", "debugger_command = $trigger_timeout,$nosuch,"
			      "$process_id_directory\n"
			      "ipc_timeout = ${max_idle}\n");
	assert_int_equal(load(NULL, NULL), ERROR_NONE);
	/* Nothing, where this was built without a Postfix. */
	if (config_get(config, "max_idle") != NULL) {
		assert_string_equal(settings.debugger_command, "10s,,pid");
		assert_int_equal(settings.ipc_timeout, 100);
	}
	settings_fini(&settings);
}

static void
errors_in_main_cf_and_overrides_are_named(void **state)
{
	char wanted[PATH_MAX + 100];

	assert_int_equal(load(NULL, NULL), ERROR_IO);
	snprintf(wanted, sizeof(wanted), "open %s: No such file or directory",
	    unit_path("main.cf"));
	assert_string_equal(cause, wanted);
	free(cause);
	write_file("main.cf", "syslog_name = early\nbad\n");
	assert_int_equal(load(NULL, NULL), ERROR_INVALID);
	assert_non_null(strstr(cause, "/main.cf, line 2: "));
	assert_string_equal(config_get(config, "syslog_name")->text, "early");
	free(cause);
	write_file("main.cf", "");
	assert_int_equal(load("a=b", "process_id=1"), ERROR_INVALID);
	assert_non_null(strstr(cause, "process_id is read-only"));
	free(cause);
	assert_int_equal(load("daemon_directory=${", NULL), ERROR_INVALID);
	assert_non_null(strstr(cause, "daemon_directory"));
	free(cause);
	assert_int_equal(load("daemon_directory=", NULL), ERROR_INVALID);
	assert_non_null(strstr(cause, "daemon_directory"));
}

static void
known_names_are_no_problem(void **state)
{
	write_file("main.cf", "any_name = 1\ntlsmgr_client_limit = 5\n"
			      "tlsmgr_service_name = x\n");
	write_file("tlsmgr.cf", "tlsmgr_client_limit = ${any_name}0\n");
	assert_int_equal(load("tlsmgr_service_name=x", "x=1"), ERROR_NONE);
	assert_int_equal(settings.tlsmgr_client_limit, 10);
	assert_string_equal(problems_of(config), "");
	settings_fini(&settings);
}

static void
unknown_names_of_ours_are_warned_of(void **state)
{
	char wanted[PATH_MAX + 100];

	write_file("main.cf", "\ntlsmgr_first = 1\n");
	assert_int_equal(load("tlsmgr_typo=1", NULL), ERROR_NONE);
	snprintf(wanted, sizeof(wanted),
	    "warning: %s, line 2: unknown parameter: tlsmgr_first\n"
	    "warning: option -o: unknown parameter: tlsmgr_typo\n",
	    unit_path("main.cf"));
	assert_string_equal(problems_of(config), wanted);
	settings_fini(&settings);
}

/* Nor do they get at what main.cf says. */
static void
names_that_are_not_ours_are_ignored_in_tlsmgr_cf(void **state)
{
	static const char *const names[] = { "mail_name", "x", "tlsmgr",
		"smtpd_tlsmgr_x", "tlsmgr_service_name",
		"smtpd_tls_session_cache_timeout" };
	char text[100], wanted[PATH_MAX + 200];

	write_file("main.cf", "debugger_command = [$x$tlsmgr_typo]\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		config_free(config);
		config = config_new();
		snprintf(text, sizeof(text), "# ours\n%s = ${bad\n", names[i]);
		write_file("tlsmgr.cf", text);
		assert_int_equal(load(NULL, NULL), ERROR_NONE);
		snprintf(wanted, sizeof(wanted),
		    "ignored: %s, line 2: parameter %s is not one of "
		    "tlsmgr.cf(5): it belongs in main.cf (ignored)\n",
		    unit_path("tlsmgr.cf"), names[i]);
		assert_string_equal(problems_of(config), wanted);
		assert_string_equal(settings.debugger_command, "[]");
		settings_fini(&settings);
	}
	write_file("tlsmgr.cf", "tlsmgr_typo = ${bad\n");
	assert_int_equal(load(NULL, NULL), ERROR_NONE);
	assert_non_null(strstr(problems_of(config),
	    "/tlsmgr.cf, line 1: unknown parameter: tlsmgr_typo (ignored)\n"));
	settings_fini(&settings);
}

#define LOAD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(files_and_overrides_are_read_in_this_order),
		LOAD_TEST(the_version_of_postfix_may_be_unknown),
		LOAD_TEST(names_of_postfix_expand_to_its_defaults),
		LOAD_TEST(errors_in_main_cf_and_overrides_are_named),
		LOAD_TEST(known_names_are_no_problem),
		LOAD_TEST(unknown_names_of_ours_are_warned_of),
		LOAD_TEST(names_that_are_not_ours_are_ignored_in_tlsmgr_cf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

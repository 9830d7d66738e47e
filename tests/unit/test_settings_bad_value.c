/*
 * Unit tests of settings.c: what is done with a bad value, in tlsmgr.cf and
 * elsewhere.
 */
#include "config.h"
#include "settings.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "problems.h"
#include "settings_unit.h"

static void
set_own(const char *name, const char *text)
{
	config_set_from(config, name, text, CONFIG_OWN_FILE, "/x/tlsmgr.cf", 3);
}

static void
a_bad_value_in_tlsmgr_cf_is_replaced_by_the_default(void **state)
{
	set("limit", "many");
	set_own("tlsmgr_client_limit", "$limit");
	set_own("tlsmgr_sandbox", "perhaps");
	set_own("tlsmgr_announce_protocol", "${unclosed");
	set_own("tlsmgr_cache_max_size", "7k");
	set_own("tlsmgr_statistics_period", "1hour");
	read_settings();
	assert_int_equal(settings.tlsmgr_client_limit, 4000);
	assert_true(settings.tlsmgr_sandbox);
	assert_string_equal(settings.tlsmgr_announce_protocol, "auto");
	assert_int_equal(settings.tlsmgr_cache_max_size, 7168);
	settings_fini(&settings);
	assert_string_equal(problems_of(config),
	    "ignored: /x/tlsmgr.cf, line 3: parameter "
	    "tlsmgr_announce_protocol: "
	    "bad value \"${unclosed\": truncated macro reference: "
	    "\"${unclosed\" (ignored: it is \"auto\" now)\n"
	    "ignored: /x/tlsmgr.cf, line 3: parameter tlsmgr_client_limit: bad "
	    "value \"many\": must be a number from 1 to 1000000 (ignored: it "
	    "is "
	    "\"4000\" now)\n"
	    "ignored: /x/tlsmgr.cf, line 3: parameter tlsmgr_sandbox: bad "
	    "value "
	    "\"perhaps\": must be yes or no (ignored: it is \"yes\" now)\n"
	    "warning: /x/tlsmgr.cf, line 3: parameter "
	    "tlsmgr_statistics_period: "
	    "value \"1hour\": \"our\" is ignored\n");
	assert_int_equal(
	    config_get(config, "tlsmgr_sandbox")->origin, CONFIG_DEFAULT);
}

/* Secrets are not kept longer than may have been meant. */
static void
a_bad_value_about_secrets_is_replaced_by_the_safe_one(void **state)
{
	set_own("tlsmgr_cache_persist", "never");
	set_own("tlsmgr_ticket_key_file", "/run/${");
	read_settings();
	assert_false(settings.tlsmgr_cache_persist);
	assert_string_equal(settings.tlsmgr_ticket_key_file, "");
	settings_fini(&settings);
}

static void
a_bad_value_about_sharing_turns_it_off(void **state)
{
	char *cause = NULL;

	set_own("tlsmgr_shared_secret_file", "/etc/secret");
	set("tlsmgr_shared_group", "mail");
	read_settings();
	assert_string_equal(settings.tlsmgr_shared_secret_file, "/etc/secret");
	assert_null(settings.shared_problem);
	settings_fini(&settings);
	set_own("tlsmgr_shared_group", "$empty");
	set_own("tlsmgr_shared_lookup_ms", "soon");
	assert_int_equal(
	    config_override(config, "tlsmgr_shared_secret_file=/x", &cause),
	    ERROR_NONE);
	read_settings();
	assert_string_equal(settings.tlsmgr_shared_secret_file, "");
	assert_non_null(strstr(settings.shared_problem,
	    "parameter tlsmgr_shared_group: bad value"));
	settings_fini(&settings);
}

static void
a_bad_value_where_nothing_would_be_shared_is_no_reason(void **state)
{
	set_own("tlsmgr_shared_lookup_ms", "soon");
	read_settings();
	assert_int_equal(config_ignored_count(config), 1);
	assert_null(settings.shared_problem);
	settings_fini(&settings);
}

static void
a_file_of_secrets_that_cannot_be_expanded_is_a_reason(void **state)
{
	set_own("tlsmgr_shared_secret_file", "/etc/${");
	read_settings();
	assert_string_equal(settings.tlsmgr_shared_secret_file, "");
	assert_non_null(
	    strstr(settings.shared_problem, "tlsmgr_shared_secret_file"));
	settings_fini(&settings);
}

/* Whatever refers to it. */
static void
a_bad_value_in_tlsmgr_cf_is_replaced_before_it_is_used(void **state)
{
	set_own("tlsmgr_client_limit", "${unclosed");
	set("smtpd_tls_session_cache_timeout", "$tlsmgr_client_limit");
	read_settings();
	assert_int_equal(settings.smtpd_tls_session_cache_timeout, 4000);
	settings_fini(&settings);
}

static void
a_bad_value_of_ours_is_replaced_wherever_it_is_set(void **state)
{
	char *cause = NULL;

	set("tlsmgr_cache_memory", "1k");
	assert_int_equal(
	    config_override(config, "tlsmgr_client_limit=no", &cause),
	    ERROR_NONE);
	read_settings();
	assert_int_equal(settings.tlsmgr_cache_memory, 256 << 20);
	assert_int_equal(settings.tlsmgr_client_limit, 4000);
	settings_fini(&settings);
	assert_string_equal(problems_of(config),
	    "ignored: /x/main.cf, line 12: parameter tlsmgr_cache_memory: bad "
	    "value \"1k\": must be a size from 1048576 to "
	    "9223372036854775807 bytes, or with k, m or g (ignored: it is "
	    "\"256m\" now)\n"
	    "ignored: option -o: parameter tlsmgr_client_limit: bad value "
	    "\"no\": must be a number from 1 to 1000000 (ignored: it is "
	    "\"4000\" now)\n");
}

static void
what_follows_a_unit_is_ignored_with_one_warning(void **state)
{
	set("smtpd_tls_session_cache_timeout", "30m # half an hour");
	set("daemon_timeout", "1hour");
	read_settings();
	assert_int_equal(settings.smtpd_tls_session_cache_timeout, 1800);
	assert_int_equal(settings.daemon_timeout, 3600);
	settings_fini(&settings);
	assert_string_equal(problems_of(config),
	    "warning: /x/main.cf, line 12: parameter daemon_timeout: value "
	    "\"1hour\": \"our\" is ignored\n"
	    "warning: /x/main.cf, line 12: parameter "
	    "smtpd_tls_session_cache_timeout: value \"30m # half an hour\": "
	    "\" # half an hour\" is ignored\n");
}

#define SETTINGS_TEST(name) \
	cmocka_unit_test_setup_teardown(name, settings_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(
		    a_bad_value_in_tlsmgr_cf_is_replaced_by_the_default),
		SETTINGS_TEST(
		    a_bad_value_about_secrets_is_replaced_by_the_safe_one),
		SETTINGS_TEST(a_bad_value_about_sharing_turns_it_off),
		SETTINGS_TEST(
		    a_bad_value_where_nothing_would_be_shared_is_no_reason),
		SETTINGS_TEST(
		    a_file_of_secrets_that_cannot_be_expanded_is_a_reason),
		SETTINGS_TEST(
		    a_bad_value_in_tlsmgr_cf_is_replaced_before_it_is_used),
		SETTINGS_TEST(
		    a_bad_value_of_ours_is_replaced_wherever_it_is_set),
		SETTINGS_TEST(what_follows_a_unit_is_ignored_with_one_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

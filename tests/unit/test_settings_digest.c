/*
 * Unit tests of the digest that tells settings apart.
 */
#include "config.h"
#include "settings.h"
#include "settings_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config *config;

static int
setup(void **state)
{
	config = config_new();
	settings_set_defaults(config);
	return 0;
}

static int
teardown(void **state)
{
	config_free(config);
	return 0;
}

static void
set(const char *name, const char *text)
{
	config_set_from(config, name, text, CONFIG_FILE, "/x/main.cf", 12);
}

/* Does the digest of this side change when the parameter is set? */
static bool
changes_digest(const char *side, const char *name, const char *text)
{
	unsigned char before[SETTINGS_DIGEST_LEN];
	unsigned char after[SETTINGS_DIGEST_LEN];

	settings_digest(config, side, before);
	set(name, text);
	settings_digest(config, side, after);
	return memcmp(before, after, sizeof(after)) != 0;
}

static void
settings_that_matter_change_the_digest(void **state)
{
	assert_true(changes_digest("smtpd", "smtpd_tls_cert_file", "/a"));
	assert_true(changes_digest("smtpd", "smtpd_tls_cert_file", "/b"));
	assert_true(changes_digest("smtpd", "smtpd_tls_cert_file", ""));
	assert_true(changes_digest("smtp", "smtp_tls_security_level", "may"));
	assert_true(changes_digest("lmtp", "lmtp_tls_CAfile", "/ca"));
	for (size_t i = 0; i < 3; i++) {
		static const char *const sides[] = { "smtpd", "smtp", "lmtp" };
		char value[8];

		snprintf(value, sizeof(value), "v%zu", i);
		assert_true(
		    changes_digest(sides[i], "tls_high_cipherlist", value));
	}
	/* Through what it refers to. */
	set("smtpd_tls_key_file", "$keys/key");
	assert_true(changes_digest("smtpd", "keys", "/k"));
	/* A value that cannot be expanded still counts. */
	assert_true(changes_digest("smtpd", "smtpd_tls_loop", "${"));
	assert_true(changes_digest("smtpd", "smtpd_tls_loop", "${{"));
	/* Name and value do not flow into each other. */
	set("tls_ab", "c");
	assert_false(changes_digest("smtp", "tls_ab", "c"));
}

static void
settings_that_do_not_matter_leave_the_digest(void **state)
{
	static const char *const names[] = { "smtpd_tls_loglevel",
		"smtpd_tls_session_cache_database",
		"smtpd_tls_session_cache_timeout", "tls_random_source",
		"tls_random_bytes", "tls_random_reseed_period",
		"smtp_tls_security_level", "lmtp_tls_security_level",
		"smtp_tls_loglevel", "smtpd_banner", "smtpd_tlsx",
		"tlsproxy_tls_cert_file", "tlsmgr_client_limit", "mail_owner",
		"x_smtpd_tls_cert_file", "xtls_high_cipherlist" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (changes_digest("smtpd", names[i], "50"))
			fail_msg("%s", names[i]);
	assert_false(changes_digest("smtp", "smtpd_tls_cert_file", "/a"));
	assert_false(changes_digest("lmtp", "smtp_tls_cert_file", "/a"));
}

static void
the_digest_is_of_names(void **state)
{
	unsigned char first[SETTINGS_DIGEST_LEN], second[SETTINGS_DIGEST_LEN];

	set("tls_first", "x");
	settings_digest(config, "smtpd", first);
	config_free(config);
	setup(state);
	set("tls_second", "x");
	settings_digest(config, "smtpd", second);
	assert_memory_not_equal(first, second, sizeof(first));
}

/* What nobody has set is the same tomorrow, whatever its default is then. */
static void
the_digest_leaves_out_defaults(void **state)
{
	unsigned char first[SETTINGS_DIGEST_LEN], second[SETTINGS_DIGEST_LEN];

	settings_digest(config, "smtpd", first);
	config_set(config, "tls_unset", "x", CONFIG_DEFAULT);
	settings_digest(config, "smtpd", second);
	assert_memory_equal(first, second, sizeof(first));
}

/* The same settings in another order, or by other means, are the same. */
static void
the_digest_is_of_expanded_values(void **state)
{
	unsigned char first[SETTINGS_DIGEST_LEN], second[SETTINGS_DIGEST_LEN];
	char *cause = NULL;

	set("smtpd_tls_cert_file", "/a");
	set("tls_high_cipherlist", "b");
	settings_digest(config, "smtpd", first);
	config_free(config);
	config = config_new();
	settings_set_defaults(config);
	set("value", "b");
	assert_int_equal(
	    config_override(config, "tls_high_cipherlist=$value", &cause),
	    ERROR_NONE);
	set("smtpd_tls_cert_file", "/a");
	settings_digest(config, "smtpd", second);
	assert_memory_equal(first, second, sizeof(first));
}

#define DIGEST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Gathers "name=value|" of each. */
static void
gather(void *arg, const char *name, const char *value)
{
	strcat(arg, name);
	strcat(arg, "=");
	strcat(arg, value);
	strcat(arg, "|");
}

static void
hosts_must_have_all_in_common_but_their_certificates(void **state)
{
	char seen[512] = "";

	set("smtpd_tls_cert_file", "/a.pem");
	set("smtpd_tls_eckey_file", "/a.key");
	set("smtpd_tls_chain_files", "/a.chain");
	set("smtpd_tls_loglevel", "1");
	set("tls_random_bytes", "64");
	set("smtp_tls_cert_file", "/client.pem");
	set("tls_ssl_options", "$which");
	set("which", "no_compression");
	set("smtpd_tls_security_level", "may");
	settings_digest_each(config, "smtpd", gather, seen);
	assert_string_equal(seen,
	    "smtpd_tls_security_level=may|tls_ssl_options=no_compression|");
	seen[0] = '\0';
	settings_digest_each(config, "smtp", gather, seen);
	assert_string_equal(seen,
	    "smtp_tls_cert_file=/client.pem|tls_ssl_options=no_compression|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIGEST_TEST(settings_that_matter_change_the_digest),
		DIGEST_TEST(settings_that_do_not_matter_leave_the_digest),
		DIGEST_TEST(the_digest_is_of_names),
		DIGEST_TEST(the_digest_leaves_out_defaults),
		DIGEST_TEST(the_digest_is_of_expanded_values),
		DIGEST_TEST(
		    hosts_must_have_all_in_common_but_their_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

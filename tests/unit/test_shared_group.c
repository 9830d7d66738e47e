/*
 * Unit tests of a host as one of a group: what goes into which fingerprint,
 * and that a problem is one warning.
 */
#include "shared_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "unit.h"

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define OTHER  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n"

static struct shared_group group;
/* Not looked into. */
static const struct config *const parameters = (const void *)&group;
static const char *security_level; /* the value of that parameter of smtpd */

static void
each_parameter(const struct config *config, const char *side,
    shared_parameter_fn *each, void *each_arg)
{
	assert_ptr_equal(config, parameters);
	if (strcmp(side, "smtpd") == 0)
		each(each_arg, "smtpd_tls_security_level", security_level);
	each(each_arg, "tls_ssl_options", "no_compression");
}

static const char *
write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = unit_path(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static struct shared_group_config
make_config(const char *secret_file)
{
	return (struct shared_group_config){
		.secret_file = secret_file,
		.group = "postfix",
		.trust_files = "",
		.owner = getuid(),
		.sides = { { 3600, "" }, { 3600, "" }, { 3600, "" } },
		.each_parameter = each_parameter,
		.parameters = parameters,
	};
}

static bool
begin(const struct shared_group_config *config)
{
	shared_group_close(&group);
	shared_group_open_secret(&group, config);
	shared_group_open_trust(&group);
	return shared_group_begin(&group);
}

static int
set_up(void **state)
{
	security_level = "may";
	group = (struct shared_group){ .config = { .secret_file = "" } };
	return unit_setup(state);
}

static int
tear_down(void **state)
{
	shared_group_close(&group);
	assert_int_equal(group.secrets.count, 0);
	return unit_teardown(state);
}

static void
without_a_file_of_secrets_there_is_no_group_and_no_word(void **state)
{
	struct shared_group_config config = make_config("");

	config.trust_files = "/nonexistent";
	assert_false(begin(&config));
	assert_false(shared_group_is_configured(&group));
	assert_null(group.problem);
	assert_string_equal(group.fingerprints[SHARED_SMTPD][0], "");
	assert_int_equal(unit_log_complaints(), 0);
}

static void
a_problem_of_the_configuration_is_one_of_the_group(void **state)
{
	struct shared_group_config config = make_config("");

	config.problem = "parameter tlsmgr_shared_group: bad value";
	config.servers = "192.0.2.1:1";
	assert_false(begin(&config));
	assert_true(shared_group_is_configured(&group));
	assert_false(shared_group_has_engine(&group));
	assert_string_equal(group.problem, config.problem);
	assert_int_equal(unit_log_complaints(), 0); /* it was logged before */
}

static void
fingerprints_are_those_of_the_second_implementation(void **state)
{
	struct shared_group_config config =
	    make_config(write_file("secret", SECRET, 0600));
	const char *path = write_file("ca.pem", "a certificate\n", 0644);

	config.trust_files = path;
	config.sides[SHARED_SMTPD].ca_file = path;
	assert_true(begin(&config));
	assert_string_equal(
	    group.fingerprints[SHARED_SMTPD][0], "80067aff083e");
	assert_string_equal(group.fingerprints[SHARED_SMTPD][1], "");
	assert_int_equal(group.text.len, 0);
	assert_int_equal(unit_log_complaints(), 0);
}

static void
each_of_two_secrets_has_its_fingerprints(void **state)
{
	struct shared_group_config config =
	    make_config(write_file("secret", SECRET OTHER, 0600));
	char first[SHARED_FINGERPRINT_LEN + 1];
	char second[SHARED_FINGERPRINT_LEN + 1];

	assert_true(begin(&config));
	strcpy(first, group.fingerprints[SHARED_SMTP][0]);
	strcpy(second, group.fingerprints[SHARED_SMTP][1]);
	assert_string_not_equal(first, second);
	write_file("secret", OTHER SECRET, 0600);
	assert_true(begin(&config));
	assert_string_equal(group.fingerprints[SHARED_SMTP][0], second);
	assert_string_equal(group.fingerprints[SHARED_SMTP][1], first);
}

/* A file belongs to the sides that name it, and to all if none does. */
static void
trust_files_count_for_their_sides_alone(void **state)
{
	struct shared_group_config config =
	    make_config(write_file("secret", SECRET, 0600));
	const char *of_smtp = write_file("smtp.pem", "one\n", 0644);
	const char *of_none = write_file("none.pem", "two\n", 0644);
	char before[SHARED_SIDES][SHARED_FINGERPRINT_LEN + 1];
	char list[3 * PATH_MAX];

	snprintf(list, sizeof(list), " %s,,%s\t%s ", of_smtp, of_none, of_smtp);
	config.trust_files = list;
	config.sides[SHARED_SMTP].ca_file = of_smtp;
	assert_true(begin(&config));
	assert_int_equal(group.trust_file_count, 2);
	assert_int_equal(group.trust_files[0].sides, 1U << SHARED_SMTP);
	assert_int_equal(group.trust_files[1].sides, 7);
	for (int i = 0; i < SHARED_SIDES; i++)
		strcpy(before[i], group.fingerprints[i][0]);
	write_file("smtp.pem", "uno\n", 0644);
	assert_true(begin(&config));
	assert_string_equal(group.fingerprints[SHARED_SMTPD][0], before[0]);
	assert_string_not_equal(group.fingerprints[SHARED_SMTP][0], before[1]);
	assert_string_equal(group.fingerprints[SHARED_LMTP][0], before[2]);
	write_file("none.pem", "due\n", 0644);
	assert_true(begin(&config));
	assert_string_not_equal(group.fingerprints[SHARED_SMTPD][0], before[0]);
	assert_string_not_equal(group.fingerprints[SHARED_LMTP][0], before[2]);
}

static void
test_a_trust_file_that_is_missing_is_one_warning_and_counts_as_empty(
    void **state)
{
	struct shared_group_config config =
	    make_config(write_file("secret", SECRET, 0600));
	char before[SHARED_FINGERPRINT_LEN + 1];

	config.trust_files = unit_path("ca.pem");
	assert_true(begin(&config));
	assert_false(group.trust_files[0].is_read);
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has("No such file or directory; it counts as"));
	strcpy(before, group.fingerprints[SHARED_SMTPD][0]);
	write_file("ca.pem", "", 0644);
	assert_true(begin(&config));
	assert_string_equal(group.fingerprints[SHARED_SMTPD][0], before);
}

static void
settings_and_timeout_of_a_side_are_in_its_fingerprint(void **state)
{
	struct shared_group_config config =
	    make_config(write_file("secret", SECRET, 0600));
	char smtpd[SHARED_FINGERPRINT_LEN + 1];
	char smtp[SHARED_FINGERPRINT_LEN + 1];

	assert_true(begin(&config));
	strcpy(smtpd, group.fingerprints[SHARED_SMTPD][0]);
	strcpy(smtp, group.fingerprints[SHARED_SMTP][0]);
	security_level = "encrypt";
	assert_true(begin(&config));
	assert_string_not_equal(group.fingerprints[SHARED_SMTPD][0], smtpd);
	assert_string_equal(group.fingerprints[SHARED_SMTP][0], smtp);
	config.sides[SHARED_SMTP].timeout_s = 7200;
	assert_true(begin(&config));
	assert_string_not_equal(group.fingerprints[SHARED_SMTP][0], smtp);
	config.sides[SHARED_SMTP].timeout_s = 0;
	assert_true(begin(&config));
	assert_string_equal(group.fingerprints[SHARED_SMTP][0], "");
	assert_int_equal(group.contexts[SHARED_SMTP].len, 0);
}

static void
assert_problem(const struct shared_group_config *config, const char *wanted)
{
	unit_log_clear();
	assert_false(begin(config));
	assert_true(shared_group_is_configured(&group));
	assert_non_null(strstr(group.problem, wanted));
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has(wanted));
	assert_true(unit_log_has("; nothing is shared\n"));
	assert_int_equal(group.secrets.count, 0);
	assert_string_equal(group.fingerprints[SHARED_SMTPD][0], "");
}

static void
a_problem_is_one_warning_and_nothing_is_shared(void **state)
{
	struct shared_group_config config = make_config(unit_path("secret"));

	assert_problem(&config, "No such file or directory");
	write_file("secret", SECRET, 0644);
	assert_problem(&config, "mode 0644, others can read it");
	write_file("secret", "short\n", 0600);
	assert_problem(&config, "secret, line 1: not base64");
	write_file("secret", SECRET, 0600);
	config.group = "two words";
	assert_problem(&config, "tlsmgr_shared_group must be");
	config.group = "one";
	assert_true(begin(&config));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(without_a_file_of_secrets_there_is_no_group_and_no_word),
		TEST(a_problem_of_the_configuration_is_one_of_the_group),
		TEST(fingerprints_are_those_of_the_second_implementation),
		TEST(each_of_two_secrets_has_its_fingerprints),
		TEST(trust_files_count_for_their_sides_alone),
		TEST(
		    test_a_trust_file_that_is_missing_is_one_warning_and_counts_as_empty),
		TEST(settings_and_timeout_of_a_side_are_in_its_fingerprint),
		TEST(a_problem_is_one_warning_and_nothing_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

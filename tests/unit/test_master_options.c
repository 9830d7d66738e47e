/*
 * Unit tests of master_options.
 */
#include "master.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16

/* Parse a list of arguments that ends with NULL; any text is in *cause. */
static enum error
parse(
    struct master_options *options, char **cause, const char *const arguments[])
{
	char program[] = "tlsmgr";
	char *argv[ARGUMENTS_MAX + 2] = { program };
	int argc = 1;

	while (arguments[argc - 1] != NULL && argc <= ARGUMENTS_MAX) {
		argv[argc] = (char *)arguments[argc - 1];
		argc++;
	}
	*cause = NULL;
	return master_options_parse(options, argc, argv, cause);
}

#define PARSE(options, cause, ...) \
	parse(options, cause, (const char *const[]){ __VA_ARGS__, NULL })

static int
clear_environment(void **state)
{
	unsetenv("MAIL_CONFIG");
	unsetenv("MAIL_VERBOSE");
	unsetenv("MAIL_DEBUG");
	unsetenv("GENERATION");
	return 0;
}

/* As on a Debian system. */
static void
the_usual_command_line_is_understood(void **state)
{
	struct master_options options;
	char *cause;

	setenv("MAIL_CONFIG", "/etc/postfix", 1);
	setenv("GENERATION", "17", 1);
	assert_int_equal(PARSE(&options, &cause, "-l", "-n", "tlsmgr", "-t",
			     "unix", "-u", "-c"),
	    ERROR_NONE);
	assert_null(cause);
	assert_string_equal(options.service_name, "tlsmgr");
	assert_string_equal(options.transport, "unix");
	assert_true(options.single_process);
	assert_false(options.no_process_limit);
	assert_true(options.drop_privileges);
	assert_true(options.chroot);
	assert_false(options.standalone);
	assert_false(options.debug);
	assert_false(options.stdio_client);
	assert_false(options.log_to_stderr);
	assert_int_equal(options.verbosity, 0);
	assert_int_equal(options.listen_count, 1);
	assert_int_equal(options.override_count, 0);
	assert_string_equal(options.config_directory, "/etc/postfix");
	assert_int_equal(options.generation, 017);
	master_options_fini(&options);
}

static void
every_other_option_is_understood(void **state)
{
	struct master_options options;
	char *cause;

	assert_int_equal(PARSE(&options, &cause, "-dDSVvzlv", "-s3", "-nfoo",
			     "-tunix", "-i", "100s", "-m", "100", "-v"),
	    ERROR_NONE);
	assert_true(options.standalone);
	assert_true(options.debug);
	assert_true(options.stdio_client);
	assert_true(options.log_to_stderr);
	assert_true(options.no_process_limit);
	assert_false(options.drop_privileges);
	assert_false(options.chroot);
	assert_int_equal(options.verbosity, 3);
	assert_int_equal(options.listen_count, 3);
	assert_string_equal(options.service_name, "foo");
	assert_null(options.config_directory);
	assert_int_equal(options.generation, 0);
	master_options_fini(&options);
}

static void
overrides_keep_their_order(void **state)
{
	struct master_options options;
	char *cause;

	assert_int_equal(PARSE(&options, &cause, "-o", "a=1", "-l", "-ob = 2",
			     "-tunix", "-o", "a=3"),
	    ERROR_NONE);
	assert_int_equal(options.override_count, 3);
	assert_string_equal(options.overrides[0], "a=1");
	assert_string_equal(options.overrides[1], "b = 2");
	assert_string_equal(options.overrides[2], "a=3");
	master_options_fini(&options);
	assert_int_equal(options.override_count, 0);
	assert_null(options.overrides);
}

static void
the_environment_acts_as_options(void **state)
{
	struct master_options options;
	char *cause;

	setenv("MAIL_VERBOSE", "", 1);
	setenv("MAIL_DEBUG", "", 1);
	assert_int_equal(
	    PARSE(&options, &cause, "-l", "-tunix", "-v"), ERROR_NONE);
	assert_int_equal(options.verbosity, 2);
	assert_true(options.debug);
	master_options_fini(&options);
}

static void
a_client_on_standard_input_needs_no_other_option(void **state)
{
	struct master_options options;
	char *cause;

	assert_int_equal(PARSE(&options, &cause, "-S"), ERROR_NONE);
	assert_null(options.transport);
	assert_string_equal(options.service_name, "tlsmgr");
	master_options_fini(&options);
}

static void
bad_command_lines_are_refused_with_a_cause(void **state)
{
	static const struct {
		const char *cause;
		const char *arguments[6];
	} cases[] = {
		{ "no transport type specified", { "-l" } },
		{ "no transport type specified", { "-d", "-l" } },
		{ "service tlsmgr requires a process limit of 1",
		    { "-t", "unix" } },
		{ "service foo requires a process limit of 1",
		    { "-t", "unix", "-n", "foo", "-z" } },
		{ "invalid option: Q", { "-lQ", "-tunix" } },
		{ "invalid option: ?", { "-?" } },
		{ "invalid option: -", { "--help" } },
		{ "option -o requires an argument", { "-l", "-o" } },
		{ "option -s requires an argument", { "-ls" } },
		{ "unexpected command-line argument: foo",
		    { "-l", "foo", "-tunix" } },
		{ "unexpected command-line argument: foo", { "foo", "-Q" } },
		{ "unexpected command-line argument: -", { "-ltunix", "-" } },
		{ "unexpected command-line argument: -v",
		    { "-ltunix", "--", "-v" } },
		{ "unsupported transport type: inet", { "-l", "-tinet" } },
		{ "unsupported transport type: ", { "-l", "-t", "" } },
		{ "option -s: invalid socket count: 0", { "-s", "0" } },
		{ "option -s: invalid socket count: -1", { "-s-1" } },
		{ "option -s: invalid socket count: 65", { "-s", "65" } },
		{ "option -s: invalid socket count: 1x", { "-s", "1x" } },
		{ "option -s: invalid socket count:  1", { "-s", " 1" } },
		{ "option -s: invalid socket count: ", { "-s", "" } },
		{ "option -s: invalid socket count: 18446744073709551617",
		    { "-s", "18446744073709551617" } },
		{ "option -i: invalid time: x", { "-ix" } },
		{ "option -i: invalid time: 10sx", { "-i", "10sx" } },
		{ "option -i: invalid time: -5", { "-i", "-5" } },
		{ "option -m: invalid count: 10s", { "-m", "10s" } },
		{ "option -m: invalid count: ", { "-m", "" } },
	};
	struct master_options options;
	char *cause;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    parse(&options, &cause, cases[i].arguments), ERROR_INVALID);
		assert_string_equal(cause, cases[i].cause);
		free(cause);
		master_options_fini(&options);
	}
}

static void
a_bad_generation_is_refused(void **state)
{
	static const char *const bad[] = { "", "9", "17x", "-1", " 1",
		"40000000000", "7777777777777777777777777777" };
	struct master_options options;
	char text[100], *cause;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("GENERATION", bad[i], 1);
		assert_int_equal(
		    PARSE(&options, &cause, "-l", "-tunix"), ERROR_INVALID);
		snprintf(text, sizeof(text), "bad generation: %s", bad[i]);
		assert_string_equal(cause, text);
		free(cause);
		master_options_fini(&options);
	}
	setenv("GENERATION", "37777777777", 1);
	assert_int_equal(PARSE(&options, &cause, "-l", "-tunix"), ERROR_NONE);
	assert_int_equal(options.generation, 0xffffffff);
	master_options_fini(&options);
}

/* What stood before the mistake counts: where to log it, for one. */
static void
a_failure_keeps_what_was_found(void **state)
{
	struct master_options options;
	char *cause;

	assert_int_equal(
	    PARSE(&options, &cause, "-V", "-o", "a=b", "-Q"), ERROR_INVALID);
	assert_true(options.log_to_stderr);
	assert_int_equal(options.override_count, 1);
	free(cause);
	master_options_fini(&options);
}

static void
a_command_typed_in_at_a_terminal_is_recognized(void **state)
{
	struct master_options options = { 0 };
	int saved = dup(STDIN_FILENO);
	int terminal, other;

	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	if (terminal < 0) {
		print_message("no pseudo terminal here\n");
		skip();
	}
	other = open("/dev/null", O_RDONLY);
	dup2(terminal, STDIN_FILENO);
	assert_true(master_options_by_hand(&options));
	options.standalone = true;
	assert_false(master_options_by_hand(&options));
	options.standalone = false;
	options.stdio_client = true;
	assert_false(master_options_by_hand(&options));
	options.stdio_client = false;
	dup2(other, STDIN_FILENO);
	assert_false(master_options_by_hand(&options));
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(terminal);
	close(other);
}

#define OPTIONS_TEST(function) \
	cmocka_unit_test_setup(function, clear_environment)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(the_usual_command_line_is_understood),
		OPTIONS_TEST(every_other_option_is_understood),
		OPTIONS_TEST(overrides_keep_their_order),
		OPTIONS_TEST(the_environment_acts_as_options),
		OPTIONS_TEST(a_client_on_standard_input_needs_no_other_option),
		OPTIONS_TEST(bad_command_lines_are_refused_with_a_cause),
		OPTIONS_TEST(a_bad_generation_is_refused),
		OPTIONS_TEST(a_failure_keeps_what_was_found),
		OPTIONS_TEST(a_command_typed_in_at_a_terminal_is_recognized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

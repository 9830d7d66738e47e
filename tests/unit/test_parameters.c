/*
 * Unit tests of parameters: what `config` answers.
 */
#include "parameters.h"

#include "attr.h"
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit.h"

static struct config *config;
static char *answer; /* with a bar for each NUL */

static int
setup(void **state)
{
	config = config_new();
	settings_set_defaults(config);
	return unit_setup(state);
}

static int
teardown(void **state)
{
	config_free(config);
	free(answer);
	answer = NULL;
	return unit_teardown(state);
}

static void
ask(void)
{
	struct buffer reply;

	buffer_init(&reply);
	parameters_put(config, &reply);
	answer = malloc(reply.len + 1);
	for (size_t i = 0; i < reply.len; i++) {
		char byte = (char)buffer_head(&reply)[i];

		answer[i] = byte != '\0' ? byte : '|';
	}
	answer[reply.len] = '\0';
	buffer_fini(&reply);
}

static void
each_parameter_has_its_value_and_says_where_it_was_set(void **state)
{
	char *cause;

	config_set_from(config, "tls_random_source", "dev:$data_directory/x",
	    CONFIG_FILE, "/etc/main.cf", 12);
	config_set(config, "data_directory", "/data", CONFIG_DEFAULT);
	config_set(config, "process_id", "77", CONFIG_FIXED);
	assert_int_equal(
	    config_override(config, "tls_random_bytes=8", &cause), ERROR_NONE);
	ask();
	assert_int_equal(strncmp(answer, "parameter|", 10), 0);
	assert_non_null(
	    strstr(answer, "|parameter|tls_random_source|value|dev:/data/x|"
			   "origin|/etc/main.cf, line 12|"));
	assert_non_null(
	    strstr(answer, "|parameter|tls_random_bytes|value|8|origin|-o|"));
	assert_non_null(
	    strstr(answer, "|parameter|process_id|value|77|origin|fixed|"));
	assert_non_null(strstr(answer,
	    "|parameter|tls_random_reseed_period|value|3600s|origin|default|"));
}

static void
a_parameter_that_is_not_ours_is_not_shown(void **state)
{
	config_set(config, "not_ours", "x", CONFIG_DEFAULT);
	ask();
	assert_null(strstr(answer, "not_ours"));
}

static void
a_value_that_is_too_long_for_the_wire_is_cut(void **state)
{
	char value[ATTR_STRING_MAX + 10];
	const char *shown;

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	config_set(config, "debugger_command", value, CONFIG_DEFAULT);
	ask();
	shown = strstr(answer, "|debugger_command|value|v");
	assert_non_null(shown);
	shown += strlen("|debugger_command|value|");
	assert_int_equal(strspn(shown, "v"), ATTR_STRING_MAX);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_parameter_has_its_value_and_says_where_it_was_set),
		TEST(a_parameter_that_is_not_ours_is_not_shown),
		TEST(a_value_that_is_too_long_for_the_wire_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

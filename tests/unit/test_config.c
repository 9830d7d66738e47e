/*
 * Unit tests of config.c: which origin wins, -o, and the list of problems.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config_unit.h"
#include "problems.h"

static void
assert_text(const char *name, const char *text)
{
	const struct config_entry *entry = config_get(config, name);

	assert_non_null(entry);
	assert_string_equal(entry->text, text);
}

static void
set_in_file(const char *name, const char *text)
{
	config_set_from(config, name, text, CONFIG_FILE, "/x/main.cf", 12);
}

static void
an_override_wins_over_files(void **state)
{
	char *cause = NULL;

	set_in_file("a", "1");
	set_in_file("b", "2");
	assert_int_equal(config_override(config, "a=9", &cause), ERROR_NONE);
	assert_int_equal(
	    config_override(config, " c \t= x = $y ", &cause), ERROR_NONE);
	assert_int_equal(config_override(config, "b=", &cause), ERROR_NONE);
	assert_null(cause);
	assert_text("a", "9");
	assert_text("b", "");
	assert_text("c", "x = $y");
	assert_int_equal(config_get(config, "a")->origin, CONFIG_OVERRIDE);
	assert_null(config_get(config, "a")->file);
	assert_int_equal(config_override(config, "a=10", &cause), ERROR_NONE);
	assert_text("a", "10");
	set_in_file("a", "2");
	assert_text("a", "10");
}

static void
a_bad_override_is_refused(void **state)
{
	static const struct {
		const char *assignment;
		const char *cause;
	} rows[] = {
		{ "", "invalid \"-o \" option value: "
		      "missing '=' after attribute name" },
		{ "name", "invalid \"-o name\" option value: "
			  "missing '=' after attribute name" },
		{ "a b=c", "invalid \"-o a b=c\" option value: "
			   "missing '=' after attribute name" },
		{ "=c", "invalid \"-o =c\" option value: "
			"missing attribute name" },
		{ " = ", "invalid \"-o  = \" option value: "
			 "missing attribute name" },
		{ "process_id = 1", "invalid \"-o process_id = 1\" option "
				    "value: parameter process_id is "
				    "read-only" },
	};
	char *cause = NULL;

	config_set(config, "process_id", "42", CONFIG_FIXED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    config_override(config, rows[i].assignment, &cause),
		    ERROR_INVALID);
		assert_string_equal(cause, rows[i].cause);
		free(cause);
	}
	assert_text("process_id", "42");
}

static void
the_stronger_origin_wins(void **state)
{
	static const enum config_origin origins[] = { CONFIG_DEFAULT,
		CONFIG_FILE, CONFIG_OWN_FILE, CONFIG_OVERRIDE, CONFIG_FIXED };
	char name[8];

	for (size_t first = 0; first < 5; first++) {
		for (size_t second = 0; second < 5; second++) {
			snprintf(name, sizeof(name), "n%zu%zu", first, second);
			config_set(config, name, "first", origins[first]);
			config_set(config, name, "second", origins[second]);
			assert_text(name, second >= first ? "second" : "first");
		}
	}
}

/* main.cf may say what it likes of the process; it does not count. */
static void
a_fixed_value_wins_silently(void **state)
{
	config_set(config, "process_name", "tlsmgr", CONFIG_FIXED);
	set_in_file("process_name", "smtpd");
	assert_text("process_name", "tlsmgr");
	assert_int_equal(
	    config_get(config, "process_name")->origin, CONFIG_FIXED);
	assert_string_equal(problems_of(config), "");
}

static void
collect_name(void *arg, const struct config_entry *entry)
{
	strcat(arg, entry->name);
}

static void
entries_come_in_order_of_name(void **state)
{
	static const char *const order[] = { "c", "a", "d", "b", "a", NULL };
	char names[16] = "";

	for (const char *const *name = order; *name != NULL; name++)
		set_in_file(*name, "1");
	config_each(config, collect_name, names);
	assert_string_equal(names, "abcd");
}

static void
a_problem_is_described_with_its_place(void **state)
{
	char value[1001], *text;

	config_set_from(config, "a", "1", CONFIG_FILE, "/x/main.cf", 2);
	config_set(config, "b", "1", CONFIG_OVERRIDE);
	config_set(config, "c", "1", CONFIG_DEFAULT);
	text = config_describe_problem(config, "a", "v", "why");
	assert_string_equal(
	    text, "/x/main.cf, line 2: parameter a: bad value \"v\": why");
	free(text);
	text = config_describe_problem(config, "b", "v", "why");
	assert_string_equal(
	    text, "option -o: parameter b: bad value \"v\": why");
	free(text);
	text = config_describe_problem(config, "c", "v", "why");
	assert_string_equal(text, "parameter c: bad value \"v\": why");
	free(text);
	memset(value, 'x', 1000);
	value[1000] = '\0';
	text = config_describe_problem(config, "d", value, "why");
	assert_true(strlen(text) < 300);
	assert_non_null(strstr(text, "\": why"));
	free(text);
}

static void
nothing_need_not_be_freed(void **state)
{
	config_free(NULL);
}

static void
a_reset_value_is_a_default_again(void **state)
{
	set_in_file("a", "1");
	config_reset(config, "a", "0");
	assert_text("a", "0");
	assert_int_equal(config_get(config, "a")->origin, CONFIG_DEFAULT);
	assert_null(config_get(config, "a")->file);
	config_reset(config, "b", "2");
	assert_text("b", "2");
}

static void
problems_are_kept_in_order(void **state)
{
	config_add_problem(config, CONFIG_WARNING, strdup("one"));
	config_add_problem(config, CONFIG_IGNORED, strdup("two"));
	config_add_problem(config, CONFIG_IGNORED, strdup("three"));
	assert_string_equal(problems_of(config),
	    "warning: one\nignored: two\nignored: three\n");
	assert_int_equal(config_ignored_count(config), 2);
	assert_string_equal(config_first_ignored(config), "two");
	assert_string_equal(unit_lines, "");
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(an_override_wins_over_files),
		CONFIG_TEST(a_bad_override_is_refused),
		CONFIG_TEST(the_stronger_origin_wins),
		CONFIG_TEST(a_fixed_value_wins_silently),
		CONFIG_TEST(entries_come_in_order_of_name),
		CONFIG_TEST(a_problem_is_described_with_its_place),
		CONFIG_TEST(nothing_need_not_be_freed),
		CONFIG_TEST(a_reset_value_is_a_default_again),
		CONFIG_TEST(problems_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

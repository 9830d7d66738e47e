/*
 * Unit tests of the lines of main.cf, of -o, and of which origin wins.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "unit.h"

static struct config *config;

static int
setup(void **state)
{
	config = config_new();
	return unit_setup(state);
}

static int
teardown(void **state)
{
	config_free(config);
	return unit_teardown(state);
}

static const char *
write_bytes(const char *name, const char *text, size_t len)
{
	const char *path = unit_path(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* Read a main.cf with these bytes; it must be good. */
static void
read_bytes(const char *text, size_t len)
{
	char *cause = NULL;

	assert_int_equal(config_read_file(config,
			     write_bytes("main.cf", text, len), false, &cause),
	    ERROR_NONE);
	assert_null(cause);
}

static void
read_text(const char *text)
{
	read_bytes(text, strlen(text));
}

/* Read a main.cf that must be refused, with "FILE, line N: PROBLEM". */
static void
assert_refused(const char *text, size_t len, unsigned line, const char *problem)
{
	const char *path = write_bytes("main.cf", text, len);
	char wanted[1024], *cause = NULL;

	assert_int_equal(
	    config_read_file(config, path, false, &cause), ERROR_INVALID);
	snprintf(
	    wanted, sizeof(wanted), "%s, line %u: %s", path, line, problem);
	assert_string_equal(cause, wanted);
	free(cause);
}

static void
assert_text(const char *name, const char *text)
{
	const struct config_entry *entry = config_get(config, name);

	assert_non_null(entry);
	assert_string_equal(entry->text, text);
}

static void
assert_line(const char *name, unsigned line)
{
	const struct config_entry *entry = config_get(config, name);

	assert_non_null(entry);
	assert_int_equal(entry->origin, CONFIG_FILE);
	assert_string_equal(entry->file, unit_path("main.cf"));
	assert_int_equal(entry->line, line);
}

static void
test_assignments(void **state)
{
	read_text("a=1\n"
		  "b \t=\t 2 3 \t\n"
		  "c =\n"
		  "d = e = f\n"
		  "g = # no comment\n"
		  "h{i}.j-k = $a ${b\n"
		  "last = x");
	assert_text("a", "1");
	assert_text("b", "2 3");
	assert_text("c", "");
	assert_text("d", "e = f");
	assert_text("g", "# no comment");
	assert_text("h{i}.j-k", "$a ${b");
	assert_text("last", "x");
	assert_line("a", 1);
	assert_line("last", 7);
	assert_null(config_get(config, "A"));
	assert_null(config_get(config, "e"));
	assert_string_equal(unit_lines, "");
}

static void
test_continued_lines(void **state)
{
	read_text("# top\n"
		  "\n"
		  "\t# indented, before any line\n"
		  "a = 1\n"
		  " 2\n"
		  "# comment\n"
		  "\n"
		  " \t \n"
		  "   # indented comment\n"
		  "\t3\n"
		  "b\n"
		  " =\n"
		  "  4\n"
		  "# end\n");
	assert_text("a", "1 2\t3");
	assert_text("b", "4");
	assert_line("a", 4);
	assert_line("b", 11);
	assert_string_equal(unit_lines, "");
}

static void
test_carriage_returns(void **state)
{
	read_text("a = 1\r\n\r\n# comment\r\nb = 2\r\n");
	assert_text("a", "1");
	assert_text("b", "2");
}

static void
test_files_without_lines(void **state)
{
	static const char *const texts[] = { "", "\n", "\n\n \n", "# x", " # x",
		" " };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		read_text(texts[i]);
	assert_string_equal(unit_lines, "");
}

static void
test_first_line_continues_nothing(void **state)
{
	read_text(" a = 1\nb = 2\n");
	assert_null(config_get(config, "a"));
	assert_text("b", "2");
	assert_int_equal(unit_log_complaints(), 1);
	assert_true(unit_log_has(unit_path("main.cf")));
	assert_true(unit_log_has("logical line must not start with whitespace: "
				 "\" a = 1\""));
}

static void
test_last_setting_wins(void **state)
{
	char wanted[PATH_MAX + 100];

	read_text("a = 1\nb = 5\na = 2\nb = 5\na = 3\n");
	assert_text("a", "3");
	assert_line("a", 5);
	assert_int_equal(unit_log_complaints(), 2);
	snprintf(wanted, sizeof(wanted),
	    "%s, line 3: overriding earlier entry: a=1\n",
	    unit_path("main.cf"));
	assert_true(unit_log_has(wanted));
	assert_true(unit_log_has("line 5: overriding earlier entry: a=2\n"));
}

static void
test_another_file_overrides_silently(void **state)
{
	char *cause = NULL;

	read_text("a = 1\n");
	assert_int_equal(
	    config_read_file(
		config, write_bytes("tlsmgr.cf", "\na = 2\n", 7), true, &cause),
	    ERROR_NONE);
	assert_text("a", "2");
	assert_int_equal(config_get(config, "a")->line, 2);
	assert_string_equal(
	    config_get(config, "a")->file, unit_path("tlsmgr.cf"));
	assert_string_equal(unit_lines, "");
}

static void
test_bad_lines(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *problem;
	} rows[] = {
		{ "justname\n", 1,
		    "missing '=' after attribute name: \"justname\"" },
		{ "a = 1\n# x\n\njustname", 4,
		    "missing '=' after attribute name: \"justname\"" },
		{ "two words = x\n", 1,
		    "missing '=' after attribute name: \"two words = x\"" },
		{ "a = 1\ntwo\n words = x\nb = 2\n", 2,
		    "missing '=' after attribute name: \"two words = x\"" },
		{ "= x\n", 1, "missing attribute name: \"= x\"" },
		{ "=\n", 1, "missing attribute name: \"=\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_refused(rows[i].text, strlen(rows[i].text), rows[i].line,
		    rows[i].problem);
}

static void
test_nul_bytes(void **state)
{
	static const char value[] = "a = 1\n\nb = x\0y\n";
	static const char continued[] = "a = 1\n \0\n";
	static const char comment[] = "# x\0y\nc = 1\n";

	assert_refused(
	    value, sizeof(value) - 1, 3, "there is a NUL byte in it");
	assert_null(config_get(config, "b"));
	assert_refused(
	    continued, sizeof(continued) - 1, 2, "there is a NUL byte in it");
	read_bytes(comment, sizeof(comment) - 1);
	assert_text("c", "1");
}

static void
test_long_line(void **state)
{
	static const size_t len = 1024 * 1024;
	char *text = malloc(2 * len + 16);

	assert_non_null(text);
	memcpy(text, "a = ", 4);
	memset(text + 4, 'x', len);
	memcpy(text + 4 + len, "\n ", 2);
	memset(text + 4 + len + 2, 'y', len);
	text[4 + len + 2 + len] = '\0';
	read_text(text);
	text[4 + len] = ' '; /* what the line end and the blank become */
	memmove(text + 4 + len + 1, text + 4 + len + 2, len + 1);
	assert_text("a", text + 4);
	free(text);
}

static void
test_many_names(void **state)
{
	char name[16], number[16];
	FILE *file = fopen(unit_path("main.cf"), "w");
	char *cause = NULL;

	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "n%d = %d\n", i * 7919 % 1000, i * 7919 % 1000);
	fclose(file);
	assert_int_equal(
	    config_read_file(config, unit_path("main.cf"), false, &cause),
	    ERROR_NONE);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(number, sizeof(number), "%d", i);
		assert_text(name, number);
	}
	assert_string_equal(unit_lines, "");
}

static void
test_files_that_cannot_be_read(void **state)
{
	char wanted[PATH_MAX + 100], *cause = NULL;
	const char *path = unit_path("missing.cf");

	assert_int_equal(
	    config_read_file(config, path, true, &cause), ERROR_NONE);
	assert_null(cause);
	assert_int_equal(
	    config_read_file(config, path, false, &cause), ERROR_IO);
	snprintf(
	    wanted, sizeof(wanted), "open %s: No such file or directory", path);
	assert_string_equal(cause, wanted);
	free(cause);
	/* Only a file that is not there is optional. */
	read_text("a = 1\n");
	assert_int_equal(
	    config_read_file(config, unit_path("main.cf/x"), true, &cause),
	    ERROR_IO);
	assert_non_null(strstr(cause, ": Not a directory"));
	free(cause);
	for (int optional = 0; optional < 2; optional++) {
		assert_int_equal(
		    config_read_file(config, unit_directory, optional, &cause),
		    ERROR_IO);
		snprintf(wanted, sizeof(wanted), "read %s: Is a directory",
		    unit_directory);
		assert_string_equal(cause, wanted);
		free(cause);
	}
}

static void
test_override(void **state)
{
	char *cause = NULL;

	read_text("a = 1\nb = 2\n");
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
	read_text("a = 2\n");
	assert_text("a", "10");
}

static void
test_bad_overrides(void **state)
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
test_stronger_origin_wins(void **state)
{
	static const enum config_origin origins[] = { CONFIG_DEFAULT,
		CONFIG_FILE, CONFIG_OVERRIDE, CONFIG_FIXED };
	char name[8];

	for (size_t first = 0; first < 4; first++) {
		for (size_t second = 0; second < 4; second++) {
			snprintf(name, sizeof(name), "n%zu%zu", first, second);
			config_set(config, name, "first", origins[first]);
			config_set(config, name, "second", origins[second]);
			assert_text(name, second >= first ? "second" : "first");
		}
	}
}

/* main.cf may say what it likes of the process; it is not heard. */
static void
test_fixed_value_wins_silently(void **state)
{
	config_set(config, "process_name", "tlsmgr", CONFIG_FIXED);
	read_text("process_name = smtpd\n");
	assert_text("process_name", "tlsmgr");
	assert_int_equal(
	    config_get(config, "process_name")->origin, CONFIG_FIXED);
	assert_string_equal(unit_lines, "");
}

static void
collect_name(void *arg, const struct config_entry *entry)
{
	strcat(arg, entry->name);
}

static void
test_each_in_order(void **state)
{
	char names[16] = "";

	read_text("c = 1\na = 1\nd = 1\nb = 1\na = 1\n");
	config_each(config, collect_name, names);
	assert_string_equal(names, "abcd");
}

static void
test_describe_problem(void **state)
{
	char value[1001], wanted[PATH_MAX + 400], *text;

	read_text("\na = 1\n");
	config_set(config, "b", "1", CONFIG_OVERRIDE);
	config_set(config, "c", "1", CONFIG_DEFAULT);
	text = config_describe_problem(config, "a", "v", "why");
	snprintf(wanted, sizeof(wanted),
	    "%s, line 2: parameter a: bad value \"v\": why",
	    unit_path("main.cf"));
	assert_string_equal(text, wanted);
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
test_nothing_to_free(void **state)
{
	config_free(NULL);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_assignments),
		FILE_TEST(test_continued_lines),
		FILE_TEST(test_carriage_returns),
		FILE_TEST(test_files_without_lines),
		FILE_TEST(test_first_line_continues_nothing),
		FILE_TEST(test_last_setting_wins),
		FILE_TEST(test_another_file_overrides_silently),
		FILE_TEST(test_bad_lines),
		FILE_TEST(test_nul_bytes),
		FILE_TEST(test_long_line),
		FILE_TEST(test_many_names),
		FILE_TEST(test_files_that_cannot_be_read),
		FILE_TEST(test_override),
		FILE_TEST(test_bad_overrides),
		FILE_TEST(test_stronger_origin_wins),
		FILE_TEST(test_fixed_value_wins_silently),
		FILE_TEST(test_each_in_order),
		FILE_TEST(test_describe_problem),
		FILE_TEST(test_nothing_to_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of config_file.c: the lines of main.cf and tlsmgr.cf.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_unit.h"
#include "problems.h"

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

	assert_int_equal(
	    config_read_file(config, write_bytes("main.cf", text, len), &cause),
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

	assert_int_equal(config_read_file(config, path, &cause), ERROR_INVALID);
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
a_line_assigns_a_value_to_a_name(void **state)
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
	assert_string_equal(problems_of(config), "");
}

static void
a_line_that_begins_with_a_blank_continues(void **state)
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
	assert_string_equal(problems_of(config), "");
}

static void
carriage_returns_are_blanks(void **state)
{
	read_text("a = 1\r\n\r\n# comment\r\nb = 2\r\n");
	assert_text("a", "1");
	assert_text("b", "2");
}

static void
a_file_may_be_empty(void **state)
{
	static const char *const texts[] = { "", "\n", "\n\n \n", "# x", " # x",
		" " };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		read_text(texts[i]);
	assert_string_equal(problems_of(config), "");
}

static void
first_line_continues_nothing(void **state)
{
	char wanted[PATH_MAX + 100];

	read_text(" a = 1\nb = 2\n");
	assert_null(config_get(config, "a"));
	assert_text("b", "2");
	snprintf(wanted, sizeof(wanted),
	    "warning: %s: logical line must not start with whitespace: "
	    "\" a = 1\"\n",
	    unit_path("main.cf"));
	assert_string_equal(problems_of(config), wanted);
}

static void
last_setting_wins(void **state)
{
	char wanted[2 * PATH_MAX + 100];

	read_text("a = 1\nb = 5\na = 2\nb = 5\na = 3\n");
	assert_text("a", "3");
	assert_line("a", 5);
	snprintf(wanted, sizeof(wanted),
	    "warning: %s, line 3: overriding earlier entry: a=1\n"
	    "warning: %s, line 5: overriding earlier entry: a=2\n",
	    unit_path("main.cf"), unit_path("main.cf"));
	assert_string_equal(problems_of(config), wanted);
}

/* Names of one letter may stand in this tlsmgr.cf, but not "z". */
static char *
check_name(const char *name)
{
	return strlen(name) == 1 && *name != 'z' ? NULL : strdup("bad name");
}

static void
read_own_text(const char *text)
{
	config_read_own_file(
	    config, write_bytes("tlsmgr.cf", text, strlen(text)), check_name);
}

static void
another_file_overrides_silently(void **state)
{
	read_text("a = 1\n");
	read_own_text("\na = 2\n");
	assert_text("a", "2");
	assert_int_equal(config_get(config, "a")->line, 2);
	assert_int_equal(config_get(config, "a")->origin, CONFIG_OWN_FILE);
	assert_string_equal(
	    config_get(config, "a")->file, unit_path("tlsmgr.cf"));
	assert_string_equal(problems_of(config), "");
	assert_int_equal(config_ignored_count(config), 0);
	assert_null(config_first_ignored(config));
}

static void
tlsmgr_cf_is_read_as_far_as_it_can_be(void **state)
{
	char wanted[8 * PATH_MAX];
	const char *path = unit_path("tlsmgr.cf");

	read_text("a = 1\nz = 1\nlong = 1\n");
	read_own_text("b = 2\njustname\n= x\na = 3\nz = 4\nlong = 5\n"
		      "b = 6\nc = 7");
	assert_text("a", "3");
	assert_text("b", "6");
	assert_text("c", "7");
	assert_text("z", "1");
	assert_text("long", "1");
	snprintf(wanted, sizeof(wanted),
	    "ignored: %s, line 2: missing '=' after attribute name: "
	    "\"justname\" (ignored)\n"
	    "ignored: %s, line 3: missing attribute name: \"= x\" (ignored)\n"
	    "ignored: %s, line 5: bad name (ignored)\n"
	    "ignored: %s, line 6: bad name (ignored)\n"
	    "warning: %s, line 7: overriding earlier entry: b=2\n",
	    path, path, path, path, path);
	assert_string_equal(problems_of(config), wanted);
	assert_int_equal(config_ignored_count(config), 4);
	assert_non_null(strstr(config_first_ignored(config), "justname"));
}

static void
tlsmgr_cf_that_cannot_be_read_is_ignored(void **state)
{
	char wanted[PATH_MAX + 100];

	config_read_own_file(config, unit_path("missing.cf"), check_name);
	assert_string_equal(problems_of(config), "");
	config_read_own_file(config, unit_directory, check_name);
	snprintf(wanted, sizeof(wanted), "ignored: read %s: Is a directory\n",
	    unit_directory);
	assert_string_equal(problems_of(config), wanted);
}

static void
a_bad_line_is_named_with_its_place(void **state)
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

/* As Postfix does it: the rest of the logical line is not there. */
static void
nul_byte_ends_a_logical_line(void **state)
{
	static const char text[] = "a = 1\n\nb = x\0y\n  z\nc = 2\n \0\n"
				   "# x\0y\nd = 1\n";
	char wanted[2 * PATH_MAX + 200];

	read_bytes(text, sizeof(text) - 1);
	assert_text("a", "1");
	assert_text("b", "x");
	assert_text("c", "2");
	assert_text("d", "1");
	snprintf(wanted, sizeof(wanted),
	    "warning: %s, line 3: there is a NUL byte in it, and what follows "
	    "is ignored: \"b = x\"\n"
	    "warning: %s, line 5: there is a NUL byte in it, and what follows "
	    "is ignored: \"c = 2 \"\n",
	    unit_path("main.cf"), unit_path("main.cf"));
	assert_string_equal(problems_of(config), wanted);
}

static void
nul_byte_in_a_name_makes_a_bad_line(void **state)
{
	static const char name[] = "a = 1\nb\0c = 2\n";
	static const char first[] = "\0\n";

	assert_refused(name, sizeof(name) - 1, 2,
	    "missing '=' after attribute name: \"b\"");
	/* Where postconf says "missing attribute name". */
	assert_refused(first, sizeof(first) - 1, 1,
	    "missing '=' after attribute name: \"\"");
}

static void
a_line_may_be_long(void **state)
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
there_may_be_many_names(void **state)
{
	char name[16], number[16];
	FILE *file = fopen(unit_path("main.cf"), "w");
	char *cause = NULL;

	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "n%d = %d\n", i * 7919 % 1000, i * 7919 % 1000);
	fclose(file);
	assert_int_equal(
	    config_read_file(config, unit_path("main.cf"), &cause), ERROR_NONE);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(number, sizeof(number), "%d", i);
		assert_text(name, number);
	}
	assert_string_equal(problems_of(config), "");
}

static void
a_file_that_cannot_be_read_is_an_error(void **state)
{
	char wanted[PATH_MAX + 100], *cause = NULL;
	const char *path = unit_path("missing.cf");

	assert_int_equal(config_read_file(config, path, &cause), ERROR_IO);
	snprintf(
	    wanted, sizeof(wanted), "open %s: No such file or directory", path);
	assert_string_equal(cause, wanted);
	free(cause);
	assert_int_equal(
	    config_read_file(config, unit_directory, &cause), ERROR_IO);
	snprintf(
	    wanted, sizeof(wanted), "read %s: Is a directory", unit_directory);
	assert_string_equal(cause, wanted);
	free(cause);
}

/* The end of some never comes. */
static void
a_file_that_is_no_regular_one_is_not_read(void **state)
{
	char wanted[PATH_MAX + 100], *cause = NULL;
	const char *path = unit_path("main.cf");

	snprintf(
	    wanted, sizeof(wanted), "open %s: it is not a regular file", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(config_read_file(config, path, &cause), ERROR_IO);
	assert_string_equal(cause, wanted);
	free(cause);
	config_read_own_file(config, path, NULL);
	assert_non_null(strstr(problems_of(config), wanted));
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(config_read_file(config, path, &cause), ERROR_IO);
	assert_string_equal(cause, wanted);
	free(cause);
	unlink(path);
	/* As files are hidden. */
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(config_read_file(config, path, &cause), ERROR_NONE);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(a_line_assigns_a_value_to_a_name),
		FILE_TEST(a_line_that_begins_with_a_blank_continues),
		FILE_TEST(carriage_returns_are_blanks),
		FILE_TEST(a_file_may_be_empty),
		FILE_TEST(first_line_continues_nothing),
		FILE_TEST(last_setting_wins),
		FILE_TEST(another_file_overrides_silently),
		FILE_TEST(tlsmgr_cf_is_read_as_far_as_it_can_be),
		FILE_TEST(tlsmgr_cf_that_cannot_be_read_is_ignored),
		FILE_TEST(a_bad_line_is_named_with_its_place),
		FILE_TEST(nul_byte_ends_a_logical_line),
		FILE_TEST(nul_byte_in_a_name_makes_a_bad_line),
		FILE_TEST(a_line_may_be_long),
		FILE_TEST(there_may_be_many_names),
		FILE_TEST(a_file_that_cannot_be_read_is_an_error),
		FILE_TEST(a_file_that_is_no_regular_one_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

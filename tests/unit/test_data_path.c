/*
 * Unit tests of data_path: which directory a file of the mail owner is kept in.
 */
#include "data_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "unit.h"

/* Some other user. */
#define FOREIGN (geteuid() + 1)

static char *
real_path(const char *name)
{
	char *path = realpath(unit_path(name), NULL);

	assert_non_null(path);
	return path;
}

static void
assert_path(const char *path, const char *directory, const char *name)
{
	char expected[PATH_MAX];
	char *real = real_path(directory);

	snprintf(expected, sizeof(expected), "%s/%s", real, name);
	assert_string_equal(path, expected);
	free(real);
}

static void
a_file_in_a_directory_of_the_owner_stays_there(void **state)
{
	char *path = data_path("btree", unit_path("x"), geteuid(), "/nowhere");

	assert_path(path, ".", "x");
	assert_int_equal(unit_log_complaints(), 0);
	free(path);
}

static void
a_file_in_a_foreign_directory_is_redirected_with_two_warnings(void **state)
{
	char *path;

	mkdir(unit_path("data"), 0700);
	path = data_path("btree", unit_path("x"), FOREIGN, unit_path("data"));
	assert_path(path, "data", "x");
	assert_int_equal(unit_log_complaints(), 2);
	assert_true(unit_log_has("request to update table btree:"));
	assert_true(unit_log_has("in non-postfix directory"));
	assert_true(unit_log_has("redirecting the request to postfix-owned "
				 "data_directory"));
	free(path);
	unit_log_clear();
	path = data_path(NULL, unit_path("x"), FOREIGN, unit_path("data"));
	assert_true(unit_log_has("request to update file "));
	free(path);
}

static void
links_to_one_directory_give_one_path(void **state)
{
	char *path;

	mkdir(unit_path("data"), 0700);
	assert_int_equal(symlink("data", unit_path("link")), 0);
	path = data_path(NULL, unit_path("link/x"), geteuid(), "/nowhere");
	assert_path(path, "data", "x");
	free(path);
}

static void
a_missing_directory_is_left_for_open_to_report(void **state)
{
	char *path =
	    data_path(NULL, unit_path("missing/x"), geteuid(), "/nowhere");

	assert_string_equal(path, unit_path("missing/x"));
	assert_int_equal(unit_log_complaints(), 0);
	free(path);
}

static void
a_path_without_a_slash_is_in_the_current_directory(void **state)
{
	char *path;

	assert_int_equal(chdir(unit_directory), 0);
	path = data_path(NULL, "x", geteuid(), "/nowhere");
	assert_path(path, ".", "x");
	free(path);
	assert_int_equal(chdir("/"), 0);
}

static void
a_file_below_the_root_directory_has_a_directory(void **state)
{
	struct stat st;
	char *path;

	assert_int_equal(stat("/", &st), 0);
	path = data_path(NULL, "/x", st.st_uid, "/nowhere");
	assert_int_equal(strspn(path, "/"), strlen(path) - 1);
	assert_int_equal(unit_log_complaints(), 0);
	free(path);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, unit_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_in_a_directory_of_the_owner_stays_there),
		TEST(
		    a_file_in_a_foreign_directory_is_redirected_with_two_warnings),
		TEST(links_to_one_directory_give_one_path),
		TEST(a_missing_directory_is_left_for_open_to_report),
		TEST(a_path_without_a_slash_is_in_the_current_directory),
		TEST(a_file_below_the_root_directory_has_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of master_version.
 */
#include "master.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmocka_range.h"

#define WAIT_MAX_S 20

static char directory[] = "/tmp/test_version.XXXXXX";

static int
enter_directory(void **state)
{
	return mkdtemp(directory) != NULL ? chdir(directory) : -1;
}

static int
leave_directory(void **state)
{
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

static int
remove_files(void **state)
{
	unlink("master");
	unlink("smtpd");
	unlink("libpostfix-global.so");
	return 0;
}

/* A program with some bytes at an offset, and `rest` more behind them. */
static void
write_program(
    const char *name, off_t offset, const void *bytes, size_t len, off_t rest)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	assert_int_equal(ftruncate(fd, offset + (off_t)len + rest), 0);
	close(fd);
}

static void
assert_version(const char *expected)
{
	char *version = master_postfix_version(".");

	if (expected == NULL) {
		assert_null(version);
		return;
	}
	assert_non_null(version);
	assert_string_equal(version, expected);
	free(version);
}

/* A string of a program: with its NUL. */
#define STRING(text) text, sizeof(text)

static void
a_stamp_is_found_at_any_offset(void **state)
{
	for (off_t offset = 65536 - 80; offset < 65536 + 10; offset++) {
		write_program(
		    "master", offset, STRING("mail_version=3.7.11"), 1000);
		assert_version("3.7.11");
	}
	write_program(
	    "master", 65536 * 5 - 7, STRING("mail_version=3.12-20260821"), 0);
	assert_version("3.12-20260821");
	write_program("master", 0, STRING("mail_version=3.5.25"), 0);
	assert_version("3.5.25");
}

static void
the_name_of_the_parameter_is_no_stamp(void **state)
{
	static const char strings[] = "check_mail_version\0mail_version=\0"
				      "mail_version=unknown\0"
				      "mail_version=3.8.1\0mail_version=9.9";

	write_program("master", 100, strings, sizeof(strings), 10);
	assert_version("3.8.1");
}

static void
a_stamp_that_is_cut_off_is_none(void **state)
{
	write_program("master", 100, "mail_version=3.7", 16, 0);
	assert_version(NULL);
	write_program("master", 100, "mail_version=", 13, 0);
	assert_version(NULL);
	write_program("master", 100, "mail_versio", 11, 0);
	assert_version(NULL);
}

static void
a_version_is_bounded(void **state)
{
	char bytes[1000] = "mail_version=";
	char *version;

	memset(bytes + 13, '7', sizeof(bytes) - 14);
	write_program("master", 0, bytes, sizeof(bytes), 0);
	version = master_postfix_version(".");
	assert_non_null(version);
	assert_in_range(strlen(version), 10, 64);
	assert_true(strspn(version, "7") == strlen(version));
	free(version);
	write_program("master", 0, STRING("mail_version=3.7\nx"), 0);
	assert_version("3.7");
}

static void
other_programs_are_read_if_master_has_none(void **state)
{
	assert_version(NULL);
	write_program(
	    "libpostfix-global.so", 5, STRING("mail_version=3.6.1"), 0);
	assert_version("3.6.1");
	write_program("smtpd", 5, STRING("mail_version=3.6.2"), 0);
	assert_version("3.6.2");
	write_program("master", 5, STRING("no stamp"), 0);
	assert_version("3.6.2");
	write_program("master", 5, STRING("mail_version=3.6.3"), 0);
	assert_version("3.6.3");
}

/* As Debian's Postfix 3.11 has it. */
static void
a_version_without_a_stamp_is_found(void **state)
{
	static const char strings[] = "x\0127.0.0.1\0003.11.7 of today\0"
				      "mail_version\0003\0003.9\0003.x.1\0"
				      "3.11.\0v3.11.8\0003.11.7\0003.12.0";

	for (off_t offset = 65536 - 120; offset < 65536 + 10; offset++) {
		write_program("master", offset, STRING(strings), 1000);
		assert_version("3.11.7");
	}
	write_program("master", 9, STRING("\0003.12-20260821"), 0);
	assert_version("3.12-20260821");
	write_program("master", 9, STRING("\0003.12-RC1"), 0);
	assert_version("3.12-RC1");
	write_program("master", 9, "\0003.12.1", 7, 0);
	assert_version(NULL);
	write_program("master", 9, STRING("\0003.11.7"), 0);
	write_program("smtpd", 9, STRING("mail_version=3.11.8"), 0);
	assert_version("3.11.8");
}

static void
what_is_no_program_has_no_version(void **state)
{
	char *version;

	alarm(WAIT_MAX_S);
	assert_int_equal(mkfifo("master", 0600), 0);
	assert_version(NULL);
	unlink("master");
	assert_int_equal(mkdir("master", 0700), 0);
	version = master_postfix_version(".");
	rmdir("master");
	assert_null(version);
	assert_null(master_postfix_version("nonexistent"));
	write_program("master", 0, "", 0, 0);
	assert_version(NULL);
	alarm(0);
}

static void
versions_from_3_6_on_announce(void **state)
{
	static const struct {
		const char *version;
		bool announces;
	} cases[] = {
		{ NULL, true },
		{ "2.11.0", false },
		{ "3.5.25", false },
		{ "3.5", false },
		{ "3", false },
		{ "3.6", true },
		{ "3.6.0", true },
		{ "3.6-20210101", true },
		{ "3.7.11", true },
		{ "3.10.1", true },
		{ "3.12-20260821", true },
		{ "4.0.0", true },
		{ "10.1", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(master_version_announces(cases[i].version),
		    cases[i].announces);
}

#define VERSION_TEST(function) cmocka_unit_test_teardown(function, remove_files)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		VERSION_TEST(a_stamp_is_found_at_any_offset),
		VERSION_TEST(the_name_of_the_parameter_is_no_stamp),
		VERSION_TEST(a_stamp_that_is_cut_off_is_none),
		VERSION_TEST(a_version_is_bounded),
		VERSION_TEST(other_programs_are_read_if_master_has_none),
		VERSION_TEST(a_version_without_a_stamp_is_found),
		VERSION_TEST(what_is_no_program_has_no_version),
		VERSION_TEST(versions_from_3_6_on_announce),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

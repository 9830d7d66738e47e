/*
 * Unit tests of memory_directory: which directory may be used. That it is made,
 * and with which file systems, is for tests/e2e/test_reload.py.
 */
#include "memory_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OWNER 1000
#define OTHER 1001

static bool
is_ours(mode_t mode, uid_t uid)
{
	const struct stat st = { .st_mode = mode, .st_uid = uid };

	return memory_directory_is_ours(&st, OWNER);
}

static void
a_private_directory_of_the_owner_or_of_root_is_used(void **state)
{
	assert_true(is_ours(S_IFDIR | 0700, OWNER));
	assert_true(is_ours(S_IFDIR | 0700, 0));
	assert_true(is_ours(S_IFDIR | 0500, OWNER));
}

static void
a_directory_of_another_user_is_refused(void **state)
{
	assert_false(is_ours(S_IFDIR | 0700, OTHER));
}

static void
a_directory_that_others_have_access_to_is_refused(void **state)
{
	for (mode_t bit = 01; bit <= 040; bit <<= 1) {
		assert_false(is_ours(S_IFDIR | 0700 | bit, OWNER));
		assert_false(is_ours(S_IFDIR | 0700 | bit, 0));
	}
}

static void
what_is_no_directory_is_refused(void **state)
{
	const mode_t types[] = { S_IFREG, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR,
		S_IFBLK };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_false(is_ours(types[i] | 0700, OWNER));
}

static void
directories_are_tried_in_order_and_are_absolute(void **state)
{
	assert_string_equal(memory_directories[0], "/run/tlsmgr");
	for (size_t i = 0; memory_directories[i] != NULL; i++)
		assert_int_equal(memory_directories[i][0], '/');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_private_directory_of_the_owner_or_of_root_is_used),
		cmocka_unit_test(a_directory_of_another_user_is_refused),
		cmocka_unit_test(
		    a_directory_that_others_have_access_to_is_refused),
		cmocka_unit_test(what_is_no_directory_is_refused),
		cmocka_unit_test(
		    directories_are_tried_in_order_and_are_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of error: the texts, and what an errno means.
 */
#include "error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
every_error_has_a_text(void **state)
{
#define CHECK_TEXT(name, text) assert_string_equal(error_text(name), text);
	ERROR_LIST(CHECK_TEXT)
#undef CHECK_TEXT
	assert_string_equal(error_text((enum error)1000), "unknown error");
	assert_string_equal(error_text((enum error) - 1), "unknown error");
}

static void
an_errno_of_a_write_tells_a_full_disk_from_a_bad_one(void **state)
{
	assert_int_equal(error_of_write(ENOSPC), ERROR_NO_SPACE);
	assert_int_equal(error_of_write(EDQUOT), ERROR_NO_SPACE);
	assert_int_equal(error_of_write(EFBIG), ERROR_FILE_SIZE);
	assert_int_equal(error_of_write(EIO), ERROR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_text),
		cmocka_unit_test(
		    an_errno_of_a_write_tells_a_full_disk_from_a_bad_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

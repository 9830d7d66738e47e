/*
 * Unit tests of xalloc. That want of memory ends the process with a line is
 * for tests/e2e/test_allocation.py; here it is tried with sizes that no machine
 * has.
 */
#include "xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"

/* AddressSanitizer ends the program instead, unless it is told. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* Not a constant, of which compilers warn. */
static volatile size_t too_large = SIZE_MAX / 4;

static void
nothing_asked_for_is_memory_too(void **state)
{
	void *memory[] = { xmalloc(0), xcalloc(0, 8), xcalloc(8, 0),
		xrealloc(NULL, 0) };

	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		assert_non_null(memory[i]);
		free(memory[i]);
	}
}

static void
a_copy_ends_at_its_length_or_at_the_nul(void **state)
{
	char *copy = xstrndup("abcdef", 3);

	assert_string_equal(copy, "abc");
	free(copy);
	copy = xstrndup("ab\0cd", 5);
	assert_string_equal(copy, "ab");
	free(copy);
	copy = xstrdup("");
	assert_string_equal(copy, "");
	free(copy);
}

static void
a_format_may_become_as_long_as_it_likes(void **state)
{
	char *text = xasprintf("%5000d%s", 7, "end");

	assert_int_equal(strlen(text), 5003);
	assert_string_equal(text + 4999, "7end");
	free(text);
}

static void
use_malloc(void *arg)
{
	free(xmalloc(too_large));
}

static void
use_calloc(void *arg)
{
	free(xcalloc(too_large, 8));
}

static void
use_realloc(void *arg)
{
	free(xrealloc(xmalloc(1), too_large));
}

static void
want_of_memory_is_fatal(void **state)
{
	child_fn *const uses[] = { use_malloc, use_calloc, use_realloc };
	struct child child;

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		child_run(&child, uses[i], NULL);
		child_assert_exited(&child, 1);
		assert_non_null(strstr(child.lines, "fatal: out of memory: "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_is_memory_too),
		cmocka_unit_test(a_copy_ends_at_its_length_or_at_the_nul),
		cmocka_unit_test(a_format_may_become_as_long_as_it_likes),
		cmocka_unit_test(want_of_memory_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of secret: what the kernel says of its pages, and what is left
 * behind.
 */
#include "secret.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "buffer.h"
#include "child.h"

#define SIZE (100 * 1000)

/* Is the mapping with this address kept out of core files? */
static int
is_kept_out(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	uintptr_t start, end;
	int is_here = 0, result = -1;

	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) ==
		    2)
			is_here = (uintptr_t)address >= start &&
			          (uintptr_t)address < end;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			result = strstr(line, " dd") != NULL;
	}
	fclose(smaps);
	return result;
}

/* qemu, as a user program, has an smaps of its own, which says nothing. */
static void
skip_if_nothing_is_told(void)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int is_told;

	assert_ptr_not_equal(memory, MAP_FAILED);
	is_told =
	    madvise(memory, SIZE, MADV_DONTDUMP) == 0 && is_kept_out(memory);
	munmap(memory, SIZE);
	if (!is_told) {
		print_message("not told here\n");
		skip();
	}
}

static void
pages_are_in_no_core(void **state)
{
	unsigned char *memory;

	skip_if_nothing_is_told();
	memory = secret_alloc(SIZE);

	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(memory[i], 0);
	memset(memory, 'x', SIZE);
	assert_int_equal(is_kept_out(memory), 1);
	assert_int_equal(is_kept_out(memory + SIZE - 1), 1);
	secret_free(memory, SIZE);
	secret_free(NULL, SIZE);
}

/* A buffer is, when it is large, and grows into it and out of it. */
static void
a_large_buffer_is_in_no_core(void **state)
{
	static unsigned char bytes[300 * 1000];
	struct buffer buffer;

	skip_if_nothing_is_told();
	memset(bytes, 'x', sizeof(bytes));
	buffer_init(&buffer);
	for (size_t len = 1000; len <= sizeof(bytes); len *= 3) {
		buffer_append(&buffer, bytes, len - buffer.len);
		assert_memory_equal(buffer_head(&buffer), bytes, len);
	}
	assert_true(buffer.size >= 200 * 1000);
	assert_int_equal(is_kept_out(buffer.data), 1);
	buffer_clear(&buffer, 1000);
	assert_null(buffer.data);
	buffer_append(&buffer, bytes, 1000);
	assert_memory_equal(buffer_head(&buffer), bytes, 1000);
	buffer_fini(&buffer);
}

/* They are the system's again at once. */
static void
freeing_takes_the_pages_away(void **state)
{
	unsigned char *memory = secret_alloc(SIZE);

	memset(memory, 'x', SIZE);
	secret_free(memory, SIZE);
	assert_int_equal(is_kept_out(memory), -1);
}

static volatile uintptr_t left_behind;

/* The address of a local variable outlives it, on purpose. */
static __attribute__((noinline)) void
leave_on_stack(void)
{
	volatile unsigned char secret[4096];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = 'x';
	left_behind = (uintptr_t)secret;
}

static __attribute__((noinline)) unsigned
count_left_behind(void)
{
	const volatile unsigned char *bytes =
	    (const volatile unsigned char *)left_behind;
	unsigned count = 0;

	for (size_t i = 0; i < 4096; i++)
		count += bytes[i] == 'x';
	return count;
}

static void
the_stack_is_wiped(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	skip(); /* it keeps such variables elsewhere */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	skip();
#endif
#endif
	leave_on_stack();
	assert_true(count_left_behind() > 3000);
	secret_wipe_leftovers();
	assert_int_equal(count_left_behind(), 0);
}

static void
read_filter(void *arg)
{
	FILE *filter;
	unsigned value = 1;

	(void)arg;
	secret_prepare();
	filter = fopen("/proc/self/coredump_filter", "re");
	if (filter == NULL || fscanf(filter, "%x", &value) != 1 || value != 0)
		_exit(1);
}

static void
the_process_is_kept_from_cores(void **state)
{
	struct child child;

	child_run(&child, read_filter, NULL);
	child_assert_exited(&child, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_in_no_core),
		cmocka_unit_test(a_large_buffer_is_in_no_core),
		cmocka_unit_test(freeing_takes_the_pages_away),
		cmocka_unit_test(the_stack_is_wiped),
		cmocka_unit_test(the_process_is_kept_from_cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

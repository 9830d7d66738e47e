/*
 * entropy_fixture: one source, its loop, and what its last read gave. Time runs
 * out because the clock is moved. Included once, after cmocka.h.
 */
#ifndef ENTROPY_FIXTURE_H
#define ENTROPY_FIXTURE_H

#include "entropy.h"
#include "entropy_ops.h"
#include "loop.h"

#include "unit.h"

#define HANG_S    30 /* an alarm ends the program */
#define TURNS_MAX 100

static struct loop *loop;
static struct entropy_source *source;

/* What the callback was given. */
static struct {
	unsigned calls;
	enum error error;
	size_t len;
	unsigned char bytes[ENTROPY_BYTES_MAX];
} done;

static inline int
setup(void **state)
{
	loop = loop_new();
	source = NULL;
	memset(&done, 0, sizeof(done));
	return unit_setup(state);
}

static inline int
teardown(void **state)
{
	entropy_source_free(source);
	loop_free(loop);
	return unit_teardown(state);
}

static inline void
source_done(void *arg, enum error error, const void *bytes, size_t len)
{
	assert_ptr_equal(arg, &done);
	assert_true(len <= sizeof(done.bytes));
	++done.calls;
	done.error = error;
	done.len = len;
	memcpy(done.bytes, bytes, len);
}

static inline void
make_source(const char *prefix, const char *path)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s%s", prefix, path);
	entropy_source_free(source);
	assert_int_equal(entropy_source_new(&source, name), ERROR_NONE);
	assert_false(entropy_source_is_open(source));
}

static inline void
open_source(const char *prefix, const char *path)
{
	make_source(prefix, path);
	assert_int_equal(entropy_source_open(source), ERROR_NONE);
	assert_true(entropy_source_is_open(source));
}

static inline void
start_read(size_t wanted)
{
	memset(&done, 0, sizeof(done));
	entropy_source_read(source, loop, wanted, source_done, &done);
}

/* Turn the loop until the read is over. */
static inline void
finish_read(void)
{
	for (int i = 0; i < TURNS_MAX && done.calls == 0; ++i)
		loop_run_once(loop);
	assert_int_equal(done.calls, 1);
}

static inline void
assert_got(const void *bytes, size_t len)
{
	assert_int_equal(done.calls, 1);
	assert_int_equal(done.error, ERROR_NONE);
	assert_int_equal(done.len, len);
	assert_memory_equal(done.bytes, bytes, len);
}

static inline void
assert_failed(enum error error, const char *line)
{
	assert_int_equal(done.calls, 1);
	assert_int_equal(done.error, error);
	assert_int_equal(done.len, 0);
	assert_true(unit_log_has(line));
	assert_int_equal(unit_log_complaints(), 1);
}

#endif

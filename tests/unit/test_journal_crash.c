/*
 * Unit tests of journal: a kill at any moment. Before each write, and in the
 * middle of it, the file as it is then is loaded and replayed by a second
 * journal, as a new process would. What that finds must be a state that was,
 * no older than the last flush.
 *
 * Covers journal_superblock.c, journal_retire.c, journal_compact.c,
 * journal_output.c.
 */
#include "journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmocka_range.h"
#include "fake_disk.h"
#include "journal_model.h"
#include "unit.h"

#define PAGE_LEN 4096
#define OPS_MAX  4096

/* A key's last record, at some time. */
struct fact {
	uint64_t version; /* 0: none, or it was removed */
	bool is_dropped;  /* at the head, by the owner */
};

static struct {
	struct model model;
	const char *path, *restart_path;
	struct fact flushed[MODEL_KEYS];
	/* What was done since the last flush. */
	struct {
		unsigned key;
		struct fact fact;
	} ops[OPS_MAX];
	unsigned op_count;
	unsigned kills, restarts;
} test;

static int
setup(void **state)
{
	memset(&disk, 0, sizeof(disk));
	memset(&test, 0, sizeof(test));
	return unit_setup(state);
}

/*
 * Does the state found on disk agree with these facts? A record that the
 * owner has dropped may be there or not; one that it has not must be.
 */
static bool
agrees(const struct model *found, const struct fact *facts)
{
	unsigned key;

	for (key = 0; key < MODEL_KEYS; ++key) {
		uint64_t version = found->entries[key].version;

		if (version != facts[key].version &&
		    !(version == 0 && facts[key].is_dropped))
			return false;
	}
	return true;
}

/* Is what was found the state at the last flush, or any since? */
static bool
was_once(const struct model *found)
{
	struct fact facts[MODEL_KEYS];
	unsigned i;

	memcpy(facts, test.flushed, sizeof(facts));
	for (i = 0; !agrees(found, facts); ++i) {
		if (i == test.op_count)
			return false;
		facts[test.ops[i].key] = test.ops[i].fact;
	}
	return true;
}

/* What would a process find that began now? */
static void
check_kill(void)
{
	struct model found;

	assert_int_equal(model_open(&found, test.path), ERROR_NONE);
	model_replay(&found);
	assert_true(was_once(&found));
	model_check(&found);
	model_close(&found);
	test.kills++;
}

/*
 * And would it get on with that? Its own life begins with what a kill left
 * behind, and is checked in turn.
 */
static void
check_restart(void)
{
	const char *path = test.restart_path;
	struct model found, again;
	unsigned key;

	model_copy_file(test.path, path);
	assert_int_equal(model_open(&found, path), ERROR_NONE);
	model_replay(&found);
	model_compact(&found);
	for (key = 0; key < 20; ++key)
		assert_int_equal(model_put(&found, key * 3, 30000), ERROR_NONE);
	for (key = 0; key < 10; ++key)
		model_remove(&found, key);
	model_compact(&found);
	model_check(&found);
	assert_int_equal(journal_flush(found.journal), ERROR_NONE);
	assert_int_equal(model_open(&again, path), ERROR_NONE);
	model_replay(&again);
	for (key = 0; key < MODEL_KEYS; ++key)
		assert_int_equal(
		    again.entries[key].version, found.entries[key].version);
	model_check(&again);
	model_close(&again);
	while (model_drop_oldest(&found))
		continue;
	assert_int_equal(journal_live(found.journal)->entries, 0);
	model_close(&found);
	test.restarts++;
}

static void
check_moment(void)
{
	int write_errno = disk.write_errno;

	disk.before_write = NULL;
	disk.before_truncate = NULL;
	disk.write_errno = 0;
	check_kill();
	if (test.kills % 16 == 0)
		check_restart();
	disk.write_errno = write_errno;
}

static void before_truncate(int fd, off_t len);

/*
 * A kill may end a write early, but not within a page of the page cache: so
 * heads of segments, and the header, are written or they are not.
 */
static void
before_write(int fd, const void *data, size_t len, off_t at)
{
	size_t cut;

	check_moment();
	if (len > PAGE_LEN) {
		cut = 1 + model_random(&test.model, len - 1);
		disk_write(fd, data, cut, at);
		check_moment();
	}
	disk.before_write = before_write;
	disk.before_truncate = before_truncate;
}

static void
before_truncate(int fd, off_t len)
{
	(void)fd;
	(void)len;
	check_moment();
	disk.before_write = before_write;
	disk.before_truncate = before_truncate;
}

static void
note_op(unsigned key, uint64_t version)
{
	assert_true(test.op_count < OPS_MAX);
	test.ops[test.op_count].key = key;
	test.ops[test.op_count++].fact = (struct fact){ .version = version };
}

/* While the disk fails a call may, and then nothing was done. */
static void
check_error(enum error error)
{
	if (disk.write_errno == 0)
		assert_int_equal(error, ERROR_NONE);
}

static void
do_put(unsigned key, size_t len)
{
	enum error error = model_put(&test.model, key, len);

	check_error(error);
	if (error == ERROR_NONE)
		note_op(key, test.model.versions);
}

static void
do_remove(unsigned key)
{
	enum error error = model_remove(&test.model, key);

	check_error(error);
	if (error == ERROR_NONE)
		note_op(key, 0);
}

static void
note_drop(uint64_t version)
{
	unsigned i;

	for (i = 0; i < MODEL_KEYS; ++i)
		if (test.flushed[i].version == version)
			test.flushed[i].is_dropped = true;
	for (i = 0; i < test.op_count; ++i)
		if (test.ops[i].fact.version == version)
			test.ops[i].fact.is_dropped = true;
}

/*
 * The owner's drop takes effect before the journal knows of it. One of a dead
 * record is no drop: what superseded it must be on disk before it goes.
 */
static void
do_drop(void)
{
	struct journal_record record;

	if (journal_oldest(test.model.journal, &record) != ERROR_NONE)
		return;
	if (model_is_live(&test.model, &record))
		note_drop((uint64_t)record.put_at);
	model_drop_oldest(&test.model);
}

static void
do_flush(void)
{
	enum error error = journal_flush(test.model.journal);
	unsigned i;

	check_error(error);
	if (error != ERROR_NONE)
		return;
	for (i = 0; i < test.op_count; ++i)
		test.flushed[test.ops[i].key] = test.ops[i].fact;
	test.op_count = 0;
}

/* A kill in earnest: the run goes on from what is on disk. */
static void
do_kill(void)
{
	uint64_t versions = test.model.versions, random = test.model.random;
	unsigned moves = test.model.moves, key;

	disk.before_write = NULL;
	check_kill();
	model_close(&test.model);
	assert_int_equal(model_open(&test.model, test.path), ERROR_NONE);
	test.model.versions = versions;
	test.model.random = random;
	test.model.moves = moves;
	model_replay(&test.model);
	for (key = 0; key < MODEL_KEYS; ++key)
		test.flushed[key] = (struct fact){
			.version = test.model.entries[key].version,
		};
	test.op_count = 0;
	disk.before_write = before_write;
}

/* What a run is made of: calls of one kind, in a thousand calls. */
struct script {
	uint64_t seed;
	unsigned calls;
	unsigned drops, drop_burst;
	unsigned compactions, compact_steps;
	unsigned failures; /* turns of the disk's fortune */
};

static void
do_something(const struct script *script)
{
	unsigned key = (unsigned)model_random(&test.model, MODEL_KEYS);
	unsigned call = (unsigned)model_random(&test.model, 1000), i;
	unsigned limit = 0;

	if (call < (limit += 2)) {
		do_kill();
	} else if (call < (limit += 50)) {
		do_flush();
	} else if (call < (limit += script->failures)) {
		disk.write_errno = disk.write_errno == 0 ? EIO : 0;
		clock_advance(1);
	} else if (call < (limit += script->drops)) {
		for (i = 0; i < script->drop_burst; ++i)
			do_drop();
	} else if (call < (limit += script->compactions)) {
		model_compact_steps(&test.model, script->compact_steps);
	} else if (call < (limit += 100)) {
		if (test.model.entries[key].version != 0)
			do_remove(key);
	} else {
		do_put(key, model_random(&test.model, 50000));
	}
}

static void
run(const struct script *script)
{
	unsigned i;

	test.path = model_memory_path();
	test.restart_path = model_memory_path();
	assert_int_equal(model_open(&test.model, test.path), ERROR_NOT_FOUND);
	test.model.random = script->seed;
	disk.before_write = before_write;
	disk.before_truncate = before_truncate;
	for (i = 0; i < script->calls; ++i)
		do_something(script);
	disk.before_write = NULL;
	disk.before_truncate = NULL;
	model_check(&test.model);
	model_close(&test.model);
	assert_true(test.kills > 100);
	assert_true(test.restarts > 5);
}

static void
kill_while_compaction_works(void **state)
{
	run(&(struct script){
	    .seed = 1,
	    .calls = 1500,
	    .drops = 20,
	    .drop_burst = 1,
	    .compactions = 500,
	    .compact_steps = 10,
	});
	assert_true(test.model.moves > 20);
}

/* A pass takes so long that much is appended, and removed, meanwhile. */
static void
kill_while_compaction_works_slowly(void **state)
{
	run(&(struct script){
	    .seed = 2,
	    .calls = 2500,
	    .drops = 5,
	    .drop_burst = 1,
	    .compactions = 500,
	    .compact_steps = 3,
	});
	assert_true(test.model.moves > 20);
}

static void
kill_while_the_head_moves(void **state)
{
	run(&(struct script){
	    .seed = 3,
	    .calls = 1200,
	    .drops = 300,
	    .drop_burst = 2,
	});
}

/* The head overtakes compaction, wherever that is. */
static void
kill_while_both_do(void **state)
{
	run(&(struct script){
	    .seed = 4,
	    .calls = 2000,
	    .drops = 6,
	    .drop_burst = 20,
	    .compactions = 600,
	    .compact_steps = 5,
	});
	assert_true(test.model.moves > 20);
}

static void
kill_while_the_disk_fails(void **state)
{
	run(&(struct script){
	    .seed = 5,
	    .calls = 2000,
	    .drops = 15,
	    .drop_burst = 30,
	    .compactions = 300,
	    .compact_steps = 10,
	    .failures = 20,
	});
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kill_while_compaction_works),
		TEST(kill_while_compaction_works_slowly),
		TEST(kill_while_the_head_moves),
		TEST(kill_while_both_do),
		TEST(kill_while_the_disk_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

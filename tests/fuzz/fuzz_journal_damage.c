/*
 * fuzz_journal_damage: a journal as it was written, and then bytes of it that
 * change, vanish or are somewhere else, on a disk that may take its time. What
 * is read is what was written, or it is not read: a wrong value never passes.
 */
#include "fuzz.h"

#define assert_true(condition) fuzz_expect(condition)
#define assert_null(pointer)   fuzz_expect((pointer) == NULL)
#define assert_int_equal(left, right) \
	fuzz_expect((uint64_t)(left) == (uint64_t)(right))
#define assert_memory_equal(a, b, len) fuzz_expect(memcmp(a, b, len) == 0)

#include "clock.h"
#include "fake_disk.h"
#include "journal_model.h"

#define STEPS_MAX 100000

/* A few segments, some keys of which are gone and some moved. */
static void
fill(struct model *model, struct fuzz_input *input)
{
	unsigned mode = fuzz_take_byte(input), puts = mode % 64;

	disk.absent_stride = mode / 64;
	while (puts-- > 0) {
		unsigned key = fuzz_take_byte(input);

		if (key % 8 == 7)
			assert_int_equal(
			    model_remove(model, key % MODEL_KEYS), ERROR_NONE);
		else
			assert_int_equal(model_put(model, key % MODEL_KEYS,
					     (size_t)key * key),
			    ERROR_NONE);
	}
	if (fuzz_take_byte(input) % 2 == 0)
		model_compact_steps(model, fuzz_take_byte(input));
	assert_int_equal(journal_flush(model->journal), ERROR_NONE);
}

/* Somewhere in the file; near its start and near heads more often. */
static off_t
take_offset(struct fuzz_input *input)
{
	unsigned slot = fuzz_take_byte(input) % 4;
	off_t offset = fuzz_take_u16(input) * 8;

	return slot == 3 ? offset % 512
	                 : JOURNAL_HEADER_LEN +
	                       (off_t)slot * JOURNAL_SEGMENT_LEN + offset;
}

static void
damage(int fd, struct fuzz_input *input)
{
	unsigned char bytes[32] = { 0 }, change[32];
	size_t len;
	off_t at;

	while (input->len > 0) {
		unsigned verb = fuzz_take_byte(input) % 4;

		at = take_offset(input);
		len = fuzz_take_byte(input) % sizeof(bytes) + 1;
		if (verb == 3 && input->len % 4 == 0) {
			(void)!ftruncate(fd, at);
			continue;
		}
		/* From here or from elsewhere; mixed, so no checksum is met. */
		(void)!pread(
		    fd, bytes, len, verb == 2 ? take_offset(input) : at);
		if (verb != 2) {
			fuzz_take(input, change, len);
			for (size_t i = 0; i < len; i++)
				bytes[i] ^= change[i];
		}
		(void)!pwrite(fd, bytes, len, at);
	}
}

static void
use(struct model *model)
{
	struct journal_record record;
	unsigned steps = 0;
	uint64_t cursor = 0, delay_us;
	enum error error;

	(void)model_replay(model);
	model_check(model);
	do {
		error = journal_walk_next(model->journal, &cursor, &record);
		if (error == ERROR_NONE)
			(void)model_key_of(&record);
		else if (error == ERROR_AGAIN)
			clock_advance(1);
		assert_true(++steps < STEPS_MAX);
	} while (cursor != 0);
	while ((delay_us = journal_compact_slice(
		    model->journal, &model_ops, model, 0)) != UINT64_MAX) {
		assert_true(++steps < STEPS_MAX);
		if (delay_us > 0)
			clock_advance(1);
		model_purge(model);
	}
	model_check(model);
	while ((error = journal_oldest(model->journal, &record)) !=
	       ERROR_NOT_FOUND) {
		assert_true(++steps < STEPS_MAX);
		journal_drop_oldest(model->journal);
		if (error == ERROR_AGAIN)
			clock_advance(1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	struct model model;
	char path[64];
	int fd = fuzz_file(NULL, 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_expect(model_open(&model, path) == ERROR_NOT_FOUND);
	fill(&model, &input);
	model_close(&model);
	damage(fd, &input);
	if (model_open(&model, path) == ERROR_NONE)
		use(&model);
	model_close(&model);
	close(fd);
	return 0;
}

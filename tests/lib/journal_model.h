/*
 * journal_model: an owner of a journal, as simple as can be: an index of a few
 * keys in memory, and what the journal must give back for each. Included once,
 * by the test's only file, after cmocka.h.
 */
#ifndef JOURNAL_MODEL_H
#define JOURNAL_MODEL_H

#include "clock.h"
#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MODEL_KEYS 64

/* The present record of a key. Its version is in the record as `put_at`. */
struct model_entry {
	uint64_t version; /* 0: the key is not there */
	uint64_t sequence;
	uint64_t position;
	size_t key_len, value_len;
};

struct model {
	struct journal *journal; /* owned */
	struct model_entry entries[MODEL_KEYS];
	uint64_t versions; /* given out so far */
	uint64_t random;
	unsigned moves;
	char key[64]; /* of the last record appended */
};

static inline uint64_t
model_random(struct model *model, uint64_t limit)
{
	model->random =
	    model->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (model->random >> 33) % limit;
}

/* Keys differ in length, so that records are not all aligned alike. */
static inline size_t
model_key(char *to, size_t size, unsigned key)
{
	return (size_t)snprintf(to, size, "%02u%.*s", key, (int)(key % 23),
	    "&s=smtp&l=805306608....");
}

/* Bytes that no other version of any key has. */
static inline const unsigned char *
model_value(uint64_t version, size_t len)
{
	static unsigned char value[JOURNAL_VALUE_MAX + 8];
	uint64_t word = version * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		memcpy(value + i, &word, sizeof(word));
		word += UINT64_C(0xd1b54a32d192ed03);
	}
	return value;
}

static inline unsigned
model_key_of(const struct journal_record *record)
{
	char key[64];
	unsigned number;

	assert_true(record->key_len >= 2);
	number = (unsigned)(record->key[0] - '0') * 10 +
	         (unsigned)(record->key[1] - '0');
	assert_true(number < MODEL_KEYS);
	assert_int_equal(record->key_len, model_key(key, sizeof(key), number));
	assert_memory_equal(record->key, key, record->key_len);
	return number;
}

static inline void
model_forget(struct model *model, unsigned key)
{
	struct model_entry *entry = &model->entries[key];

	if (entry->version != 0)
		journal_remove_live(model->journal, entry->position,
		    entry->key_len + entry->value_len);
	*entry = (struct model_entry){ 0 };
}

static inline void
model_set(struct model *model, const struct journal_record *record)
{
	unsigned key = model_key_of(record);

	model_forget(model, key);
	model->entries[key] = (struct model_entry){
		.version = (uint64_t)record->put_at,
		.sequence = record->sequence,
		.position = record->position,
		.key_len = record->key_len,
		.value_len = record->value_len,
	};
	journal_add_live(
	    model->journal, record->position, journal_record_size(record));
}

static inline bool
model_is_live(void *arg, const struct journal_record *record)
{
	const struct model *model = arg;
	const struct model_entry *entry = &model->entries[model_key_of(record)];

	return record->type == JOURNAL_PUT && entry->version != 0 &&
	       entry->position == record->position;
}

/* The same, or a copy of it that a compaction made or left. */
static inline bool
model_is_present(const struct model *model, const struct journal_record *record)
{
	const struct model_entry *entry = &model->entries[model_key_of(record)];

	return record->type == JOURNAL_PUT && entry->version != 0 &&
	       entry->sequence == record->sequence;
}

static inline void
model_moved(void *arg, const struct journal_record *record)
{
	struct model *model = arg;

	model->moves++;
	if (model_is_present(model, record))
		model_set(model, record);
}

static const struct journal_compact_ops model_ops = {
	.is_live = model_is_live,
	.moved = model_moved,
};

/* Append a record; *record is as appended, without a value. */
static inline enum error
model_append(struct model *model, enum journal_record_type type, unsigned key,
    size_t value_len, struct journal_record *record)
{
	void *value = malloc(value_len + 1);
	enum error error;

	++model->versions;
	memcpy(value, model_value(model->versions, value_len), value_len);
	*record = (struct journal_record){
		.type = type,
		.put_at = (int64_t)model->versions,
		.key = model->key,
		.key_len = model_key(model->key, sizeof(model->key), key),
		.value = value,
		.value_len = value_len,
	};
	error = journal_append(model->journal, record);
	record->value = NULL;
	free(value);
	return error;
}

static inline enum error
model_put(struct model *model, unsigned key, size_t value_len)
{
	struct journal_record record;
	enum error error;

	error = model_append(model, JOURNAL_PUT, key, value_len, &record);
	if (error == ERROR_NONE)
		model_set(model, &record);
	return error;
}

static inline enum error
model_remove(struct model *model, unsigned key)
{
	struct journal_record record;
	enum error error;

	error = model_append(model, JOURNAL_REMOVE, key, 0, &record);
	if (error == ERROR_NONE)
		model_forget(model, key);
	return error;
}

/* What is read under a key is what was put last. */
static inline void
model_check_key(struct model *model, unsigned key)
{
	const struct model_entry *entry = &model->entries[key];
	struct journal_record record;

	if (entry->version == 0)
		return;
	assert_int_equal(
	    journal_read(model->journal, entry->position, entry->sequence,
		entry->key_len + entry->value_len, &record),
	    ERROR_NONE);
	assert_int_equal(model_key_of(&record), key);
	assert_int_equal(record.type, JOURNAL_PUT);
	assert_int_equal(record.put_at, entry->version);
	assert_memory_equal(record.value,
	    model_value(entry->version, entry->value_len), entry->value_len);
}

static inline void
model_check(struct model *model)
{
	unsigned key;

	for (key = 0; key < MODEL_KEYS; ++key)
		model_check_key(model, key);
}

/* Drop the oldest record, dead or alive. False: there is none. */
static inline bool
model_drop_oldest(struct model *model)
{
	struct journal_record record;
	enum error error = journal_oldest(model->journal, &record);

	if (error == ERROR_NOT_FOUND)
		return false;
	assert_int_equal(error, ERROR_NONE);
	assert_null(record.value);
	if (model_is_live(model, &record))
		model_forget(model, model_key_of(&record));
	journal_drop_oldest(model->journal);
	return true;
}

/* Damage took them, and their segments. */
static inline void
model_purge(struct model *model)
{
	journal_purge_begin(model->journal);
	for (unsigned key = 0; key < MODEL_KEYS; key++)
		if (model->entries[key].version != 0 &&
		    !journal_holds(model->journal, model->entries[key].position,
			model->entries[key].sequence))
			model->entries[key] = (struct model_entry){ 0 };
	journal_purge_end(model->journal);
}

/* Make the index from the journal, as after a kill. Returns the errors. */
static inline unsigned
model_replay(struct model *model)
{
	struct journal_record record;
	enum error error;
	uint64_t last = 0;
	unsigned errors = 0, key;

	for (key = 0; key < MODEL_KEYS; key++)
		model_forget(model, key);
	journal_replay_begin(model->journal);
	while ((error = journal_replay_next(model->journal, &record)) !=
	       ERROR_NOT_FOUND) {
		if (error == ERROR_AGAIN)
			clock_advance(1);
		else if (error != ERROR_NONE)
			errors++;
		if (error != ERROR_NONE)
			continue;
		assert_true(record.sequence > last);
		last = record.sequence;
		key = model_key_of(&record);
		assert_memory_equal(record.value,
		    model_value((uint64_t)record.put_at, record.value_len),
		    record.value_len);
		if (record.type == JOURNAL_PUT)
			model_set(model, &record);
		else
			model_forget(model, key);
	}
	assert_true(last < journal_next_sequence(model->journal));
	return errors;
}

/* Compact for so long as there is reason to. */
static inline void
model_compact(struct model *model)
{
	while (journal_compact_slice(model->journal, &model_ops, model, 0) !=
	       JOURNAL_IDLE)
		continue;
}

/* So many steps, each the smallest there is: a record or a segment. */
static inline void
model_compact_steps(struct model *model, uint64_t count)
{
	while (count-- > 0)
		journal_compact_slice(model->journal, &model_ops, model, 0);
}

/*
 * The path of a file in memory, for runs that would keep a disk busy. It is
 * there until the process ends; the path is good for the next seven calls.
 */
static inline const char *
model_memory_path(void)
{
	static char paths[8][32];
	static unsigned next;
	char *path = paths[next++ % 8];
	int fd = memfd_create("journal", MFD_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(path, sizeof(paths[0]), "/proc/self/fd/%d", fd);
	return path;
}

static inline void
model_copy_file(const char *from, const char *to)
{
	static unsigned char bytes[256 * 1024];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len;

	assert_true(in >= 0 && out >= 0);
	while ((len = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)len), len);
	close(in);
	close(out);
}

/* Find all that the file has. */
static inline void
model_load(struct model *model)
{
	while (journal_load_slice(model->journal, 0, 0) != JOURNAL_IDLE)
		continue;
}

/* A journal on the file at `path`, new or as it is. */
static inline enum error
model_open(struct model *model, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum error error;

	assert_true(fd >= 0);
	*model = (struct model){ .journal = journal_new(fd, path) };
	/* Some segments are read in one way, the rest in the other. */
	journal_set_map_limit(model->journal, 2 * JOURNAL_SEGMENT_LEN);
	error = journal_load(model->journal);
	if (error == ERROR_NOT_FOUND)
		journal_reset(model->journal, "note", 5);
	if (error == ERROR_NONE || error == ERROR_NOT_FOUND)
		model_load(model);
	return error;
}

static inline void
model_close(struct model *model)
{
	journal_close(model->journal);
	model->journal = NULL;
}

#endif

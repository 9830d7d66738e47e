/*
 * fuzz_store_file: a store whose file holds anything, with checksums that are
 * right or not: a journal of sessions, then changed by the input. A lookup
 * finds a session that was stored under its key or nothing; storing, removing,
 * listing and upkeep go on as ever, and what is stored now is found.
 */
#include "fuzz.h"

#include "clock.h"
#include "journal_private.h"
#include "store_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS 8

static const char *const keys[KEYS] = { "a", "bc", "d&s=smtp&l=8", "ef", "g",
	"hi", "j", "kl" };

static enum error last;

static void
get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	const char *key = arg;

	last = error;
	if (error != ERROR_NONE)
		return;
	fuzz_expect(put_at >= 0);
	fuzz_expect(len == strlen(key));
	fuzz_expect(memcmp(value, key, len) == 0);
}

static void
done(void *arg, enum error error)
{
	(void)arg;
	last = error;
}

static bool
each(
    void *arg, const char *key, size_t key_len, size_t value_len, time_t put_at)
{
	(void)arg;
	(void)put_at;
	fuzz_expect(key_len == value_len && strnlen(key, key_len) == key_len);
	return true;
}

static void
put(struct store *store, const char *key)
{
	store->ops->put(store, key, strlen(key), key, strlen(key),
	    clock_wall_s(), done, NULL);
	fuzz_expect(last == ERROR_NONE);
}

/* A segment of records, of any numbers and times. */
static void
forge(int fd, struct fuzz_input *input)
{
	unsigned char bytes[256];
	struct journal_segment_head head = { .kind = JOURNAL_SEGMENT_LIVE };
	uint32_t slot = fuzz_take_byte(input) % 3, offset;

	head.serial = fuzz_take_u16(input);
	head.first_sequence = fuzz_take_u16(input);
	journal_segment_encode(bytes, &head);
	offset = JOURNAL_SEGMENT_HEAD_LEN;
	fuzz_expect(pwrite(fd, bytes, offset,
			(off_t)journal_position(slot, 0)) == (ssize_t)offset);
	for (unsigned i = fuzz_take_byte(input) % 16; i > 0; i--) {
		const char *key = keys[fuzz_take_byte(input) % KEYS];
		struct journal_record record = {
			.type = fuzz_take_byte(input) % 4 == 0 ? JOURNAL_REMOVE
			                                       : JOURNAL_PUT,
			.sequence = fuzz_take_u16(input),
			.key = key,
			.key_len = strlen(key),
		};
		size_t len;

		switch (fuzz_take_byte(input) % 4) {
		case 0:
			fuzz_take(input, (unsigned char *)&record.put_at,
			    sizeof(record.put_at));
			break;
		case 1:
			record.put_at = INT64_MIN + fuzz_take_byte(input);
			break;
		default:
			record.put_at = clock_wall_s();
		}
		if (record.type == JOURNAL_PUT) {
			record.value = key;
			record.value_len = strlen(key);
		}
		len = journal_record_len(journal_record_size(&record));
		journal_record_encode(bytes, head.serial, &record);
		fuzz_expect(
		    pwrite(fd, bytes, len,
			(off_t)journal_position(slot, offset)) == (ssize_t)len);
		offset += (uint32_t)len;
	}
}

static struct store *
open_store(const char *path)
{
	struct store_config config = {
		.name = "fuzz",
		.kind = store_kind_find("btree"),
		.path = path,
		.timeout_s = 3600,
		.entries_max = 6,
		.bytes_max = 40,
		.memory = 1024 * 1024,
		.persist = true,
		.start_budget_us = 1000000,
	};
	struct store *store = NULL;
	char *cause = NULL;

	fuzz_expect(
	    store_journal_ops.open(&config, &store, &cause) == ERROR_NONE);
	fuzz_expect(store->ops->start(store) == ERROR_NONE);
	return store;
}

static void
step(struct store *store, struct fuzz_input *input)
{
	unsigned verb = fuzz_take_byte(input);
	const char *key = keys[verb / 8 % KEYS];
	uint64_t cursor = 0;
	bool is_complete;

	switch (verb % 8) {
	case 0:
	case 1:
		put(store, key);
		break;
	case 2:
		store->ops->remove(store, key, strlen(key), done, NULL);
		break;
	case 3:
		store->ops->maintain(store, clock_wall_s(), 1000);
		break;
	case 4:
		store->ops->each(
		    store, &cursor, 1000, &is_complete, each, NULL);
		break;
	case 5:
		clock_advance(fuzz_take_u16(input) % 4000);
		break;
	default:
		store->ops->get(
		    store, key, strlen(key), get_done, (void *)(uintptr_t)key);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	char directory[] = "/dev/shm/fuzz-XXXXXX", path[64], file[80];
	struct store *store;
	int fd;

	fuzz_expect(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/cache", directory);
	snprintf(file, sizeof(file), "%s.journal", path);
	store = open_store(path);
	put(store, keys[0]);
	fuzz_expect(store->ops->save(store, false) == ERROR_NONE);
	store->ops->close(store);
	fd = open(file, O_RDWR | O_CLOEXEC);
	for (unsigned i = fuzz_take_byte(&input) % 4; i > 0; i--)
		forge(fd, &input);
	close(fd);
	store = open_store(path);
	while (input.len > 0)
		step(store, &input);
	for (unsigned i = 0; i < 100; i++)
		store->ops->maintain(store, clock_wall_s(), 1000000);
	for (unsigned i = 0; i < KEYS; i++) {
		put(store, keys[i]);
		store->ops->get(store, keys[i], strlen(keys[i]), get_done,
		    (void *)(uintptr_t)keys[i]);
		fuzz_expect(last == ERROR_NONE);
	}
	store->ops->close(store);
	unlink(file);
	rmdir(directory);
	return 0;
}

/*
 * fuzz_journal: a file that is put together by the input, with segments and
 * records whose checksums are right and whose numbers are anything. Whatever
 * it says, numbers rise, what a replay finds can be read, what is appended is
 * there after a restart, and compaction and expiry come to an end, also where
 * the disk takes its time.
 */
#include "fuzz.h"

#include "clock.h"
#include "fake_disk.h"
#include "journal.h"
#include "journal_private.h"

#include <unistd.h>

#define SLOTS     4
#define SEEN_MAX  512
#define STEPS_MAX 100000 /* of anything that must come to an end */

struct seen {
	struct journal_record record;
	unsigned char first; /* of the value */
};

static struct seen seen[SEEN_MAX];
static size_t seen_count;

struct forger {
	int fd;
	uint64_t slot, offset, serial, first_sequence;
	unsigned heads;
	bool is_wild; /* numbers that no writer gives out */
};

static void
put(struct forger *forger, const void *bytes, size_t len)
{
	uint64_t room = JOURNAL_SEGMENT_LEN - forger->offset;

	if (len > room)
		len = room;
	fuzz_expect(pwrite(forger->fd, bytes, len,
			(off_t)journal_position((uint32_t)forger->slot,
			    (uint32_t)forger->offset)) == (ssize_t)len);
	forger->offset += len;
}

static void
put_head(struct forger *forger, struct fuzz_input *input)
{
	unsigned char bytes[JOURNAL_SEGMENT_HEAD_LEN];
	struct journal_segment_head head = {
		.kind = fuzz_take_byte(input) % 8 == 0 ? JOURNAL_SEGMENT_VOID
		                                       : JOURNAL_SEGMENT_LIVE,
		.serial = fuzz_take_byte(input) * 256U + 1,
		.first_sequence = fuzz_take_u16(input),
	};
	uint64_t wild = fuzz_take_u16(input);

	/* No two segments have the same. */
	if (!forger->is_wild)
		head.serial += ++forger->heads % 255;
	head.next_sequence = head.first_sequence + wild;
	if (forger->is_wild && wild % 4 == 0)
		head.next_sequence = JOURNAL_NUMBER_MAX - wild;
	if (forger->is_wild && wild % 4 == 1)
		head.first_sequence = JOURNAL_NUMBER_MAX - wild;
	if (forger->is_wild && wild % 4 == 2)
		head.serial = JOURNAL_NUMBER_MAX - wild;
	forger->slot = fuzz_take_byte(input) % SLOTS;
	forger->offset = 0;
	forger->serial = head.serial;
	forger->first_sequence = head.first_sequence;
	journal_segment_encode(bytes, &head);
	put(forger, bytes, sizeof(bytes));
}

static void
put_record(struct forger *forger, struct fuzz_input *input, unsigned type)
{
	static unsigned char bytes[JOURNAL_SEGMENT_LEN];
	static unsigned char value[JOURNAL_VALUE_MAX];
	char key[16];
	struct journal_record record = {
		.type = type == 2 ? JOURNAL_REMOVE : JOURNAL_PUT,
		.sequence = fuzz_take_u16(input),
		.put_at = fuzz_take_byte(input),
		.key = key,
		.key_len = fuzz_take_byte(input) % sizeof(key),
		.value = value,
	};

	if (!forger->is_wild)
		record.sequence =
		    forger->first_sequence + record.sequence % 256;
	memset(key, 'k', sizeof(key));
	if (type == 3) {
		journal_end_encode(bytes, forger->serial, record.sequence);
		put(forger, bytes, JOURNAL_RECORD_HEAD_LEN);
		return;
	}
	if (type == 1)
		record.value_len = fuzz_take_u16(input) * 4U;
	memset(value, (int)record.sequence, record.value_len);
	journal_record_encode(bytes, forger->serial, &record);
	put(forger, bytes, journal_record_len(journal_record_size(&record)));
}

static void
forge(struct forger *forger, struct fuzz_input *input)
{
	unsigned char bytes[64];
	unsigned verb;

	while (input->len > 0) {
		switch ((verb = fuzz_take_byte(input) % 8)) {
		case 0:
			put_head(forger, input);
			break;
		case 4: /* bytes as they are */
			put(forger, bytes,
			    fuzz_take(
				input, bytes, fuzz_take_byte(input) % 64));
			break;
		case 5:
			forger->offset = fuzz_take_u16(input) * 8U;
			break;
		case 6:
			(void)!ftruncate(forger->fd,
			    (off_t)journal_position((uint32_t)forger->slot,
				fuzz_take_u16(input) * 16U));
			break;
		default:
			put_record(forger, input, verb % 4);
		}
	}
}

static void
see(struct journal *journal, const struct journal_record *record)
{
	if (seen_count == SEEN_MAX)
		return;
	journal_add_live(
	    journal, record->position, journal_record_size(record));
	seen[seen_count].record = *record;
	if (record->value_len > 0)
		seen[seen_count].first = *(const unsigned char *)record->value;
	seen_count++;
}

/* It is dead. */
static void
forget(struct journal *journal, size_t i)
{
	journal_remove_live(journal, seen[i].record.position,
	    journal_record_size(&seen[i].record));
	seen[i] = seen[--seen_count];
}

/* The index: what was seen last under a number. */
static struct seen *
find(uint64_t sequence)
{
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].record.sequence == sequence)
			return &seen[i];
	return NULL;
}

static bool
is_live(void *arg, const struct journal_record *record)
{
	const struct seen *entry = find(record->sequence);

	(void)arg;
	return entry != NULL && entry->record.position == record->position;
}

static void
moved(void *arg, const struct journal_record *record)
{
	struct seen *entry = find(record->sequence);
	struct journal *journal = arg;

	if (entry == NULL)
		return;
	journal_remove_live(
	    journal, entry->record.position, journal_record_size(record));
	journal_add_live(
	    journal, record->position, journal_record_size(record));
	entry->record.position = record->position;
}

/* Make the index. Returns the highest number. */
static uint64_t
replay(struct journal *journal)
{
	struct journal_record record;
	uint64_t last = 0;
	unsigned steps = 0;
	enum error error;

	while (seen_count > 0)
		forget(journal, 0);
	journal_replay_begin(journal);
	while ((error = journal_replay_next(journal, &record)) !=
	       ERROR_NOT_FOUND) {
		fuzz_expect(++steps < STEPS_MAX);
		if (error == ERROR_AGAIN)
			clock_advance(1);
		if (error != ERROR_NONE)
			continue;
		fuzz_expect(record.sequence > last);
		last = record.sequence;
		if (record.type == JOURNAL_PUT)
			see(journal, &record);
	}
	return last;
}

static void
read_all(struct journal *journal)
{
	struct journal_record record;

	for (size_t i = 0; i < seen_count; i++) {
		const struct journal_record *wanted = &seen[i].record;

		fuzz_expect(
		    journal_read(journal, wanted->position, wanted->sequence,
			journal_record_size(wanted), &record) == ERROR_NONE);
		fuzz_expect(record.put_at == wanted->put_at);
		if (record.value_len > 0)
			fuzz_expect(*(const unsigned char *)record.value ==
				    seen[i].first);
	}
}

static void
walk(struct journal *journal)
{
	struct journal_record record;
	uint64_t cursor = 0;
	unsigned steps = 0;

	do {
		if (journal_walk_next(journal, &cursor, &record) == ERROR_AGAIN)
			clock_advance(1);
		fuzz_expect(++steps < STEPS_MAX);
	} while (cursor != 0);
}

/* Damage took them. */
static void
purge(struct journal *journal)
{
	journal_purge_begin(journal);
	for (size_t i = 0; i < seen_count;)
		if (journal_holds(journal, seen[i].record.position,
			seen[i].record.sequence))
			i++;
		else
			seen[i] = seen[--seen_count];
	journal_purge_end(journal);
}

/* Let some of what was seen be dead, and leave that behind. */
static void
compact(struct journal *journal)
{
	static const struct journal_compact_ops ops = { is_live, moved };
	unsigned steps = 0;
	uint64_t delay_us;

	for (size_t i = 0; i < seen_count; i++)
		forget(journal, i);
	while ((delay_us = journal_compact_slice(journal, &ops, journal, 0)) !=
	       JOURNAL_IDLE) {
		fuzz_expect(++steps < STEPS_MAX);
		if (delay_us > 0)
			clock_advance(1);
		purge(journal);
	}
}

static void
append(struct journal *journal, struct journal_record *record)
{
	*record = (struct journal_record){
		.type = JOURNAL_PUT,
		.key = "appended",
		.key_len = 8,
		.value = "value",
		.value_len = 5,
	};
	fuzz_expect(journal_append(journal, record) == ERROR_NONE);
}

static void
drop_all(struct journal *journal)
{
	struct journal_record record;
	unsigned steps = 0;
	enum error error;

	while ((error = journal_oldest(journal, &record)) != ERROR_NOT_FOUND) {
		fuzz_expect(++steps < STEPS_MAX);
		journal_drop_oldest(journal);
		if (error == ERROR_AGAIN)
			clock_advance(1);
	}
}

static void
load_all(struct journal *journal)
{
	while (journal_load_slice(journal, 0, 0) != JOURNAL_IDLE)
		clock_advance(1);
}

static void
use(struct journal *journal, bool is_wild)
{
	struct journal_record record;
	uint64_t last = replay(journal);

	fuzz_expect(is_wild || last < journal_next_sequence(journal));
	read_all(journal);
	walk(journal);
	compact(journal);
	append(journal, &record);
	see(journal, &record);
	compact(journal);
	if (!is_wild)
		read_all(journal);
	fuzz_expect(journal_flush(journal) == ERROR_NONE);
	seen_count = 0;
	fuzz_expect(journal_load(journal) == ERROR_NONE);
	load_all(journal);
	last = replay(journal);
	fuzz_expect(is_wild || last == record.sequence);
	read_all(journal);
	drop_all(journal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	struct forger forger = { .fd = fuzz_file(NULL, 0) };
	struct journal *journal = journal_new(dup(forger.fd), "fuzz");
	unsigned mode;

	fuzz_expect(journal_load(journal) == ERROR_NOT_FOUND);
	journal_reset(journal, "note", 4);
	load_all(journal);
	mode = fuzz_take_byte(&input);
	forger.is_wild = mode & 4;
	disk.absent_stride = mode / 8 % 4;
	journal_set_map_limit(
	    journal, mode % 4 * (uint64_t)JOURNAL_SEGMENT_LEN);
	forge(&forger, &input);
	seen_count = 0;
	if (journal_load(journal) == ERROR_NONE) {
		load_all(journal);
		use(journal, forger.is_wild);
	}
	journal_close(journal);
	close(forger.fd);
	return 0;
}

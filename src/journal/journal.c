/*
 * journal: a journal's life from start to end. Owns the descriptor and all
 * that hangs on struct journal.
 */
#include "journal_private.h"

#include "file_lock.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPLAINT_PERIOD_S 60

/* The memory for writing that is kept while a site sleeps. */
#define IDLE_SIZE (16 * 1024)

struct journal *
journal_new(int fd, const char *name)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->fd = fd;
	journal->name = xstrdup(name);
	journal->next_serial = 1;
	journal->next_sequence = 1;
	journal->oldest.slot = JOURNAL_NO_SLOT;
	journal->oldest.reader = JOURNAL_READER_OLDEST;
	journal->replay.reader = JOURNAL_READER_REPLAY;
	journal->walk.slot = JOURNAL_NO_SLOT;
	journal_io_expect_random(journal);
	buffer_init(&journal->read);
	journal_map_init(&journal->map);
	journal_chain_init(journal);
	journal_tail_init(&journal->tail);
	journal_compact_init(journal);
	return journal;
}

/* Forget what the file holds, but not which numbers were used. */
static void
journal_forget(struct journal *journal)
{
	journal_load_fini(journal);
	journal_compact_init(journal);
	journal_tail_init(&journal->tail);
	journal_chain_fini(journal);
	journal_windows_fini(journal);
	buffer_fini(&journal->read);
	journal->oldest.slot = JOURNAL_NO_SLOT;
	journal->replay.slot = JOURNAL_NO_SLOT;
	journal->walk.slot = JOURNAL_NO_SLOT;
	journal->live = (struct journal_live){
		.lost = journal->live.lost,
		.read_errors = journal->live.read_errors,
	};
	journal->is_replay_due = false;
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	journal_forget(journal);
	journal_map_fini(&journal->map);
	close(journal->fd);
	free(journal->name);
	free(journal);
}

enum error
journal_lock(struct journal *journal)
{
	enum error error = file_lock(journal->fd);

	if (error == ERROR_IO &&
	    log_limit_allows(&journal->lock_complaints, COMPLAINT_PERIOD_S))
		log_warning("cannot lock the journal of %s: %s", journal->name,
		    strerror(errno));
	return error;
}

enum error
journal_load(struct journal *journal)
{
	enum error error;

	/* Loaded again, nothing is to be lost. */
	journal_tail_write(journal, &journal->tail);
	journal_forget(journal);
	error = journal_superblock_read(journal);
	if (error == ERROR_NONE)
		journal_load_begin(journal);
	return error;
}

void
journal_set_owner_data(struct journal *journal, const void *data, size_t len)
{
	if (len > sizeof(journal->owner_data))
		len = sizeof(journal->owner_data);
	memset(journal->owner_data, 0, sizeof(journal->owner_data));
	memcpy(journal->owner_data, data, len);
	journal->is_superblock_due = true;
}

void
journal_reset(struct journal *journal, const void *data, size_t len)
{
	journal_forget(journal);
	journal->dropped_sequence = journal->next_sequence;
	journal->written_dropped_sequence = journal->dropped_sequence;
	journal_set_owner_data(journal, data, len);
	/* Whatever failed before: this is another file now. */
	journal->write_retry_us = 0;
	if (journal->file_len > 0)
		journal->load.phase = JOURNAL_LOAD_EMPTYING;
}

enum error
journal_clear(struct journal *journal, const void *data, size_t len)
{
	uint32_t slot;

	journal_compact_abandon(journal);
	/* What is unwritten is dropped as well. */
	journal_tail_init(&journal->tail);
	/* Their slots can be used again: all that is new has other numbers. */
	while ((slot = journal->chain.first) != JOURNAL_NO_SLOT) {
		journal->segments[slot].live_entries = 0;
		journal_retire(journal, slot, false);
	}
	journal->live.entries = journal->live.bytes = 0;
	journal->is_cleared = true;
	journal->dropped_sequence = journal->next_sequence;
	journal->is_replay_due = false;
	journal_set_owner_data(journal, data, len);
	if (journal->load.phase == JOURNAL_LOAD_EMPTYING)
		return ERROR_NONE;
	return journal_superblock_write(journal);
}

const void *
journal_owner_data(const struct journal *journal)
{
	return journal->owner_data;
}

enum error
journal_flush(struct journal *journal)
{
	enum error error = journal_retire_free(journal);

	if (error == ERROR_NONE && journal->load.phase != JOURNAL_LOAD_EMPTYING)
		error = journal_superblock_write(journal);
	if (journal->tail.buffer.len == 0)
		buffer_clear(&journal->tail.buffer, IDLE_SIZE);
	return error;
}

enum error
journal_save(struct journal *journal, bool durable)
{
	enum error error;

	journal->write_retry_us = 0;
	error = journal_tail_write(journal, &journal->tail);
	/* What superseded that which is dropped must be on disk before. */
	if (error == ERROR_NONE && durable)
		error = journal_io_sync(journal);
	journal->is_superblock_due = true;
	if (error == ERROR_NONE)
		error = journal_flush(journal);
	if (error == ERROR_NONE && durable)
		error = journal_io_sync(journal);
	return error;
}

bool
journal_is_writable(const struct journal *journal)
{
	return !journal->is_superblock_due || journal->write_retry_us == 0;
}

uint64_t
journal_next_sequence(const struct journal *journal)
{
	return journal->next_sequence;
}

uint64_t
journal_file_len(const struct journal *journal)
{
	return journal->file_len;
}

uint64_t
journal_allocated_len(const struct journal *journal)
{
	struct stat st;

	if (fstat(journal->fd, &st) < 0)
		return 0;
	return (uint64_t)st.st_blocks * 512;
}

/*
 * journal: the header block, and a journal's life from start to end. Owns the
 * descriptor and all that hangs on struct journal.
 */
#include "journal_private.h"

#include "checksum.h"
#include "file_lock.h"
#include "xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Raised when the form of the file changes. */
#define FORMAT_VERSION  1
#define BYTE_ORDER_MARK 0x01020304

#define COMPLAINT_PERIOD_S 60

static const char magic[16] = "tlsmgr journal\n";

/* Less than a sector, so that it is written whole or not at all. */
struct header {
	char magic[16];
	uint32_t version;
	uint32_t byte_order;
	uint32_t segment_len;
	uint32_t is_clean;
	uint64_t next_serial;
	uint64_t next_sequence;
	uint64_t head_sequence; /* records below have been dropped */
	uint64_t file_len;
	unsigned char note[JOURNAL_NOTE_LEN];
	uint64_t checksum; /* of all before it */
};

_Static_assert(sizeof(struct header) <= 512, "the header is one sector");

struct journal *
journal_new(int fd, const char *name)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->fd = fd;
	journal->name = xstrdup(name);
	journal->next_serial = 1;
	journal->next_sequence = 1;
	journal->head.slot = JOURNAL_NO_SLOT;
	journal->head.reader = JOURNAL_READER_HEAD;
	journal->replay.reader = JOURNAL_READER_REPLAY;
	journal_io_expect(journal, false);
	buffer_init(&journal->read);
	journal_map_init(&journal->map);
	journal_chain_init(journal);
	journal_tail_init(journal);
	journal_compact_init(journal);
	return journal;
}

/* Forget what the file holds, but not which numbers were used. */
static void
journal_forget(struct journal *journal)
{
	journal_compact_init(journal);
	journal_tail_init(journal);
	journal_chain_init(journal);
	journal_windows_fini(journal);
	buffer_fini(&journal->read);
	journal->head.slot = JOURNAL_NO_SLOT;
	journal->replay.slot = JOURNAL_NO_SLOT;
	journal->walk.slot = JOURNAL_NO_SLOT;
	journal_io_expect(journal, false);
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

static uint64_t
header_checksum(const struct header *header)
{
	return checksum64(
	    BYTE_ORDER_MARK, header, offsetof(struct header, checksum));
}

static enum error
write_header(struct journal *journal)
{
	unsigned char block[JOURNAL_HEADER_LEN] = { 0 };
	struct header header = {
		.version = FORMAT_VERSION,
		.byte_order = BYTE_ORDER_MARK,
		.segment_len = JOURNAL_SEGMENT_LEN,
		.is_clean = journal->is_clean,
		.next_serial = journal->next_serial,
		.next_sequence = journal->next_sequence,
		.head_sequence = journal->head.above,
		.file_len = journal->file_len,
	};

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.note, journal->note, sizeof(header.note));
	header.checksum = header_checksum(&header);
	memcpy(block, &header, sizeof(header));
	return journal_io_write(journal, block, sizeof(block), 0);
}

/* Is this a header that we can use? */
static enum error
check_header(const struct header *header, size_t len)
{
	if (len < sizeof(*header) ||
	    memcmp(header->magic, magic, sizeof(magic)) != 0)
		return ERROR_DAMAGED;
	if (header->version != FORMAT_VERSION ||
	    header->byte_order != BYTE_ORDER_MARK ||
	    header->segment_len != JOURNAL_SEGMENT_LEN)
		return ERROR_INCOMPATIBLE;
	if (header->checksum != header_checksum(header) ||
	    header->next_serial > JOURNAL_NUMBER_MAX ||
	    header->next_sequence > JOURNAL_NUMBER_MAX ||
	    header->head_sequence > header->next_sequence)
		return ERROR_DAMAGED;
	return ERROR_NONE;
}

static enum error
read_header(struct journal *journal, struct header *header)
{
	struct stat st;
	enum error error;
	size_t len;

	if (fstat(journal->fd, &st) < 0 || st.st_size < 0)
		return ERROR_IO;
	if (st.st_size == 0)
		return ERROR_NOT_FOUND;
	journal->file_len = (uint64_t)st.st_size;
	error = journal_io_read(journal, header, sizeof(*header), 0, &len);
	if (error != ERROR_NONE)
		return error;
	return check_header(header, len);
}

static uint64_t
max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

enum error
journal_load(struct journal *journal)
{
	struct header header;
	enum error error;

	/* Loaded again, nothing is to be lost. */
	journal_tail_write(journal);
	journal_forget(journal);
	error = read_header(journal, &header);
	if (error != ERROR_NONE)
		return error;
	memcpy(journal->note, header.note, sizeof(journal->note));
	journal->is_clean =
	    header.is_clean != 0 && header.file_len == journal->file_len;
	if (header.is_clean != 0 && header.file_len > journal->file_len)
		journal_io_report_damage(journal, journal->file_len);
	journal->next_serial =
	    max_u64(journal->next_serial, header.next_serial);
	journal->next_sequence =
	    max_u64(journal->next_sequence, header.next_sequence);
	journal->head.above =
	    max_u64(journal->head.above, header.head_sequence);
	return journal_chain_load(journal);
}

static void
set_note(struct journal *journal, const void *note, size_t len)
{
	if (len > sizeof(journal->note))
		len = sizeof(journal->note);
	memset(journal->note, 0, sizeof(journal->note));
	memcpy(journal->note, note, len);
}

enum error
journal_reset(struct journal *journal, const void *note, size_t len)
{
	enum error error;

	journal_forget(journal);
	journal->head.above = journal->next_sequence;
	journal->has_losses = false;
	journal->is_clean = false;
	set_note(journal, note, len);
	error = journal_io_truncate(journal, 0);
	/* Whatever failed before: this is another file now. */
	journal->write_retry_us = 0;
	if (error == ERROR_NONE)
		error = write_header(journal);
	return error;
}

const void *
journal_note(const struct journal *journal)
{
	return journal->note;
}

bool
journal_is_clean(const struct journal *journal)
{
	return journal->is_clean;
}

enum error
journal_set_note(struct journal *journal, const void *note, size_t len,
    bool is_clean, bool durable)
{
	enum error error;

	set_note(journal, note, len);
	/*
	 * The header says what the owner has dropped. What superseded that
	 * must be on disk before.
	 */
	error = journal_tail_write(journal);
	if (error == ERROR_NONE && durable)
		error = journal_io_sync(journal);
	if (error != ERROR_NONE)
		return error;
	journal->is_clean = is_clean;
	error = write_header(journal);
	if (error == ERROR_NONE && durable)
		error = journal_io_sync(journal);
	return error;
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
